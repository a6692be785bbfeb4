#include "imagetool/bundle/environment.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker {
namespace {

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

Variables::iterator find(Variables& variables, std::string_view name) {
  return std::find_if(variables.begin(), variables.end(),
                      [name](const std::string& variable) { return name_of(variable) == name; });
}

void set(Variables& variables, const std::string& variable) {
  const auto present = find(variables, name_of(variable));
  if (present == variables.end()) {
    variables.push_back(variable);
  } else {
    *present = variable;
  }
}

}  // namespace

Variables merge_variables(Variables variables, const Variables& given) {
  for (const std::string& variable : given) {
    if (variable.empty() || variable.front() == '=') {
      throw Error("'" + variable + "' is no environment variable: it takes NAME=VALUE or NAME");
    }
    if (variable.find('=') != std::string::npos) {
      set(variables, variable);
    } else if (const char* value = std::getenv(variable.c_str())) {
      set(variables, variable + "=" + value);
    }
  }
  return variables;
}

Variables add_absent_variables(Variables variables, const Variables& implied) {
  for (const std::string& variable : implied) {
    if (find(variables, name_of(variable)) == variables.end()) variables.push_back(variable);
  }
  return variables;
}

}  // namespace gocker
