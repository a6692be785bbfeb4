// Every mount option of the specification (config.md, "Linux mount options"), one by one, as the
// kernel shows it inside the container.
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/system/host_tmpfs.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

Words words_of(const std::string& text) {
  Words words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// Everything as words in one text.
struct OptionRow {
  const char* name;     // the option that the row is about
  const char* options;  // what the mount is given
  const char* there;    // what the kernel then shows, of the mount or its file system
  const char* absent;   // what it does not
};

std::ostream& operator<<(std::ostream& stream, const OptionRow& row) {
  return stream << row.name;
}

std::string row_name(const ::testing::TestParamInfo<OptionRow>& row) {
  return row.param.name;
}

void expect_options(const Value& mount, const OptionRow& row) {
  ASSERT_FALSE(mount.is_null());
  for (const std::string& option : words_of(row.there)) {
    EXPECT_TRUE(has_option(mount, option) || has_super_option(mount, option)) << option << mount;
  }
  for (const std::string& option : words_of(row.absent)) {
    EXPECT_FALSE(has_option(mount, option) || has_super_option(mount, option)) << option << mount;
  }
}

// --- a file system of one's own ------------------------------------------------------------------

constexpr OptionRow kOptions[] = {
    {"async", "sync async", "", "sync"},
    {"atime", "noatime atime", "relatime", "noatime"},
    {"defaults", "defaults", "rw relatime", "nosuid nodev noexec sync"},
    {"dev", "nodev dev", "", "nodev"},
    {"diratime", "nodiratime diratime", "", "nodiratime"},
    {"dirsync", "dirsync", "dirsync", "sync"},
    {"exec", "noexec exec", "", "noexec"},
    {"iversion", "iversion", "rw", ""},
    {"lazytime", "lazytime", "lazytime", ""},
    {"loud", "silent loud", "rw", "silent"},
    {"mand", "mand", "mand", ""},
    {"noatime", "noatime", "noatime", "relatime"},
    {"nodev", "nodev", "nodev", ""},
    {"nodiratime", "nodiratime", "nodiratime", ""},
    {"noexec", "noexec", "noexec", ""},
    {"noiversion", "iversion noiversion", "rw", "iversion"},
    {"nolazytime", "lazytime nolazytime", "", "lazytime"},
    {"nomand", "mand nomand", "", "mand"},
    {"norelatime", "norelatime", "relatime", "noatime"},
    {"nostrictatime", "strictatime nostrictatime", "relatime", ""},
    {"nosuid", "nosuid", "nosuid", ""},
    {"nosymfollow", "nosymfollow", "nosymfollow", ""},
    {"relatime", "noatime relatime", "relatime", "noatime"},
    {"ro", "ro", "ro", ""},
    {"rw", "ro rw", "rw", "ro"},
    {"silent", "silent", "rw", ""},
    {"strictatime", "strictatime", "", "relatime noatime"},
    {"suid", "nosuid suid", "", "nosuid"},
    {"symfollow", "nosymfollow symfollow", "", "nosymfollow"},
    {"sync", "sync", "sync", "dirsync"},
};

class MountOption : public SystemTest, public ::testing::WithParamInterface<OptionRow> {
 protected:
  bool is_one_of(const Words& names) const {
    return std::find(names.begin(), names.end(), GetParam().name) != names.end();
  }
};
INSTANTIATE_TEST_SUITE_P(Mounts, MountOption, ::testing::ValuesIn(kOptions), row_name);

TEST_P(MountOption, OfAFileSystemIsShown) {
  if (is_one_of({"defaults", "nosymfollow", "symfollow"})) {
    KNOWN_GAP(kRunc, "it hands the option to the file system, which does not know it");
  }
  if (is_one_of({"relatime"})) KNOWN_GAP(kRunc, "an earlier noatime stays");
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", words_of(GetParam().options));
  expect_options(mount_at(box.report(), "/volume"), GetParam());
}

// --- bind mounts whose source has the opposite ---------------------------------------------------

struct BindRow {
  const char* name;
  unsigned long source;  // MS_* of the source
  const char* there;
  const char* absent;
};

constexpr BindRow kBindOptions[] = {
    {"ro", 0, "ro", ""},
    {"rw", MS_RDONLY, "rw", "ro"},
    {"nosuid", 0, "nosuid", ""},
    {"suid", MS_NOSUID, "", "nosuid"},
    {"nodev", 0, "nodev", ""},
    {"dev", MS_NODEV, "", "nodev"},
    {"noexec", 0, "noexec", ""},
    {"exec", MS_NOEXEC, "", "noexec"},
    {"noatime", 0, "noatime", "relatime"},
    {"atime", MS_NOATIME, "relatime", "noatime"},
    {"nodiratime", 0, "nodiratime", ""},
    {"diratime", MS_NODIRATIME, "", "nodiratime"},
    {"relatime", MS_NOATIME, "relatime", "noatime"},
    {"norelatime", 0, "", "noatime"},
    {"strictatime", MS_NOATIME, "", "relatime noatime"},
    {"nostrictatime", MS_STRICTATIME, "relatime", ""},
    {"nosymfollow", 0, "nosymfollow", ""},
    {"symfollow", 0, "", "nosymfollow"},
};

std::ostream& operator<<(std::ostream& stream, const BindRow& row) {
  return stream << row.name;
}
std::string bind_row_name(const ::testing::TestParamInfo<BindRow>& row) {
  return row.param.name;
}

class BindOption : public SystemTest, public ::testing::WithParamInterface<BindRow> {};
INSTANTIATE_TEST_SUITE_P(Mounts, BindOption, ::testing::ValuesIn(kBindOptions), bind_row_name);

// tmpfs takes MS_RDONLY for its superblock too, which no bind mount can change.
void make_mount_readonly(const HostTmpfs& source) {
  EXPECT_EQ(
      ::mount(nullptr, source.point().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr),
      0);
}

TEST_P(BindOption, HoldsAgainstTheSource) {
  KNOWN_GAP(kRunc, "it can only add flags to those of the source, and drops what is not named");
  const BindRow& row = GetParam();
  const HostTmpfs source(path("source"), row.source & ~static_cast<unsigned long>(MS_RDONLY));
  if ((row.source & MS_RDONLY) != 0) make_mount_readonly(source);
  box.bundle.add_mount("/volume", "none", source.point(), {"bind", row.name});
  expect_options(mount_at(box.report(), "/volume"), {row.name, "", row.there, row.absent});
}

class RecursiveOption : public SystemTest, public ::testing::WithParamInterface<BindRow> {};
INSTANTIATE_TEST_SUITE_P(Mounts, RecursiveOption, ::testing::ValuesIn(kBindOptions),
                         [](const ::testing::TestParamInfo<BindRow>& row) {
                           return std::string("r") + row.param.name;
                         });

TEST_P(RecursiveOption, HoldsForSubmountsToo) {
  KNOWN_GAP(kRunc, "it has no recursive options");
  const BindRow& row = GetParam();
  const HostTmpfs outer(path("outer"), row.source & ~static_cast<unsigned long>(MS_RDONLY));
  const HostTmpfs inner(path("outer/inner"), row.source & ~static_cast<unsigned long>(MS_RDONLY));
  if ((row.source & MS_RDONLY) != 0) {
    make_mount_readonly(inner);
    make_mount_readonly(outer);
  }
  box.bundle.add_mount("/all", "none", outer.point(), {"rbind", std::string("r") + row.name});
  const Value report = box.report();
  for (const char* point : {"/all", "/all/inner"}) {
    expect_options(mount_at(report, point), {row.name, "", row.there, row.absent});
  }
}

// --- propagation ---------------------------------------------------------------------------------

struct PropagationRow {
  const char* option;
  const char* outer;  // what mountinfo says of the volume and of what is mounted in it
  const char* inner;
};

std::ostream& operator<<(std::ostream& stream, const PropagationRow& row) {
  return stream << row.option;
}

class Propagation : public SystemTest, public ::testing::WithParamInterface<PropagationRow> {};
INSTANTIATE_TEST_SUITE_P(
    Mounts, Propagation,
    ::testing::Values(PropagationRow{"private", "", "shared"}, PropagationRow{"rprivate", "", ""},
                      PropagationRow{"shared", "shared", "shared"},
                      PropagationRow{"rshared", "shared", "shared"},
                      PropagationRow{"slave", "master", "shared"},
                      PropagationRow{"rslave", "master", "master"},
                      PropagationRow{"unbindable", "unbindable", "shared"},
                      PropagationRow{"runbindable", "unbindable", "unbindable"}),
    [](const ::testing::TestParamInfo<PropagationRow>& row) {
      return std::string(row.param.option);
    });

// "shared:12 master:3" -> "shared master"
std::string kinds(const Value& mount) {
  std::string all;
  for (const std::string& field : mount["/propagation"].texts()) {
    all += (all.empty() ? "" : " ") + field.substr(0, field.find(':'));
  }
  return all;
}

TEST_P(Propagation, OfABindIsShown) {
  const HostTmpfs outer(path("outer"), 0, Sharing::shared);
  const HostTmpfs inner(path("outer/inner"), 0, Sharing::shared);
  box.config().set("/linux/rootfsPropagation", "shared");
  box.bundle.add_mount("/all", "none", outer.point(), {"rbind", GetParam().option});
  const Value report = box.report();
  EXPECT_EQ(kinds(mount_at(report, "/all")), GetParam().outer);
  EXPECT_EQ(kinds(mount_at(report, "/all/inner")), GetParam().inner);
}

TEST_P(Propagation, OfAFileSystemIsShown) {
  const std::string option = GetParam().option;
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {option});
  // A new mount has nothing to be a slave of.
  const std::string expected = option.ends_with("slave") ? "" : GetParam().outer;
  EXPECT_EQ(kinds(mount_at(box.report(), "/volume")), expected);
}

