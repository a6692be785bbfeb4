#include "runtime/linux/id_map.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using Mappings = std::vector<oci::IdMapping>;

TEST(IdMap, HostIdFollowsTheMapping) {
  const Mappings mappings{{0, 100000, 1000}, {1000, 5, 1}};
  EXPECT_EQ(host_id(mappings, 0), 100000u);
  EXPECT_EQ(host_id(mappings, 999), 100999u);
  EXPECT_EQ(host_id(mappings, 1000), 5u);
  EXPECT_EQ(host_id(mappings, 1001), std::nullopt);
  EXPECT_EQ(host_id({}, 0), std::nullopt);
}

TEST(IdMap, HostIdDoesNotWrapAround) {
  EXPECT_EQ(host_id({{0, 4294967290U, 100}}, 3), 4294967293U);
  EXPECT_EQ(host_id({{0, 4294967290U, 100}}, 5), std::nullopt);
  EXPECT_EQ(host_id({{0, 4294967290U, 100}}, 50), std::nullopt);
  EXPECT_EQ(host_id({{4294967290U, 0, 10}}, 4294967295U), 5u);
}

TEST(IdMap, UserNamespaceHasTheMappings) {
  in_child([] {
    const Fd user = make_user_namespace({{0, 100000, 1000}, {1000, 7, 1}}, {{0, 200000, 1000}});
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "its process is left behind";
    EXPECT_EQ(errno, ECHILD);
    ASSERT_EQ(::setns(user.get(), CLONE_NEWUSER), 0);
    const std::string uids = read_file("/proc/self/uid_map");
    const std::string gids = read_file("/proc/self/gid_map");
    EXPECT_NE(uids.find("1000          7          1"), std::string::npos) << uids;
    EXPECT_NE(gids.find("0     200000       1000"), std::string::npos) << gids;
  });
}

TEST(IdMap, RefusedMappingIsToldWithItsFile) {
  const Mappings good{{0, 100000, 1000}};
  const Mappings overlapping{{0, 100000, 1000}, {500, 300000, 10}};
  const std::string text = error_of([&] { make_user_namespace(good, overlapping); });
  EXPECT_NE(text.find("gid_map"), std::string::npos) << text;
  EXPECT_NE(text.find("Invalid argument"), std::string::npos) << text;
}

TEST(IdMap, NoMappingsAreRefused) {
  EXPECT_NE(error_of([] { make_user_namespace({}, {}); }).find("there are no mappings"),
            std::string::npos);
}

TEST(IdMap, OfManyMappingsTheKernelsLimitIsTold) {
  Mappings many;
  for (uint32_t i = 0; i < 340; ++i) many.push_back({i, 1000 + i, 1});
  EXPECT_NO_THROW(make_user_namespace(many, many));
  many.push_back({340, 1340, 1});
  EXPECT_NE(error_of([&] { make_user_namespace(many, many); }).find("at most 340"),
            std::string::npos);
  Mappings long_ones;
  for (uint32_t i = 0; i < 300; ++i) long_ones.push_back({1000000 + i, 100000000 + i, 1});
  EXPECT_NE(error_of([&] { make_user_namespace(long_ones, long_ones); }).find("in 4095"),
            std::string::npos);
}

}  // namespace
}  // namespace gocker
