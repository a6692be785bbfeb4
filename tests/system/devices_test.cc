// Device nodes, links and the device cgroup (config-linux.md, "Devices", "Default Devices",
// "Allowed Device list"; runtime-linux.md, "Dev symbolic links").
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFuse = R"({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229})";

class Devices : public SystemTest {
 protected:
  void add_rule(const char* json) {
    box.config().append("/linux/resources/devices", Value::parse(json));
  }
  // Opens /dev/fuse, which is in the container, for reading and for writing.
  Words open_fuse() {
    return box.attempt({{"open", "/dev/fuse", "r"}, {"open", "/dev/fuse", "w"}});
  }
};

struct Node {
  const char* name;
  int minor;
  int major;
};
constexpr Node kDefaultNodes[] = {{"null", 3, 1},   {"zero", 5, 1},    {"full", 7, 1},
                                  {"random", 8, 1}, {"urandom", 9, 1}, {"tty", 0, 5}};

TEST_F(Devices, DefaultOnesAreThere) {
  const Value report = box.report();
  for (const Node& node : kDefaultNodes) {
    const Value device = device_at(report, std::string("/dev/") + node.name);
    EXPECT_EQ(device["/type"], "char") << node.name;
    EXPECT_EQ(device["/major"], node.major) << node.name;
    EXPECT_EQ(device["/minor"], node.minor) << node.name;
    EXPECT_EQ(device["/mode"], "0666") << node.name;
    EXPECT_EQ(device["/uid"], 0) << node.name;
    EXPECT_EQ(device["/gid"], 0) << node.name;
  }
}

TEST_F(Devices, DefaultOnesCanBeUsedWhereAllIsDenied) {
  EXPECT_EQ(box.attempt({{"write", "/dev/null", "x"},
                         {"open", "/dev/zero", "rw"},
                         {"write", "/dev/full", "x"},
                         {"open", "/dev/random", "r"},
                         {"open", "/dev/urandom", "r"},
                         {"open", "/dev/ptmx", "rw"}}),
            (Words{"ok", "ok", "ENOSPC", "ok", "ok", "ok"}));
}

TEST_F(Devices, LinksAreThere) {
  const Value report = box.report();
  const std::pair<const char*, const char*> links[] = {{"/dev/fd", "/proc/self/fd"},
                                                       {"/dev/stdin", "/proc/self/fd/0"},
                                                       {"/dev/stdout", "/proc/self/fd/1"},
                                                       {"/dev/stderr", "/proc/self/fd/2"}};
  for (const auto& [path, target] : links) {
    EXPECT_EQ(device_at(report, path)["/type"], "link") << path;
    EXPECT_EQ(device_at(report, path)["/target"], target) << path;
  }
}

TEST_F(Devices, NothingElseIsThere) {
  Words names;
  for (const Value& device : box.report()["/devices"].elements()) {
    names.push_back(device["/path"].text());
  }
  const Words expected = {"/dev/fd",    "/dev/full",     "/dev/null",   "/dev/ptmx",
                          "/dev/pts",   "/dev/pts/ptmx", "/dev/random", "/dev/stderr",
                          "/dev/stdin", "/dev/stdout",   "/dev/tty",    "/dev/urandom",
                          "/dev/zero"};
  for (const std::string& name : names) {
    if (name == "/dev/core") continue;  // some runtimes link it to /proc/kcore where that exists
    EXPECT_NE(std::find(expected.begin(), expected.end(), name), expected.end()) << name;
  }
}

TEST_F(Devices, ConfiguredOneHasItsModeAndOwner) {
  box.config().append("/linux/devices", R"({"path": "/dev/fuse", "type": "c", "major": 10,
      "minor": 229, "fileMode": 432, "uid": 7, "gid": 8})"_json);
  const Value device = device_at(box.report(), "/dev/fuse");
  EXPECT_EQ(device["/type"], "char");
  EXPECT_EQ(device["/major"], 10);
  EXPECT_EQ(device["/minor"], 229);
  EXPECT_EQ(device["/mode"], "0660");
  EXPECT_EQ(device["/uid"], 7);
  EXPECT_EQ(device["/gid"], 8);
}

// The mode is the configuration's, not what the caller's umask makes of it.
TEST_F(Devices, UmaskDoesNotTouchTheMode) {
  box.config().append("/linux/devices", R"({"path": "/dev/fuse", "type": "c", "major": 10,
      "minor": 229, "fileMode": 438})"_json);
  box.config().set("/process/user/umask", 077);
  EXPECT_EQ(device_at(box.report(), "/dev/fuse")["/mode"], "0666");
}