// --- the rest ------------------------------------------------------------------------------------

class MountOptions : public SystemTest {
 protected:
  std::string make_volume() const {
    fs::create_directories(path("volume"));
    std::ofstream(path("volume/file")) << "content";
    return path("volume");
  }
  void fill_root_directory() {
    fs::create_directories(box.bundle.rootfs("/data/sub"));
    std::ofstream(box.bundle.rootfs("/data/file")) << "from the image";
    std::ofstream(box.bundle.rootfs("/data/sub/deep")) << "deep";
    fs::create_symlink("file", box.bundle.rootfs("/data/link"));
    fs::permissions(box.bundle.rootfs("/data"), fs::perms{0710});
  }
};

TEST_F(MountOptions, UnboundOnesOfOtherToolsAreNoConcern) {
  KNOWN_GAP(kRunc, "it hands them to the file system");
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"x-systemd.automount", "nofail", "_netdev"});
  EXPECT_EQ(mount_at(box.report(), "/volume")["/type"], "tmpfs");
}

TEST_F(MountOptions, UnknownOneIsToldByTheFileSystem) {
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"no-such-option"});
  EXPECT_TRUE(fails_with(box.create(), "mount /volume \\(tmpfs\\): .*no-such-option"));
}

TEST_F(MountOptions, TmpcopyupFillsATmpfsWithTheImage) {
  fill_root_directory();
  box.bundle.add_mount("/data", "tmpfs", "tmpfs", {"tmpcopyup"});
  const Words answers = box.attempt({{"read", "/data/file"},
                                     {"read", "/data/sub/deep"},
                                     {"stat", "/data"},
                                     {"create", "/data/new", "x"}});
  EXPECT_EQ(answers, (Words{"from the image", "deep", "directory 0710 0:0", "ok"}));
  EXPECT_FALSE(fs::exists(box.bundle.rootfs("/data/new")));
}

