#include "tests/unit/oci-spec/rule.h"

#include "oci-spec/validate.h"
#include "tests/unit/oci-spec/refusal.h"

namespace oci {

Spec base() {
  Spec spec = default_spec();
  spec.linux_.namespaces.push_back({NamespaceType::user, ""});
  spec.linux_.namespaces.push_back({NamespaceType::time, ""});
  spec.linux_.uid_mappings = {{0, 100000, 65536}};
  spec.linux_.gid_mappings = {{0, 200000, 65536}};
  return spec;
}

void remove_namespace(Spec& spec, NamespaceType type) {
  std::erase_if(spec.linux_.namespaces, [type](const Namespace& n) { return n.type == type; });
}

void without_user_namespace(Spec& spec) {
  remove_namespace(spec, NamespaceType::user);
  spec.linux_.uid_mappings.clear();
  spec.linux_.gid_mappings.clear();
}

void expect_rule(const Case& rule) {
  Spec spec = base();
  rule.change(spec);
  const std::string expected =
      rule.error.empty() ? "nothing was refused" : "config.json: " + rule.error;
  EXPECT_EQ(refusal([&] { validate(spec, "config.json"); }), expected);
}

std::string named(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

}  // namespace oci
