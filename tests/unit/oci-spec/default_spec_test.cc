#include <gtest/gtest.h>

#include "oci-spec/runtime_spec.h"

namespace oci {
namespace {

TEST(DefaultSpec, IsTheSameAfterWritingAndReading) {
  const std::string text = to_json(default_spec());
  EXPECT_EQ(to_json(parse_spec(text, "config.json")), text);
}

TEST(DefaultSpec, IsWrittenAsPeopleKnowIt) {
  const std::string text = to_json(default_spec());
  EXPECT_TRUE(
      text.starts_with("{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n"
                       "\t\t\"terminal\": true,\n\t\t\"user\": {\n"));
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(DefaultSpec, RunsAShellWithFewRights) {
  const Spec spec = default_spec();
  const Process& process = spec.process.value();
  EXPECT_EQ(process.args, std::vector<std::string>{"sh"});
  EXPECT_TRUE(process.terminal);
  EXPECT_TRUE(process.no_new_privileges);
  const Capabilities& capabilities = process.capabilities.value();
  EXPECT_EQ(capabilities.bounding,
            (std::vector<std::string>{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"}));
  EXPECT_EQ(capabilities.effective, capabilities.bounding);
  EXPECT_EQ(capabilities.permitted, capabilities.bounding);
  EXPECT_TRUE(capabilities.inheritable.empty());
  EXPECT_TRUE(capabilities.ambient.empty());
  EXPECT_TRUE(spec.root.value().readonly);
  EXPECT_EQ(spec.mounts.size(), 7u);
  EXPECT_EQ(spec.linux_.namespaces.size(), 6u);
  EXPECT_EQ(spec.linux_.find_namespace(NamespaceType::user), nullptr);
  EXPECT_EQ(spec.linux_.resources.value().devices.at(0).allow, false);
}

}  // namespace
}  // namespace oci
