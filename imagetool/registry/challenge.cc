#include "imagetool/registry/challenge.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace gocker {
namespace {

// Reads a header from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size()));
  }
  void skip_separators() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t,"), text_.size()));
  }
  std::string_view token() {
    const size_t end = std::min(text_.find_first_of(" \t,=\""), text_.size());
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end);
    return word;
  }
  std::string value() { return take('"') ? quoted() : std::string(token()); }

  // Whether "name=" comes next, as opposed to the scheme of another challenge.
  bool parameter_follows() const {
    Reader ahead(*this);
    if (ahead.token().empty()) return false;
    ahead.skip_blanks();
    return ahead.take('=');
  }

 private:
  std::string quoted() {
    std::string content;
    while (!text_.empty() && !take('"')) {
      if (text_[0] == '\\' && text_.size() > 1) text_.remove_prefix(1);
      content.push_back(text_[0]);
      text_.remove_prefix(1);
    }
    return content;
  }

  std::string_view text_;
};

}  // namespace

std::string_view Challenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Reader reader(header);
  reader.skip_separators();
  while (!reader.at_end()) {
    Challenge challenge;
    challenge.scheme = to_lower(reader.token());
    if (challenge.scheme.empty()) return challenges;
    reader.skip_separators();
    while (reader.parameter_follows()) {
      const std::string name = to_lower(reader.token());
      reader.skip_blanks();
      reader.take('=');
      reader.skip_blanks();
      challenge.parameters[name] = reader.value();
      reader.skip_separators();
    }
    challenges.push_back(std::move(challenge));
  }
  return challenges;
}

}  // namespace gocker
