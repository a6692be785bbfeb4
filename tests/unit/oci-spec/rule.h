// Cases for the rules of validate.h: one change of a valid document, and what must be said of it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "oci-spec/runtime_spec.h"

namespace oci {

struct Case {
  std::string name;
  std::function<void(Spec&)> change;
  std::string error;  // behind "config.json: "; empty: the document is valid
  friend std::ostream& operator<<(std::ostream& out, const Case& shown) {
    return out << shown.name;
  }
};

// The valid document: the default with new user and time namespaces.
Spec base();
void remove_namespace(Spec& spec, NamespaceType type);
void without_user_namespace(Spec& spec);

void expect_rule(const Case& rule);
std::string named(const testing::TestParamInfo<Case>& info);

}  // namespace oci
