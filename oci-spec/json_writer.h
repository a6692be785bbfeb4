// Writes a JSON object member by member, in the order of the calls: for what is written with every
// command, where building a tree first would take ten times as long. Bytes that are no UTF-8 become
// U+FFFD, as reports must never fail.
//
//   JsonWriter json(Layout::two_blanks);
//   json.add("id", state.id);
//   json.add("annotations", state.annotations);
//   print(json.finish());
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace oci {

enum class Layout { one_line, tabs, two_blanks };

class JsonWriter {
 public:
  // `layout` is one_line or two_blanks, which end without and with a line feed.
  explicit JsonWriter(Layout layout) : pretty_(layout != Layout::one_line) { open('{'); }

  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  void add(std::string_view name, const std::string& text) { add(name, std::string_view(text)); }
  void add(std::string_view name, const std::vector<std::string>& texts);
  void add(std::string_view name, const StringMap& texts);
  template <std::integral T>
  void add(std::string_view name, T value) {
    start(name);
    if constexpr (std::same_as<T, bool>) {
      text_ += value ? "true" : "false";
    } else {
      text_ += std::to_string(value);
    }
  }
  // A list of objects: `write` adds the members of each.
  template <class T, class Write>
  void add_objects(std::string_view name, const std::vector<T>& list, Write write) {
    start(name);
    open('[');
    for (const T& entry : list) {
      start_item();
      open('{');
      write(entry);
      close('}');
    }
    close(']');
  }

  // The whole object.
  std::string finish();

 private:
  void start(std::string_view name);
  void start_item();
  void open(char bracket);
  void close(char bracket);
  void break_line();
  void quote(std::string_view text);

  bool pretty_;
  bool empty_ = true;  // the innermost list or object
  size_t depth_ = 0;
  std::string text_;
};

}  // namespace oci