TEST_F(MountOptions, TmpcopyupKeepsLinks) {
  KNOWN_GAP(kRunc, "it follows them");
  fill_root_directory();
  box.bundle.add_mount("/data", "tmpfs", "tmpfs", {"tmpcopyup", "ro"});
  EXPECT_EQ(box.attempt({{"stat", "/data/link"}, {"create", "/data/new", "x"}}),
            (Words{"link 0777 0:0 file", "EROFS"}));
}

TEST_F(MountOptions, RemountOfABindChangesThatMountAlone) {
  const HostTmpfs source(path("source"), 0);
  box.bundle.add_mount("/volume", "none", source.point(), {"bind"});
  box.bundle.add_mount("/volume", "none", source.point(), {"remount", "bind", "ro", "nosuid"});
  EXPECT_TRUE(has_options(mount_at(box.report(), "/volume"), {"ro", "nosuid"}));
  std::ofstream(source.point() + "/file") << "x";
  EXPECT_TRUE(fs::exists(source.point() + "/file"));
}

// --- what podman and crun have beyond the specification ------------------------------------------

TEST_F(MountOptions, CopySymlinkMakesTheSameLinkInside) {
  KNOWN_GAP(kRunc, "the option is crun's");
  fs::create_symlink("../anywhere", path("link"));
  box.bundle.add_mount("/etc/link", "none", path("link"), {"bind", "copy-symlink"});
  EXPECT_EQ(box.attempt({{"stat", "/etc/link"}}), Words{"link 0777 0:0 ../anywhere"});
  // A second container on the same root finds it there.
  EXPECT_EQ(box.attempt({{"stat", "/etc/link"}}), Words{"link 0777 0:0 ../anywhere"});
}

