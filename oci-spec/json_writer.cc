#include "oci-spec/json_writer.h"

#include "oci-spec/utf8.h"

namespace oci {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  out += '\\';
  if (const size_t known = kNamed.find(c); known != std::string_view::npos) {
    out += kLetters[known];
    return;
  }
  out.append("u00").append(1, kHex[static_cast<size_t>(c) >> 4]).append(1, kHex[c & 0xF]);
}

// Of what stands in JSON as it is.
size_t plain_length(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    const auto c = static_cast<unsigned char>(text[length]);
    if (c < 0x20 || c == '"' || c == '\\') break;
    const size_t character = c < 0x80 ? 1 : utf8_length(text.substr(length));
    if (character == 0) break;
    length += character;
  }
  return length;
}

}  // namespace

void JsonWriter::add(std::string_view name, std::string_view text) {
  start(name);
  quote(text);
}

void JsonWriter::add(std::string_view name, const std::vector<std::string>& texts) {
  start(name);
  open('[');
  for (const std::string& text : texts) {
    start_item();
    quote(text);
  }
  close(']');
}

void JsonWriter::add(std::string_view name, const StringMap& texts) {
  start(name);
  open('{');
  for (const auto& [key, text] : texts) add(key, text);
  close('}');
}

std::string JsonWriter::finish() {
  close('}');
  if (pretty_) text_ += '\n';
  return std::move(text_);
}

void JsonWriter::start(std::string_view name) {
  start_item();
  quote(name);
  text_ += pretty_ ? ": " : ":";
}

void JsonWriter::start_item() {
  if (!empty_) text_ += ',';
  empty_ = false;
  break_line();
}

void JsonWriter::open(char bracket) {
  text_ += bracket;
  ++depth_;
  empty_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!empty_) break_line();
  empty_ = false;
  text_ += bracket;
}

void JsonWriter::break_line() {
  if (pretty_) text_.append("\n").append(2 * depth_, ' ');
}

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  while (true) {
    const size_t plain = plain_length(text);
    text_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escape(text_, text[0]);
    } else {
      text_ += "\xEF\xBF\xBD";
    }
    text.remove_prefix(1);
  }
  text_ += '"';
}

}  // namespace oci
