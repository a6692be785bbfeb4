#include "oci-spec/json_fields.h"

#include <algorithm>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "oci-spec/error.h"

namespace oci {
namespace {

using nlohmann::json;

constexpr size_t kLongestQuote = 100;
constexpr size_t kLongestPath = 200;

// Error texts are one line on a terminal: control characters of the input become '?', and a text
// past `longest` bytes is cut between two characters of UTF-8.
std::string printable(std::string_view text, size_t longest) {
  const bool too_long = text.size() > longest;
  if (too_long) {
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80) --longest;
    text = text.substr(0, longest);
  }
  std::string result(text);
  std::ranges::replace_if(
      result, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  if (too_long) result += "...";
  return result;
}

std::string type_name(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::string:
      return "a string";
    case json::value_t::array:
      return "a list";
    case json::value_t::object:
      return "an object";
    default:
      return "a number";
  }
}

std::string shown(const json& value) {
  if (value.is_number() || value.is_boolean()) return value.dump();
  if (value.is_string()) return quote(value.get_ref<const std::string&>());
  return type_name(value);
}

// The step of RFC 6901 into a member or an item.
std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

// Builds the tree from the parser's events, as the parser's own builder takes the last of repeated
// field names and any depth.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::string_view file, JsonLimits limits)
      : text_(text), file_(file), limits_(limits) {}

  json take() { return std::move(root_); }

  bool null() { return add(json(nullptr)); }
  bool boolean(bool value) { return add(json(value)); }
  bool number_integer(int64_t value) { return add(json(value)); }
  bool number_unsigned(uint64_t value) { return add(json(value)); }
  bool number_float(double value, const std::string&) { return add(json(value)); }
  bool string(std::string& value) { return add(json(std::move(value))); }
  bool binary(json::binary_t&) { return false; }  // no part of JSON text
  bool start_object(size_t) { return open(json::object()); }
  bool start_array(size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }

  [[noreturn]] bool parse_error(size_t position, const std::string&, const json::exception& error) {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = std::ranges::count(before, '\n') + 1;
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    throw SpecError(file_,
                    "line " + std::to_string(line) + ", column " +
                        std::to_string(before.size() - line_start + 1),
                    reason_of(error.what()));
  }

 private:
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  static std::string reason_of(std::string_view what) {
    what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
    if (what.starts_with("parse error at")) {
      what.remove_prefix(std::min(what.size(), what.find(": ") + 2));
    }
    std::string reason = printable(what, 2 * kLongestQuote);
    // What was read last may be no UTF-8, which is the very reason of some errors.
    std::ranges::replace_if(
        reason, [](unsigned char c) { return c >= 0x80; }, '?');
    return reason;
  }

  json* place(json&& value) {
    if (++values_ > limits_.values) {
      throw SpecError(file_, "", "has more than " + std::to_string(limits_.values) + " values");
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto [member, added] = parent.emplace(std::move(name_), std::move(value));
    if (!added) {
      throw SpecError(file_, printable(path() + pointer_step(member.key()), kLongestPath),
                      "stands twice in the same object");
    }
    return &*member;
  }

  bool add(json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(json&& empty) {
    json* added = place(std::move(empty));
    open_.push_back(added);
    if (open_.size() > limits_.depth) {
      throw SpecError(file_, printable(path(), kLongestPath),
                      "is nested more than " + std::to_string(limits_.depth) + " levels deep");
    }
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // The path to the innermost open value, searched for, as only errors need it.
  std::string path() const {
    std::string result;
    for (size_t i = 1; i < open_.size(); ++i) {
      const json& parent = *open_[i - 1];
      if (parent.is_array()) {
        result += "/" + std::to_string(parent.size() - 1);
        continue;
      }
      for (auto member = parent.begin(); member != parent.end(); ++member) {
        if (&*member == open_[i]) result += pointer_step(member.key());
      }
    }
    return result;
  }

  std::string_view text_;
  std::string_view file_;
  JsonLimits limits_;
  json root_;
  std::vector<json*> open_;
  std::string name_;
  size_t values_ = 0;
};

}  // namespace

json parse_json(std::string_view text, std::string_view file, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    throw SpecError(file, "",
                    "has " + std::to_string(text.size()) + " bytes; at most " +
                        std::to_string(limits.bytes) + " are accepted");
  }
  // The parser takes a NUL byte for the end of its input and would ignore what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw SpecError(file, "", "has a NUL byte at offset " + std::to_string(nul));
  }
  TreeBuilder builder(text, file, limits);
  json::sax_parse(text, &builder);
  return builder.take();
}

// --- places ------------------------------------------------------------------------------------

void JsonPlace::append_to(std::string& path) const {
  if (parent_ == nullptr) {
    path += name_;
    return;
  }
  parent_->append_to(path);
  path += index_ == kNoIndex ? pointer_step(name_) : "/" + std::to_string(index_);
}

std::string JsonPlace::path() const {
  std::string result;
  append_to(result);
  return result;
}

void JsonPlace::refuse(std::string_view problem) const {
  const JsonPlace* document = this;
  while (document->parent_ != nullptr) document = document->parent_;
  throw SpecError(document->file_, printable(path(), kLongestPath), problem);
}

void JsonPlace::attempt_and_note(const std::function<void()>& rule) const {
  try {
    rule();
  } catch (const SpecError& error) {
    // What is wrong already is not judged once more by what stands in its place.
    const bool known = std::ranges::any_of(findings_->errors, [&](const Finding& other) {
      const std::string_view path = error.json_path();
      return path == other.json_path || path.starts_with(other.json_path + "/");
    });
    if (!known) findings_->errors.push_back({error.json_path(), error.problem()});
  }
}

