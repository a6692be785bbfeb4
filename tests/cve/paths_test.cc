// Paths of a config.json that an image's links lead out of its root.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cve/attack.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Paths : public Attack {
 protected:
  struct Kind {
    const char* type;
    std::string source;
    Words options;
  };
  std::vector<Kind> kinds_of_mounts() const {
    const std::string volume = make_volume();
    return {{"none", volume, {"bind"}},  {"none", volume + "/file", {"bind"}},
            {"none", volume, {"rbind"}}, {"tmpfs", "tmpfs", {}},
            {"tmpfs", "tmpfs", {"ro"}},  {"tmpfs", "tmpfs", {"tmpcopyup"}},
            {"proc", "proc", {}},        {"sysfs", "sysfs", {"ro"}},
            {"mqueue", "mqueue", {}},    {"devpts", "devpts", {"newinstance"}},
            {"cgroup", "cgroup", {"ro"}}};
  }
};

TEST_F(Paths, TargetsOfMounts) {
  row("CVE-2019-18837, CVE-2024-45310",
      "each kind of mount at a link, below a link, and with dots, that lead out");
  int tried = 0;
  for (const Kind& kind : kinds_of_mounts()) {
    for (const std::string& way : ways_to(outside())) {
      for (const std::string& below : {std::string(), std::string("/new/below")}) {
        Container& container = add_container();
        plant_link(container, "/etc/link", way);
        container.bundle.add_mount("/etc/link" + below, kind.type, kind.source, kind.options);
        container.bundle.set_command({"exit", "0"});
        container.run();
        ++tried;
      }
    }
    Container& container = add_container();
    container.bundle.add_mount("/etc/" + climbing(outside("/new")), kind.type, kind.source,
                               kind.options);
    container.bundle.set_command({"exit", "0"});
    container.run();
    ++tried;
  }
  note(std::to_string(tried) + " containers");
  expect_outside_untouched();
}

TEST_F(Paths, OtherThanMounts) {
  row("CVE-2019-18837, CVE-2024-45310",
      "devices, masked and read-only paths, and cwd below a link that leads out");
  for (const std::string& way : ways_to(outside())) {
    const auto container_with_link = [&]() -> Container& {
      Container& container = add_container();
      plant_link(container, "/etc/link", way);
      container.bundle.set_command({"exit", "0"});
      return container;
    };
    Container& device = container_with_link();
    device.config().append("/linux/devices", R"({"path": "/etc/link/new", "type": "c", "major": 10,
        "minor": 229, "uid": 1, "gid": 1})"_json);
    device.run();
    Container& hidden = container_with_link();
    hidden.config().set("/linux/maskedPaths", Words{"/etc/link", "/etc/link/canary"});
    hidden.config().set("/linux/readonlyPaths", Words{"/etc/link", "/etc/link/canary"});
    hidden.run();
    Container& working = container_with_link();
    working.config().set("/process/cwd", "/etc/link/new/below");
    working.run();
  }
  expect_outside_untouched();
}

TEST_F(Paths, TreesThatAreCopied) {
  row("CVE-2020-10696, CVE-2024-1753, CVE-2024-9676",
      "tmpcopyup of links, FIFOs and devices that lead out");
  const std::string data = box.bundle.rootfs("/data");
  fs::create_directories(data + "/below");
  fs::create_symlink(climbing(outside("/canary")), data + "/link");
  fs::create_symlink(climbing(outside()), data + "/below/directory");
  ASSERT_EQ(::mkfifo((data + "/fifo").c_str(), 0666), 0);
  ASSERT_EQ(::mknod((data + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  box.bundle.add_mount("/data", "tmpfs", "tmpfs", {"tmpcopyup"});
  box.bundle.set_command(
      {"try", "read", "/data/link", "--", "read", "/data/below/directory/canary"});
  const Outcome outcome = box.run();
  EXPECT_FALSE(outcome.timed_out);
  if (outcome) {
    EXPECT_EQ(outcome.out.find("untouched"), std::string::npos) << outcome;
  }
  expect_outside_untouched();
}

}  // namespace
}  // namespace gocker::test
