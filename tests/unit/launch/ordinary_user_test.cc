#include "runtime/launch/ordinary_user.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/log.h"

namespace gocker {
namespace {

using oci::NamespaceType;

oci::Spec rootless_spec() {
  oci::Spec spec;
  spec.linux_.namespaces = {{NamespaceType::user, ""}, {NamespaceType::mount, ""}};
  spec.linux_.uid_mappings = {{0, 1000, 1}};
  spec.linux_.gid_mappings = {{0, 1000, 1}};
  return spec;
}

std::string refusal_of(oci::Spec spec) {
  try {
    fit_to_ordinary_user(spec);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

bool was_warned(std::string_view path, std::string_view text) {
  return std::any_of(warnings().begin(), warnings().end(), [&](const Warning& warning) {
    return warning.json_path == path && warning.text.find(text) != std::string::npos;
  });
}

TEST(OrdinaryUser, MustHaveAUserNamespace) {
  oci::Spec spec = rootless_spec();
  spec.linux_.namespaces.erase(spec.linux_.namespaces.begin());
  EXPECT_NE(refusal_of(spec).find("/linux/namespaces: only root"), std::string::npos);
}

TEST(OrdinaryUser, MayNotMapTheIdsOfMounts) {
  EXPECT_EQ(refusal_of(rootless_spec()), "");
  oci::Spec by_option = rootless_spec();
  by_option.mounts = {{.destination = "/data", .options = {"rbind", "idmap"}}};
  oci::Spec by_mapping = rootless_spec();
  by_mapping.mounts = {{.destination = "/data", .uid_mappings = {{0, 1, 1}}}};
  for (const oci::Spec& spec : {by_option, by_mapping}) {
    EXPECT_NE(refusal_of(spec).find("mount /data: only root can mount with mapped ids"),
              std::string::npos);
  }
}

TEST(OrdinaryUser, GetsATerminalWithoutAGroupThatIsNotMapped) {
  oci::Spec spec = rootless_spec();
  spec.mounts = {{.destination = "/dev/pts", .type = "devpts", .options = {"newinstance", "gid=5"}},
                 {.destination = "/tmp", .type = "tmpfs", .options = {"gid=5"}}};
  oci::Spec with_group = spec;
  with_group.linux_.gid_mappings = {{0, 1000, 1}, {1, 100000, 10}};
  fit_to_ordinary_user(spec);
  EXPECT_EQ(spec.mounts[0].options, std::vector<std::string>{"newinstance"});
  EXPECT_EQ(spec.mounts[1].options, std::vector<std::string>{"gid=5"});
  EXPECT_TRUE(was_warned("/mounts", "gid=5 left out"));
  fit_to_ordinary_user(with_group);
  EXPECT_EQ(with_group.mounts[0].options.back(), "gid=5");
}

TEST(OrdinaryUser, GetsNoHigherLimitsThanItsOwn) {
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  oci::Process process;
  process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1ULL << 40, .hard = 1ULL << 41},
                     {.type = "RLIMIT_NOFILE", .soft = 1, .hard = 2}};
  fit_to_ordinary_user(process);
  EXPECT_EQ(process.rlimits[0].soft, own.rlim_max);
  EXPECT_EQ(process.rlimits[0].hard, own.rlim_max);
  EXPECT_EQ(process.rlimits[1].soft, 1U);
  EXPECT_EQ(process.rlimits[1].hard, 2U);
  EXPECT_TRUE(was_warned("/process/rlimits", "RLIMIT_NOFILE is " + std::to_string(own.rlim_max)));
}

}  // namespace
}  // namespace gocker