std::string quote(std::string_view text) {
  return std::string("\"").append(printable(text, kLongestQuote)).append("\"");
}

// --- fields ------------------------------------------------------------------------------------

Fields::Fields(const json& object, const JsonPlace& place)
    : object_(&object), place_(&place), exceptions_(std::uncaught_exceptions()) {
  if (!object.is_object()) place.refuse("must be an object, not " + type_name(object));
}

Fields::~Fields() {
  // After an error part of the names was not asked for yet.
  if (place_->findings() == nullptr || std::uncaught_exceptions() != exceptions_) return;
  try {
    note_ignored();
  } catch (const std::exception&) {
    // Out of memory: whatever needs some next says so.
  }
}

void Fields::note_ignored() const {
  for (auto member = object_->begin(); member != object_->end(); ++member) {
    if (std::ranges::find(asked_for_, member.key()) != asked_for_.end()) continue;
    place_->findings()->ignored.push_back(
        {JsonPlace(*place_, member.key()).path(), "is not known for Linux: it is ignored"});
  }
}

bool Fields::has(std::string_view name) const {
  return object_->contains(name);
}

void Fields::refuse(std::string_view name, std::string_view problem) const {
  JsonPlace(*place_, name).refuse(problem);
}

const json* Fields::find(std::string_view name) const {
  if (place_->findings() != nullptr) asked_for_.push_back(name);
  const auto member = object_->find(name);
  if (member == object_->end() || member->is_null()) return nullptr;
  return &*member;
}

const json* Fields::need(std::string_view name) const {
  const json* value = find(name);
  if (value == nullptr) place_->attempt([&] { refuse(name, "is required"); });
  return value;
}

void Fields::optional_set(std::string_view name, std::vector<std::string>& out) const {
  const json* object = find(name);
  if (object == nullptr) return;
  const JsonPlace place(*place_, name);
  for_each_member(*object, place, [&](const std::string& key, const json&, const JsonPlace&) {
    out.push_back(key);
  });
}

size_t Fields::length(const json& list, const JsonPlace& place) {
  if (!list.is_array()) place.refuse("must be a list, not " + type_name(list));
  return list.size();
}

void Fields::for_each_item(const json& list, const JsonPlace& place, const EachItem& call) {
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonPlace item(place, i);
    item.attempt([&] { call(list[i], item); });
  }
}

void Fields::for_each_member(const json& object, const JsonPlace& place, const EachMember& call) {
  if (!object.is_object()) place.refuse("must be an object, not " + type_name(object));
  for (auto member = object.begin(); member != object.end(); ++member) {
    const JsonPlace member_place(place, member.key());
    member_place.attempt([&] {
      if (member.key().find('\0') != std::string::npos) {
        member_place.refuse("has a name with a NUL character");
      }
      call(member.key(), *member, member_place);
    });
  }
}

bool Fields::boolean(const json& value, const JsonPlace& place) {
  if (!value.is_boolean()) place.refuse("must be true or false, not " + shown(value));
  return value.get<bool>();
}

std::string Fields::string(const json& value, const JsonPlace& place) {
  if (!value.is_string()) place.refuse("must be a string, not " + type_name(value));
  const auto& text = value.get_ref<const std::string&>();
  if (text.find('\0') != std::string::npos) place.refuse("must not contain a NUL character");
  return text;
}

int64_t Fields::signed_integer(const json& value, const JsonPlace& place, Between<int64_t> bounds) {
  if (value.is_number_integer()) {
    const bool fits =
        value.is_number_unsigned()
            ? std::cmp_less_equal(value.get<uint64_t>(), bounds.maximum) &&
                  std::cmp_greater_equal(value.get<uint64_t>(), bounds.minimum)
            : value.get<int64_t>() <= bounds.maximum && value.get<int64_t>() >= bounds.minimum;
    if (fits) return value.get<int64_t>();
  }
  place.refuse("must be an integer from " + std::to_string(bounds.minimum) + " to " +
               std::to_string(bounds.maximum) + ", not " + shown(value));
}

uint64_t Fields::unsigned_integer(const json& value, const JsonPlace& place,
                                  Between<uint64_t> bounds) {
  const bool not_negative =
      value.is_number_unsigned() || (value.is_number_integer() && value.get<int64_t>() >= 0);
  if (not_negative) {
    const auto number = value.get<uint64_t>();
    if (number >= bounds.minimum && number <= bounds.maximum) return number;
  }
  place.refuse("must be an integer from " + std::to_string(bounds.minimum) + " to " +
               std::to_string(bounds.maximum) + ", not " + shown(value));
}

size_t Fields::index_in(Names names, const json& value, const JsonPlace& place) {
  const std::string name = string(value, place);
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string problem = "must be one of ";
  for (const std::string_view allowed : names) problem.append(allowed).append(", ");
  problem.resize(problem.size() - 2);
  place.refuse(problem.append(", not ").append(quote(name)));
}

// --- documents ---------------------------------------------------------------------------------

JsonDocument::JsonDocument(std::string_view text, std::string_view file, JsonLimits limits,
                           Findings* findings)
    : file_(file),
      place_(file_, findings),
      root_(std::make_unique<json>(parse_json(text, file, limits))) {}

JsonDocument::~JsonDocument() = default;

}  // namespace oci
