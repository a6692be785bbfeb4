#include "oci-spec/validate.h"

#include <gtest/gtest.h>

#include "tests/unit/oci-spec/rule.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

class TopRule : public TestWithParam<Case> {};
TEST_P(TopRule, Holds) {
  expect_rule(GetParam());
}

Case version(std::string name, const std::string& version, const std::string& error) {
  return {std::move(name), [version](Spec& s) { s.oci_version = version; },
          error.empty() ? "" : "/ociVersion: " + error};
}

std::string not_a_version(const std::string& text) {
  return "must be a version such as 1.0.2, not \"" + text + "\"";
}

const std::vector<Case> kTopCases = {
    {"Base", [](Spec&) {}, ""},
    {"Default", [](Spec& s) { s = default_spec(); }, ""},
    version("VersionDev", "1.0.2-dev", ""),
    version("VersionBuild", "1.1.0+dev", ""),
    version("VersionCandidate", "1.2.0-rc.1+b-7", ""),
    version("VersionLater", "1.99.0", ""),
    version("VersionWord", "invalid", not_a_version("invalid")),
    version("VersionEmpty", "", not_a_version("")),
    version("VersionShort", "1.0", not_a_version("1.0")),
    version("VersionLong", "1.0.0.0", not_a_version("1.0.0.0")),
    version("VersionZero", "1.00.0", not_a_version("1.00.0")),
    version("VersionV", "v1.0.0", not_a_version("v1.0.0")),
    version("VersionEmptySuffix", "1.0.0-", not_a_version("1.0.0-")),
    version("VersionOddSuffix", "1.0.0-a..b", not_a_version("1.0.0-a..b")),
    version("VersionNewline", "1.0.0-a\n", not_a_version("1.0.0-a?")),
    version("VersionTwo", "2.0.0", "version 2.0.0 is not supported: only 1.x is (up to 1.3.0)"),
    version("VersionOld", "0.9.0", "version 0.9.0 is not supported: only 1.x is (up to 1.3.0)"),
    version("VersionTen", "10.0.0", "version 10.0.0 is not supported: only 1.x is (up to 1.3.0)"),
    {"NoRoot", [](Spec& s) { s.root.reset(); }, "/root: is required"},
    {"EmptyRoot", [](Spec& s) { s.root->path.clear(); }, "/root/path: must not be empty"},
    {"NoProcess", [](Spec& s) { s.process.reset(); }, ""},
    {"HostnameWithoutUts", [](Spec& s) { remove_namespace(s, NamespaceType::uts); },
     "/hostname: needs an entry of type uts in /linux/namespaces, or the host would be renamed"},
    {"DomainnameWithoutUts",
     [](Spec& s) {
       s.hostname.clear();
       s.domainname = "d";
       remove_namespace(s, NamespaceType::uts);
     },
     "/domainname: needs an entry of type uts in /linux/namespaces, or the host would be renamed"},
    {"NoHostnameWithoutUts",
     [](Spec& s) {
       s.hostname.clear();
       remove_namespace(s, NamespaceType::uts);
     },
     ""},
    {"HostnameInJoinedUts",
     [](Spec& s) {
       remove_namespace(s, NamespaceType::uts);
       s.linux_.namespaces.push_back({NamespaceType::uts, "/proc/1/ns/uts"});
     },
     ""},
    {"HostnameLongest", [](Spec& s) { s.hostname = std::string(64, 'h'); }, ""},
    {"HostnameTooLong", [](Spec& s) { s.hostname = std::string(65, 'h'); },
     "/hostname: must have at most 64 bytes, not 65"},
    {"RelativeDestination", [](Spec& s) { s.mounts[1].destination = "dev"; },
     "/mounts/1/destination: must be absolute, not \"dev\""},
    {"MountWithUidsOnly",
     [](Spec& s) {
       s.mounts[2].uid_mappings = {{0, 1, 1}};
     },
     "/mounts/2: must have uidMappings and gidMappings, or neither"},
    {"MountWithGidsOnly",
     [](Spec& s) {
       s.mounts[2].gid_mappings = {{0, 1, 1}};
     },
     "/mounts/2: must have uidMappings and gidMappings, or neither"},
    {"MountWithEmptyRange",
     [](Spec& s) {
       s.mounts[2].uid_mappings = {{0, 1, 1}};
       s.mounts[2].gid_mappings = {{0, 1, 0}};
     },
     "/mounts/2/gidMappings/0/size: must be more than 0"},
    {"IdmapWithTheUserNamespacesMappings", [](Spec& s) { s.mounts[0].options = {"ridmap"}; }, ""},
    {"IdmapWithoutAnyMappings",
     [](Spec& s) {
       without_user_namespace(s);
       s.mounts[0].options = {"ro", "idmap"};
     },
     "/mounts/0/options: idmap needs uidMappings and gidMappings, or a user namespace"},
    {"IdmapWithItsOwnMappings",
     [](Spec& s) {
       without_user_namespace(s);
       s.mounts[0].options = {"idmap"};
       s.mounts[0].uid_mappings = s.mounts[0].gid_mappings = {{0, 1, 1}};
     },
     ""},
    {"HookPath",
     [](Spec& s) {
       s.hooks.poststart = {{.path = "/ok"}, {.path = "sh"}};
     },
     "/hooks/poststart/1/path: must be absolute, not \"sh\""},
    {"EveryHookPoint", [](Spec& s) { s.hooks.prestart = {{.path = ""}}; },
     "/hooks/prestart/0/path: must be absolute, not \"\""},
    {"HookCreateRuntime", [](Spec& s) { s.hooks.create_runtime = {{.path = "a"}}; },
     "/hooks/createRuntime/0/path: must be absolute, not \"a\""},
    {"HookCreateContainer", [](Spec& s) { s.hooks.create_container = {{.path = "a"}}; },
     "/hooks/createContainer/0/path: must be absolute, not \"a\""},
    {"HookStartContainer", [](Spec& s) { s.hooks.start_container = {{.path = "a"}}; },
     "/hooks/startContainer/0/path: must be absolute, not \"a\""},
    {"HookPoststop", [](Spec& s) { s.hooks.poststop = {{.path = "a"}}; },
     "/hooks/poststop/0/path: must be absolute, not \"a\""},
    {"HookEnvironment", [](Spec& s) { s.hooks.poststop = {{.path = "/a", .env = {"=x"}}}; },
     "/hooks/poststop/0/env/0: must be NAME=value, not \"=x\""},
    {"HookTimeout", [](Spec& s) { s.hooks.poststop = {{.path = "/a", .timeout = 0}}; },
     "/hooks/poststop/0/timeout: must be more than 0"},
    {"AnnotationWithoutName",
     [](Spec& s) {
       s.annotations = {{"", "x"}};
     },
     "/annotations: has an empty name"},
    {"AnnotationWithoutValue",
     [](Spec& s) {
       s.annotations = {{"x", ""}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Top, TopRule, ValuesIn(kTopCases), named);

}  // namespace
}  // namespace oci
