#include "imagetool/cdi/yaml_document.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// --- scalars -----------------------------------------------------------------------------------

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

struct Numeral {
  std::string_view digits;
  int base;
};

Numeral numeral_of(std::string_view text) {
  if (text.starts_with("0x")) return {text.substr(2), 16};
  if (text.starts_with("0o")) return {text.substr(2), 8};
  if (text.size() > 1 && text.starts_with('0')) return {text.substr(1), 8};
  return {text, 10};
}

// The number in decimal, or nothing where the text is none.
std::optional<std::string> integer_of(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const Numeral numeral = numeral_of(text);
  const char* const end = numeral.digits.data() + numeral.digits.size();
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(numeral.digits.data(), end, value, numeral.base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return (is_negative ? "-" : "") + std::to_string(value);
}

std::string json_of_plain(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return "null";
  if (is_one_of(text, {"true", "True", "TRUE"})) return "true";
  if (is_one_of(text, {"false", "False", "FALSE"})) return "false";
  return integer_of(text).value_or(json_quote(text));
}

// --- the document ------------------------------------------------------------------------------

[[noreturn]] void refuse(std::string_view file, const yaml_mark_t& mark, std::string_view problem) {
  throw Error(std::string(file) + ": line " + std::to_string(mark.line + 1) + ", column " +
              std::to_string(mark.column + 1) + ": " + std::string(problem));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : file_(file) {
    if (yaml_parser_initialize(&parser_) == 0) throw Error("no memory to read YAML");
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  // It stands until the next call.
  const yaml_event_t& next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) == 0) {
      refuse(file_, parser_.problem_mark, parser_.problem == nullptr ? "no YAML" : parser_.problem);
    }
    return event_;
  }

 private:
  std::string_view file_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

// Writes JSON as the events come.
class JsonWriter {
 public:
  explicit JsonWriter(std::string_view file) : file_(file) {}

  void add(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_SCALAR_EVENT:
        return add_scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        check_plain(event, event.data.sequence_start.anchor, event.data.sequence_start.tag);
        return open(event, {.is_mapping = false});
      case YAML_MAPPING_START_EVENT:
        check_plain(event, event.data.mapping_start.anchor, event.data.mapping_start.tag);
        return open(event, {.is_mapping = true});
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      case YAML_ALIAS_EVENT:
        refuse(file_, event.start_mark, "aliases are not supported");
      case YAML_DOCUMENT_START_EVENT:
        if (!json_.empty()) refuse(file_, event.start_mark, "there must be one document alone");
        return;
      default:
        return;
    }
  }

  std::string text() && { return std::move(json_); }

 private:
  struct Collection {
    bool is_mapping = false;
    size_t parts = 0;  // keys count, too
    bool awaits_key() const { return is_mapping && parts % 2 == 0; }
  };
  static constexpr size_t kDepth = 64;  // far more than any document of ours

  void check_plain(const yaml_event_t& event, const unsigned char* anchor,
                   const unsigned char* tag) const {
    if (anchor != nullptr) refuse(file_, event.start_mark, "anchors are not supported");
    if (tag != nullptr) refuse(file_, event.start_mark, "tags are not supported");
  }

  void separate() {
    if (open_.empty()) return;
    Collection& inner = open_.back();
    const bool follows_key = inner.is_mapping && inner.parts % 2 == 1;
    if (inner.parts != 0) json_ += follows_key ? ':' : ',';
    ++inner.parts;
  }

  void add_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    check_plain(event, scalar.anchor, scalar.tag);
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const bool is_key = !open_.empty() && open_.back().awaits_key();
    const bool is_plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_key;
    separate();
    json_ += is_plain ? json_of_plain(text) : json_quote(text);
  }

  void open(const yaml_event_t& event, Collection collection) {
    if (!open_.empty() && open_.back().awaits_key()) {
      refuse(file_, event.start_mark, "a key must be a string");
    }
    if (open_.size() == kDepth) refuse(file_, event.start_mark, "it is nested too deep");
    separate();
    json_ += collection.is_mapping ? '{' : '[';
    open_.push_back(collection);
  }

  void close() {
    json_ += open_.back().is_mapping ? '}' : ']';
    open_.pop_back();
  }

  std::string_view file_;
  std::string json_;
  std::vector<Collection> open_;
};

}  // namespace

std::string json_of_yaml(std::string_view text, std::string_view file) {
  Parser parser(text, file);
  JsonWriter json(file);
  while (true) {
    const yaml_event_t& event = parser.next();
    if (event.type == YAML_STREAM_END_EVENT) return std::move(json).text();
    json.add(event);
  }
}

}  // namespace gocker
