#include "tests/system/value.h"

#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace gocker::test {
namespace {

using Json = nlohmann::json;

Json::json_pointer pointer_of(std::string_view text) {
  return Json::json_pointer(std::string(text));
}

}  // namespace

struct Value::Content {
  Json json;
};

Value::Value() : content_(std::make_unique<Content>()) {}
Value::Value(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Value::Value(const char* text) : Value() {
  content_->json = text;
}
Value::Value(std::string text) : Value() {
  content_->json = std::move(text);
}
Value::Value(bool boolean) : Value() {
  content_->json = boolean;
}
Value::Value(int number) : Value() {
  content_->json = number;
}
Value::Value(int64_t number) : Value() {
  content_->json = number;
}
Value::Value(uint64_t number) : Value() {
  content_->json = number;
}
Value::Value(const std::vector<std::string>& texts) : Value() {
  content_->json = texts;
}
Value::Value(const Value& other) : content_(std::make_unique<Content>(*other.content_)) {}
Value& Value::operator=(const Value& other) {
  *content_ = *other.content_;
  return *this;
}
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value Value::parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw std::runtime_error("no JSON: " + std::string(text));
  return Value(std::make_unique<Content>(Content{std::move(json)}));
}

Value Value::operator[](std::string_view pointer) const {
  if (!has(pointer)) return {};
  return Value(std::make_unique<Content>(Content{content_->json.at(pointer_of(pointer))}));
}

bool Value::has(std::string_view pointer) const {
  return content_->json.contains(pointer_of(pointer));
}

void Value::set(std::string_view pointer, const Value& value) {
  content_->json[pointer_of(pointer)] = value.content_->json;
}

void Value::append(std::string_view pointer, const Value& value) {
  Json& array = content_->json[pointer_of(pointer)];
  if (array.is_null()) array = Json::array();
  array.push_back(value.content_->json);
}

void Value::remove(std::string_view pointer) {
  if (!has(pointer)) return;
  const Json::json_pointer place = pointer_of(pointer);
  Json& parent = content_->json.at(place.parent_pointer());
  if (parent.is_array()) {
    parent.erase(std::stoul(place.back()));
  } else {
    parent.erase(place.back());
  }
}

bool Value::is_null() const {
  return content_->json.is_null();
}

size_t Value::size() const {
  return content_->json.size();
}

std::vector<Value> Value::elements() const {
  std::vector<Value> list;
  for (const Json& element : content_->json) {
    list.push_back(Value(std::make_unique<Content>(Content{element})));
  }
  return list;
}

std::vector<std::string> Value::names() const {
  std::vector<std::string> list;
  if (!content_->json.is_object()) return list;
  for (const auto& member : content_->json.items()) list.push_back(member.key());
  return list;
}

std::vector<std::string> Value::texts() const {
  std::vector<std::string> list;
  for (const Value& element : elements()) list.push_back(element.text());
  return list;
}

std::string Value::text() const {
  return content_->json.is_string() ? content_->json.get<std::string>() : "";
}

int64_t Value::number() const {
  return content_->json.is_number() ? content_->json.get<int64_t>() : -1;
}

std::string Value::dump() const {
  return content_->json.dump(1, '\t');
}

bool Value::operator==(const Value& other) const {
  return content_->json == other.content_->json;
}

std::ostream& operator<<(std::ostream& out, const Value& value) {
  return out << value.content_->json.dump();
}

Value operator""_json(const char* text, size_t length) {
  return Value::parse({text, length});
}

}  // namespace gocker::test
