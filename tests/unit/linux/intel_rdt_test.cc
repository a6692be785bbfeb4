// On plain directories in the place of resctrl, which few machines have: what is written where.
#include "runtime/linux/intel_rdt.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "runtime/base/file.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

namespace fs = std::filesystem;

class IntelRdt : public ::testing::Test {
 protected:
  // A group as the kernel would show it; every write replaces the content.
  void make_group(const std::string& name, const std::string& schemata = "") const {
    fs::create_directories(root() + "/" + name + "/mon_groups");
    make_file(root() + "/" + name + "/tasks");
    make_file(root() + "/" + name + "/schemata", schemata);
  }
  std::string content(const std::string& name) const { return content_of(root() + "/" + name); }
  const std::string& root() const { return directory_.path(); }

 private:
  TempDir directory_{"gocker-rdt"};
};

TEST_F(IntelRdt, ContainersIdNamesTheGroupWhereNoOtherIsGiven) {
  const RdtGroups groups = plan_rdt_groups({}, "box", root());
  EXPECT_EQ(groups.control, root() + "/box");
  EXPECT_EQ(groups.own_directories(), std::vector<std::string>{root() + "/box"});
  make_rdt_groups(groups, {});
  EXPECT_TRUE(fs::is_directory(root() + "/box"));
  remove_rdt_directories(groups.own_directories());
  EXPECT_FALSE(fs::exists(root() + "/box"));
  remove_rdt_directories(groups.own_directories());  // once more is fine
}

TEST_F(IntelRdt, GroupOfTheContainersNameMustNotBeThere) {
  make_group("box");
  EXPECT_EQ(error_of([&] { plan_rdt_groups({}, "box", root()); }),
            "config.json: /linux/intelRdt: " + root() + "/box is there already");
}

TEST_F(IntelRdt, NamedGroupIsNotTheContainersToRemove) {
  make_group("gold");
  const RdtGroups groups = plan_rdt_groups({.clos_id = "gold"}, "box", root());
  EXPECT_EQ(groups.control, root() + "/gold");
  EXPECT_TRUE(groups.own_directories().empty());
}

TEST_F(IntelRdt, SlashIsTheDefaultGroup) {
  EXPECT_EQ(plan_rdt_groups({.clos_id = "/"}, "box", root()).control, root());
}

TEST_F(IntelRdt, NamedGroupWithoutASchemaMustBeThere) {
  EXPECT_EQ(error_of([&] { plan_rdt_groups({.clos_id = "gold"}, "box", root()); }),
            "config.json: /linux/intelRdt/closID: there is no class \"gold\", and no schema to "
            "make it with");
}

TEST_F(IntelRdt, ProcessJoinsTheGroupAndItsMonitoringGroup) {
  make_group("gold");
  const oci::IntelRdt config{.clos_id = "gold", .enable_monitoring = true};
  const RdtGroups groups = plan_rdt_groups(config, "box", root());
  EXPECT_EQ(groups.monitoring, root() + "/gold/mon_groups/box");
  EXPECT_EQ(groups.own_directories(), std::vector<std::string>{groups.monitoring});
  make_rdt_groups(groups, config);
  make_file(groups.monitoring + "/tasks");
  join_rdt_groups(groups, 4711);
  EXPECT_EQ(content("gold/tasks"), "4711");
  EXPECT_EQ(content("gold/mon_groups/box/tasks"), "4711");
}

TEST_F(IntelRdt, SchemataOfAGroupThatIsThereAreWritten) {
  make_group("gold", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
  const oci::IntelRdt config{.clos_id = "gold", .schemata = {{"MB:0=020;1=70"}}};
  make_rdt_groups(plan_rdt_groups(config, "box", root()), config);
  EXPECT_TRUE(content("gold/schemata").starts_with("MB:0=020;1=70\n"));
}

TEST_F(IntelRdt, AnUpdateWritesTheLinesThatAreGiven) {
  make_group("gold", "    L3:0=7ff\n    MB:0=100\n");
  const RdtGroups groups = find_rdt_groups({.clos_id = "gold"}, "box", root());
  update_rdt_schemata(groups, "", "MB:0=50");
  EXPECT_TRUE(content("gold/schemata").starts_with("MB:0=50\n"));
  update_rdt_schemata(groups, "L3:0=7f", "");
  EXPECT_TRUE(content("gold/schemata").starts_with("L3:0=7f\n"));
}

TEST_F(IntelRdt, OlderSchemasOfAGroupThatIsThereAreCompared) {
  const std::string before = "    L3:0=7ff;1=01f\n    MB:0= 20;1=100\n";
  make_group("gold", before);
  oci::IntelRdt config{
      .clos_id = "gold", .l3_cache_schema = "L3:0=7ff;1=1f", .mem_bw_schema = "MB:0=20"};
  make_rdt_groups(plan_rdt_groups(config, "box", root()), config);
  EXPECT_EQ(content("gold/schemata"), before);
  config.l3_cache_schema = "L3:0=7f";
  const std::string error =
      error_of([&] { make_rdt_groups(plan_rdt_groups(config, "box", root()), config); });
  EXPECT_EQ(error, "config.json: /linux/intelRdt: " + root() +
                       "/gold: the class is there already and has another schema than L3:0=7f");
}

TEST(RdtSchema, IsFoundWhereEveryDomainHasTheValue) {
  const std::string schemata = "  L2:0=ff;1=ff\n L3:0=7ff;1=00f\nMB:0= 50;1=100\n";
  EXPECT_TRUE(has_rdt_schema(schemata, "L3:0=7ff;1=f"));
  EXPECT_TRUE(has_rdt_schema(schemata, "L3:1=0f"));
  EXPECT_TRUE(has_rdt_schema(schemata, "MB:0=50"));
  EXPECT_FALSE(has_rdt_schema(schemata, "L3:0=7ff;1=1f"));
  EXPECT_FALSE(has_rdt_schema(schemata, "L3:2=7ff"));
  EXPECT_FALSE(has_rdt_schema(schemata, "L3CODE:0=7ff"));
  EXPECT_FALSE(has_rdt_schema("", "L3:0=7ff"));
}

}  // namespace
}  // namespace gocker
