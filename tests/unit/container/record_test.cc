#include "runtime/container/record.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

ContainerRecord example() {
  ContainerRecord record;
  record.id = "c1";
  record.oci_version = "1.3.0";
  record.bundle = "/b \"quoted\"";
  record.rootfs = "/b/rootfs";
  record.created = "2026-11-22T18:56:51.000000000Z";
  record.owner = "root";
  record.annotations = {{"key", "value"}};
  record.pid = 4242;
  record.start_time = 18446744073709551615ULL;
  record.namespaces = {{oci::NamespaceType::pid, ""}, {oci::NamespaceType::network, "/run/ns"}};
  record.external_mounts = {"/data"};
  record.rdt_directories = {"/sys/fs/resctrl/c1/mon_groups/c1", "/sys/fs/resctrl/c1"};
  record.console_socket = "/run/console";
  record.has_poststop_hooks = true;
  return record;
}

TEST(Record, SurvivesTheWayToDiskAndBack) {
  const ContainerRecord before = example();
  const ContainerRecord after = parse_record(to_json(before), "state.json");
  EXPECT_EQ(to_json(after), to_json(before));
  EXPECT_EQ(after.start_time, before.start_time);
  EXPECT_EQ(after.namespaces[1].path, "/run/ns");
  EXPECT_EQ(after.rdt_directories, before.rdt_directories);
  EXPECT_TRUE(after.has_poststop_hooks);
  EXPECT_FALSE(after.has_poststart_hooks);
}

TEST(Record, DamageIsAnErrorThatNamesTheFile) {
  const std::string whole = to_json(example());
  for (const std::string& damaged :
       {std::string(), std::string("{}"), std::string("[]"), whole.substr(0, whole.size() / 2)}) {
    try {
      parse_record(damaged, "/run/x/c1/state.json");
      FAIL() << "took " << damaged;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("/run/x/c1/state.json is damaged"),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace gocker