TEST_F(Devices, MayLieInNewDirectoriesAndOutsideOfDev) {
  box.config().append("/linux/devices",
                      R"({"path": "/dev/net/fuse", "type": "c", "major": 10, "minor": 229})"_json);
  box.config().append("/linux/devices",
                      R"({"path": "/opt/fifo", "type": "p", "fileMode": 384})"_json);
  EXPECT_EQ(device_at(box.report(), "/dev/net/fuse")["/minor"], 229);
  EXPECT_EQ(box.attempt({{"stat", "/opt/fifo"}}), Words{"fifo 0600 0:0"});
}

TEST_F(Devices, BlockDeviceIsMade) {
  box.config().append("/linux/devices",
                      R"({"path": "/dev/loop0", "type": "b", "major": 7, "minor": 0})"_json);
  const Value device = device_at(box.report(), "/dev/loop0");
  EXPECT_EQ(device["/type"], "block");
  EXPECT_EQ(device["/major"], 7);
}

TEST_F(Devices, TypeUIsACharacterDevice) {
  box.config().append("/linux/devices",
                      R"({"path": "/dev/fuse", "type": "u", "major": 10, "minor": 229})"_json);
  EXPECT_EQ(device_at(box.report(), "/dev/fuse")["/type"], "char");
}

TEST_F(Devices, FifoIsMade) {
  box.config().append("/linux/devices",
                      R"({"path": "/dev/pipe", "type": "p", "fileMode": 416})"_json);
  EXPECT_EQ(box.attempt({{"stat", "/dev/pipe"}}), Words{"fifo 0640 0:0"});
}

TEST_F(Devices, DefaultOneMayBeConfiguredOnceMore) {
  add_rule(R"({"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"})");
  box.config().append("/linux/devices", R"({"path": "/dev/null", "type": "c", "major": 1,
      "minor": 3, "fileMode": 438, "uid": 0, "gid": 0})"_json);
  EXPECT_EQ(device_at(box.report(), "/dev/null")["/minor"], 3);
}

TEST_F(Devices, WithoutAMountTheyLieInTheRootFileSystem) {
  box.config().remove("/mounts/2");
  box.config().remove("/mounts/1");
  const Value report = box.report();
  EXPECT_EQ(device_at(report, "/dev/null")["/major"], 1);
  EXPECT_EQ(device_at(report, "/dev/fd")["/target"], "/proc/self/fd");
}

// `--volume /dev:/dev` must not make the runtime change the host's directory.
TEST_F(Devices, BoundDevIsLeftAlone) {
  fs::create_directory(path("dev"));
  ASSERT_EQ(::mknod(path("dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  box.config().remove("/mounts/2");
  box.config().remove("/mounts/1");
  box.bundle.add_mount("/dev", "bind", path("dev"), {"rbind", "rprivate"});
  EXPECT_EQ(box.report()["/devices"].size(), 1U);
  EXPECT_EQ(std::distance(fs::directory_iterator(path("dev")), fs::directory_iterator()), 1);
}

TEST_F(Devices, DeniedOneCannotBeOpened) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  EXPECT_EQ(open_fuse(), (Words{"EPERM", "EPERM"}));
}

TEST_F(Devices, AllowedOneCanBeOpened) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  add_rule(R"({"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm"})");
  EXPECT_EQ(open_fuse(), (Words{"ok", "ok"}));
}

TEST_F(Devices, AccessIsGrantedByLetter) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  add_rule(R"({"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"})");
  EXPECT_EQ(open_fuse(), (Words{"ok", "EPERM"}));
}

TEST_F(Devices, LaterRuleWins) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  add_rule(R"({"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"})");
  add_rule(R"({"allow": false, "type": "c", "major": 10, "minor": 229, "access": "w"})");
  EXPECT_EQ(open_fuse(), (Words{"ok", "EPERM"}));
}

// podman writes the letters in this order and leaves out the minor number for "all".
TEST_F(Devices, RuleWithoutMinorMeansAll) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  add_rule(R"({"allow": true, "type": "c", "major": 10, "access": "rmw"})");
  EXPECT_EQ(open_fuse(), (Words{"ok", "ok"}));
}

TEST_F(Devices, RuleWithoutTypeMeansAll) {
  box.config().append("/linux/devices", Value::parse(kFuse));
  add_rule(R"({"allow": true, "access": "rwm"})");
  EXPECT_EQ(open_fuse(), (Words{"ok", "ok"}));
}

TEST_F(Devices, RulesHoldForNodesThatTheContainerMakes) {
  const Words answers =
      box.attempt({{"mknod", "/tmp/fuse", "c", "10", "229"}, {"open", "/tmp/fuse", "r"}});
  // A runtime may let nodes be made, but never be opened.
  EXPECT_EQ(answers[1], answers[0] == "ok" ? "EPERM" : "ENOENT");
}

}  // namespace
}  // namespace gocker::test
