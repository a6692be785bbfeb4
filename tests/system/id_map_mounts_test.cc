// Mounts whose ids are mapped (config.md, "Mounts": uidMappings, gidMappings, idmap and ridmap).
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/host_tmpfs.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// Files of user 5 outside are those of 1005 inside.
constexpr const char* kUp = R"([{"containerID": 0, "hostID": 1000, "size": 100}])";

class IdMappedMounts : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (IsSkipped()) return;
    fs::create_directories(path("volume"));
    make_file("volume/file", 5);
  }
  void make_file(const std::string& name, uid_t owner) const {
    std::ofstream(path(name)) << "content";
    EXPECT_EQ(::chown(path(name).c_str(), owner, owner + 1), 0);
  }
  // Mounts with mappings of their own: the last one that was added.
  void map_last_mount(const char* uids, const char* gids) {
    const std::string last = "/mounts/" + std::to_string(box.config()["/mounts"].size() - 1);
    box.config().set(last + "/uidMappings", Value::parse(uids));
    box.config().set(last + "/gidMappings", Value::parse(gids));
  }
  std::string owner_outside(const std::string& name) const {
    struct stat status = {};
    if (::lstat(path(name).c_str(), &status) != 0) return "absent";
    return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
  }
};

TEST_F(IdMappedMounts, MappingsOfTheMountHold) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  map_last_mount(kUp, kUp);
  EXPECT_EQ(box.attempt({{"stat", "/volume/file"}}), Words{"file 0644 1005:1006"});
}

TEST_F(IdMappedMounts, MappingsWithoutTheOptionHoldToo) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind"});
  map_last_mount(kUp, kUp);
  EXPECT_EQ(box.attempt({{"stat", "/volume/file"}}), Words{"file 0644 1005:1006"});
}

TEST_F(IdMappedMounts, UserAndGroupMappingsMayDiffer) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  map_last_mount(kUp, R"([{"containerID": 6, "hostID": 60, "size": 1}])");
  EXPECT_EQ(box.attempt({{"stat", "/volume/file"}}), Words{"file 0644 1005:60"});
}

TEST_F(IdMappedMounts, NewFilesAreMappedBack) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  fs::permissions(path("volume"), fs::perms{0777});
  box.config().set("/process/user", R"({"uid": 1007, "gid": 1008})"_json);
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  map_last_mount(kUp, kUp);
  EXPECT_EQ(box.attempt({{"create", "/volume/new", "x"}}), Words{"ok"});
  EXPECT_EQ(owner_outside("volume/new"), "7:8");
}

TEST_F(IdMappedMounts, IdmapLeavesSubmountsAsTheyAreAndRidmapReachesThem) {
  KNOWN_GAP(kRunc, "it has no ridmap");
  const HostTmpfs inner(path("volume/inner"), 0);
  make_file("volume/inner/file", 5);
  box.bundle.add_mount("/one", "none", path("volume"), {"rbind", "idmap"});
  map_last_mount(kUp, kUp);
  box.bundle.add_mount("/all", "none", path("volume"), {"rbind", "ridmap"});
  map_last_mount(kUp, kUp);
  EXPECT_EQ(box.attempt({{"stat", "/one/file"},
                         {"stat", "/one/inner/file"},
                         {"stat", "/all/file"},
                         {"stat", "/all/inner/file"}}),
            (Words{"file 0644 1005:1006", "file 0644 5:6", "file 0644 1005:1006",
                   "file 0644 1005:1006"}));
}

TEST_F(IdMappedMounts, MappingsOfTheContainerServeWhereTheMountHasNone) {
  KNOWN_GAP(kRunc, "it wants mappings at the mount");
  box.bundle.use_user_namespace();
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  EXPECT_EQ(box.attempt({{"stat", "/volume/file"}}), Words{"file 0644 5:6"});
}

TEST_F(IdMappedMounts, OtherOptionsHoldAsWell) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap", "ro", "nosuid"});
  map_last_mount(kUp, kUp);
  const Value report = box.report();
  EXPECT_TRUE(has_options(mount_at(report, "/volume"), {"ro", "nosuid", "idmapped"}))
      << mount_at(report, "/volume");
}

TEST_F(IdMappedMounts, TmpfsIsMappedToo) {
  KNOWN_GAP(kRunc, "it maps bind mounts only");
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"idmap", "mode=0755", "uid=5", "gid=6"});
  map_last_mount(kUp, kUp);
  EXPECT_EQ(box.attempt({{"stat", "/volume"}}), Words{"directory 0755 1005:1006"});
}

TEST_F(IdMappedMounts, OverlayThatCannotBeMappedIsAClearError) {
  KNOWN_GAP(kRunc, "it knows no such mounts without a user namespace");
  box.bundle.add_mount("/volume", "overlay", "overlay",
                       {"idmap", "lowerdir=" + path("volume") + ":" + path("volume")});
  map_last_mount(kUp, kUp);
  EXPECT_TRUE(fails_with(box.create(),
                         "mount /volume: an overlay can't be mounted with mapped ids: map those of "
                         "its layers"));
}

TEST_F(IdMappedMounts, OptionWithoutMappingsIsAnError) {
  KNOWN_GAP(kRunc, "it takes the option and maps nothing");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  EXPECT_TRUE(fails_with(box.create(), "/options: idmap needs uidMappings and gidMappings"));
}

TEST_F(IdMappedMounts, OneKindOfMappingsAloneIsAnError) {
  KNOWN_GAP(kRunc, "it takes the option and maps nothing");
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "idmap"});
  const std::string last = "/mounts/" + std::to_string(box.config()["/mounts"].size() - 1);
  box.config().set(last + "/uidMappings", Value::parse(kUp));
  EXPECT_TRUE(fails_with(box.create(), "must have uidMappings and gidMappings, or neither"));
}

}  // namespace
}  // namespace gocker::test
