// As much of TOML 1.0 as configuration files of registries use: tables, arrays of tables, strings
// and booleans. Numbers, dates, arrays and inline tables are stepped over.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gocker {

// What stands below one header; the keys before the first header are in a section without a name.
struct TomlSection {
  std::string name;  // "registry.mirror" for [[registry.mirror]]
  int line = 0;
  std::map<std::string, std::variant<std::string, bool>> values;

  // Empty or false where the key is absent or its value is of another kind.
  std::string text(const std::string& key) const;
  bool flag(const std::string& key) const;
};

// The sections in the order of the file. Throws Error "FILE:LINE: ...".
std::vector<TomlSection> parse_toml(std::string_view text, std::string_view file);

}  // namespace gocker