TEST_F(MountOptions, CopySymlinkBindsWhatIsNoLink) {
  KNOWN_GAP(kRunc, "the option is crun's");
  box.bundle.add_mount("/volume", "none", make_volume(), {"bind", "copy-symlink"});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}}), Words{"content"});
}

TEST_F(MountOptions, CopySymlinkOverwritesNothing) {
  KNOWN_GAP(kRunc, "the option is crun's");
  fs::create_symlink("../anywhere", path("link"));
  std::ofstream(box.bundle.rootfs("/etc/link")) << "a file";
  box.bundle.add_mount("/etc/link", "none", path("link"), {"bind", "copy-symlink"});
  EXPECT_TRUE(fails_with(box.create(), "mount /etc/link: .*something else is there already"));
}

TEST_F(MountOptions, SrcNofollowBindsTheLinkItself) {
  KNOWN_GAP(kRunc, "the option is crun's");
  std::ofstream(path("file")) << "content";
  fs::create_symlink("file", path("link"));
  fs::create_symlink("/dangling", box.bundle.rootfs("/etc/target"));
  box.bundle.add_mount("/etc/target", "none", path("link"),
                       {"bind", "src-nofollow", "dest-nofollow"});
  EXPECT_EQ(box.attempt({{"stat", "/etc/target"}}), Words{"link 0777 0:0 file"});
}

TEST_F(MountOptions, DestNofollowCoversTheLinkAndNotItsTarget) {
  KNOWN_GAP(kRunc, "the option is crun's");
  std::ofstream(box.bundle.rootfs("/etc/real")) << "the image's";
  fs::create_symlink("real", box.bundle.rootfs("/etc/target"));
  std::ofstream(path("file")) << "content";
  box.bundle.add_mount("/etc/target", "none", path("file"), {"bind", "dest-nofollow"});
  EXPECT_EQ(box.attempt({{"read", "/etc/target"}, {"read", "/etc/real"}}),
            (Words{"content", "the image's"}));
}

TEST_F(MountOptions, DestNofollowCoversNoProc) {
  KNOWN_GAP(kRunc, "the option is crun's");
  fs::remove(box.bundle.rootfs("/proc"));
  fs::create_symlink("tmp", box.bundle.rootfs("/proc"));
  box.config().set("/mounts", Value::parse("[]"));
  box.bundle.add_mount("/proc", "none", make_volume(), {"bind", "dest-nofollow"});
  EXPECT_TRUE(fails_with(box.create(), "/proc"));
}

}  // namespace
}  // namespace gocker::test
