#include "oci-spec/json_fields.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "oci-spec/error.h"

namespace oci {
namespace {

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

std::string type_name(const JsonValue& value) {
  constexpr std::array kNames{"null",     "a boolean", "a number", "a number",
                              "a number", "a string",  "a list",   "an object"};
  return kNames[value.is.index()];
}

std::string shown(const JsonValue& value) {
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.as<uint64_t>()) return std::to_string(*number);
  if (const auto* number = value.as<int64_t>()) return std::to_string(*number);
  if (const auto* real = value.as<JsonReal>()) return printable(real->text, kLongestQuote);
  if (const auto* text = value.as<std::string_view>()) return quote(*text);
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

}  // namespace

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

Fields::Fields(const JsonValue& object, const JsonPlace& place)
    : place_(&place), exceptions_(std::uncaught_exceptions()) {
  const auto* members = object.as<JsonObject>();
  if (members == nullptr) place.refuse("must be an object, not " + type_name(object));
  members_ = *members;
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
  for (const JsonMember& member : members_) {
    if (std::ranges::find(asked_for_, member.name) != asked_for_.end()) continue;
    place_->findings()->ignored.push_back(
        {JsonPlace(*place_, member.name).path(), "is not known for Linux: it is ignored"});
  }
}

const JsonValue* Fields::member(std::string_view name) const {
  const auto found = std::ranges::lower_bound(members_, name, {}, &JsonMember::name);
  return found != members_.end() && found->name == name ? &found->value : nullptr;
}

bool Fields::has(std::string_view name) const {
  return member(name) != nullptr;
}

void Fields::refuse(std::string_view name, std::string_view problem) const {
  JsonPlace(*place_, name).refuse(problem);
}

const JsonValue* Fields::find(std::string_view name) const {
  if (place_->findings() != nullptr) asked_for_.push_back(name);
  const JsonValue* value = member(name);
  return value == nullptr || value->as<std::nullptr_t>() != nullptr ? nullptr : value;
}

const JsonValue* Fields::need(std::string_view name) const {
  const JsonValue* value = find(name);
  if (value == nullptr) place_->attempt([&] { refuse(name, "is required"); });
  return value;
}

void Fields::optional_set(std::string_view name, std::vector<std::string>& out) const {
  const JsonValue* object = find(name);
  if (object == nullptr) return;
  const JsonPlace place(*place_, name);
  for_each_member(*object, place, [&](std::string_view key, const JsonValue&, const JsonPlace&) {
    out.emplace_back(key);
  });
}

JsonList Fields::list(const JsonValue& value, const JsonPlace& place) {
  const auto* items = value.as<JsonList>();
  if (items == nullptr) place.refuse("must be a list, not " + type_name(value));
  return *items;
}

void Fields::for_each_member(const JsonValue& object, const JsonPlace& place,
                             const EachMember& call) {
  const auto* members = object.as<JsonObject>();
  if (members == nullptr) place.refuse("must be an object, not " + type_name(object));
  for (const JsonMember& member : *members) {
    const JsonPlace member_place(place, member.name);
    member_place.attempt([&] {
      if (member.name.find('\0') != std::string_view::npos) {
        member_place.refuse("has a name with a NUL character");
      }
      call(member.name, member.value, member_place);
    });
  }
}

bool Fields::boolean(const JsonValue& value, const JsonPlace& place) {
  const auto* flag = value.as<bool>();
  if (flag == nullptr) place.refuse("must be true or false, not " + shown(value));
  return *flag;
}

std::string_view Fields::string(const JsonValue& value, const JsonPlace& place) {
  const auto* text = value.as<std::string_view>();
  if (text == nullptr) place.refuse("must be a string, not " + type_name(value));
  if (text->find('\0') != std::string_view::npos) place.refuse("must not contain a NUL character");
  return *text;
}

int64_t Fields::signed_integer(const JsonValue& value, const JsonPlace& place,
                               Between<int64_t> bounds) {
  const auto* positive = value.as<uint64_t>();
  if (positive != nullptr && std::cmp_less_equal(*positive, bounds.maximum) &&
      std::cmp_greater_equal(*positive, bounds.minimum)) {
    return static_cast<int64_t>(*positive);
  }
  const auto* negative = value.as<int64_t>();
  if (negative != nullptr && *negative <= bounds.maximum && *negative >= bounds.minimum) {
    return *negative;
  }
  place.refuse("must be an integer from " + std::to_string(bounds.minimum) + " to " +
               std::to_string(bounds.maximum) + ", not " + shown(value));
}

uint64_t Fields::unsigned_integer(const JsonValue& value, const JsonPlace& place,
                                  Between<uint64_t> bounds) {
  const auto* number = value.as<uint64_t>();
  if (number != nullptr && *number >= bounds.minimum && *number <= bounds.maximum) return *number;
  place.refuse("must be an integer from " + std::to_string(bounds.minimum) + " to " +
               std::to_string(bounds.maximum) + ", not " + shown(value));
}

size_t Fields::index_in(Names names, const JsonValue& value, const JsonPlace& place) {
  const std::string_view name = string(value, place);
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
    : file_(file), place_(file_, findings), root_(parse_json(text, file, limits, memory_)) {}

}  // namespace oci
