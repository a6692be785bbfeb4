// /dev of the image's making: where nodes, links and the terminal go, and what /dev/null is.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cve/attack.h"
#include "tests/system/descriptor_socket.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Dev : public Attack {
 protected:
  Outcome run_with_terminal(Container& container) {
    const std::string name = path(container.id() + ".sock");
    const DescriptorSocket socket(name);
    container.config().set("/process/terminal", true);
    return container.run({"--detach", "--console-socket", name});
  }
  Container& container_with_own_dev() {
    Container& container = add_container();
    use_own_dev(container);
    container.bundle.set_command({"exit", "0"});
    return container;
  }
};

TEST_F(Dev, IsALink) {
  row("CVE-2026-41579, CVE-2026-47766", "/dev of the image is a link to a directory of the host");
  for (const std::string& target : ways_to(outside())) {
    Container& own = container_with_own_dev();
    plant_link(own, "/dev", target);
    own.run();
    Container& with_mount = add_container();
    with_mount.bundle.set_command({"exit", "0"});
    plant_link(with_mount, "/dev", target);
    with_mount.run();
    Container& with_terminal = container_with_own_dev();
    plant_link(with_terminal, "/dev", target);
    run_with_terminal(with_terminal);
  }
  expect_outside_untouched();
}

TEST_F(Dev, NullMasksNothing) {
  row("CVE-2025-31133, CVE-2025-62161",
      "/dev/null is a link, so what it leads to is put over a masked path");
  for (const char* target : {"/etc/passwd", "/proc/sys/kernel/core_pattern", "/proc/version"}) {
    Container& container = container_with_own_dev();
    plant_link(container, "/dev/null", target);
    container.config().set("/linux/maskedPaths", Words{"/proc/keys", "/proc/timer_list"});
    container.bundle.set_command({"try", "read", "/proc/keys", "--", "read", "/proc/timer_list"});
    const Outcome outcome = container.run();
    if (outcome) {
      EXPECT_EQ(outcome.out, "[\"\",\"\"]\n") << target;
    }
  }
}

TEST_F(Dev, NullOfTheStreamsLeadsOut) {
  row("CVE-2026-88265",
      "/dev/null is a link to a file of the host, and the streams are opened anew");
  for (const std::string& target :
       {outside("/canary"), climbing(outside("/canary")), std::string("/volume/canary")}) {
    Container& container = container_with_own_dev();
    container.bundle.add_mount("/volume", "none", outside(), {"bind"});
    plant_link(container, "/dev/null", target);
    container.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
    container.bundle.set_command({"report"});
    const Outcome outcome = container.run();
    if (!outcome) continue;
    const Value report = Value::parse(outcome.out);
    EXPECT_EQ(report["/fds/0/target"].text().find("canary"), std::string::npos) << target;
  }
  expect_outside_untouched();
}

TEST_F(Dev, ConsoleLeadsOut) {
  row("CVE-2026-88264", "/dev/console is a link or a directory, with and without a writable root");
  for (const std::string& target : {outside("/canary"), climbing(outside("/canary")),
                                    outside("/new"), climbing(outside("/new"))}) {
    for (const bool read_only : {false, true}) {
      Container& container = container_with_own_dev();
      plant_link(container, "/dev/console", target);
      container.config().set("/root/readonly", read_only);
      run_with_terminal(container);
    }
  }
  Container& directory = container_with_own_dev();
  fs::create_directory(directory.bundle.rootfs("/dev/console"));
  run_with_terminal(directory);
  expect_outside_untouched();
}

TEST_F(Dev, ConsoleIsNoTerminal) {
  row("CVE-2025-52565", "/dev/pts of the image has links in the terminals' places");
  for (const std::string& target : {std::string("/proc/version"), climbing(outside("/canary"))}) {
    Container& container = container_with_own_dev();
    for (int number = 0; number < 20; ++number) {
      plant_link(container, "/dev/pts/" + std::to_string(number), target);
    }
    ASSERT_EQ(
        ::mknod(container.bundle.rootfs("/dev/pts/ptmx").c_str(), S_IFCHR | 0666, makedev(5, 2)),
        0);
    fs::create_symlink("pts/ptmx", container.bundle.rootfs("/dev/ptmx"));
    container.bundle.set_command({"sleep"});
    if (!run_with_terminal(container)) continue;
    const Outcome seen =
        runtime.call({"exec", container.id(), "/inside", "try", "stat", "/dev/console"});
    EXPECT_TRUE(seen.out.starts_with("[\"char ")) << target << ": " << seen;
  }
  expect_outside_untouched();
}

// A file that a runtime makes in the image is made where the image's link says.
TEST_F(Dev, FilesArePlanted) {
  row("CVE-2025-24965",
      "links where runtimes make files: /dev/*, /.krun_config.json, /run/.containerenv");
  Container& container = container_with_own_dev();
  for (const char* name : {"/.krun_config.json", "/.krun_vm.json", "/run/.containerenv",
                           "/run/notify",        "/etc/hostname",  "/etc/hosts",
                           "/etc/resolv.conf",   "/etc/mtab",      "/dev/fd",
                           "/dev/stdin",         "/dev/stdout",    "/dev/stderr",
                           "/dev/core",          "/dev/ptmx",      "/dev/zero",
                           "/dev/full",          "/dev/random",    "/dev/urandom",
                           "/dev/tty",           "/dev/console",   "/dev/shm",
                           "/dev/mqueue",        "/dev/fuse"}) {
    plant_link(container, name, climbing(outside("/new-" + fs::path(name).filename().string())));
  }
  container.config().append(
      "/linux/devices", R"({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229})"_json);
  container.run();
  run_with_terminal(container);
  expect_outside_untouched();
}

}  // namespace
}  // namespace gocker::test
