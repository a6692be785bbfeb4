// JSON values for tests: configurations are built from them and reports are read through them. A
// thin cover that keeps the JSON library's header out of the test programs.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gocker::test {

class Value {
 public:
  Value();  // null
  Value(const char* text);
  Value(std::string text);
  Value(bool boolean);
  Value(int number);
  Value(int64_t number);
  Value(uint64_t number);
  Value(const std::vector<std::string>& texts);
  Value(const Value& other);
  Value& operator=(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value();

  // Throws std::runtime_error with the whole text where it is no JSON.
  static Value parse(std::string_view text);

  // What a JSON pointer ("/process/args/0") names; null where nothing is there.
  Value operator[](std::string_view pointer) const;
  bool has(std::string_view pointer) const;
  // Parents that are absent become objects.
  void set(std::string_view pointer, const Value& value);
  // Adds to the array at the pointer, which comes to be where it is absent.
  void append(std::string_view pointer, const Value& value);
  void remove(std::string_view pointer);

  bool is_null() const;
  size_t size() const;
  std::vector<Value> elements() const;
  std::vector<std::string> names() const;  // of an object's members
  std::vector<std::string> texts() const;  // of an array of texts
  std::string text() const;                // "" for anything but a text
  int64_t number() const;                  // -1 for anything but a number
  std::string dump() const;

  bool operator==(const Value& other) const;
  friend std::ostream& operator<<(std::ostream& out, const Value& value);

 private:
  struct Content;
  explicit Value(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

// R"({"type":"pid"})"_json
Value operator""_json(const char* text, size_t length);

}  // namespace gocker::test
