// What was looked at is exchanged before it is used. The runtime is traced, so that every system
// call of it gives the attacker time, and so that one knows which exchanges fell between the look
// and the use.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/cve/attack.h"
#include "tests/cve/exchanger.h"
#include "tests/system/descriptor_socket.h"
#include "tests/tracer/race_counters.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// $GOCKER_RACE_STARTS: fewer where a machine is slow.
int starts_of_a_race() {
  const char* wanted = std::getenv("GOCKER_RACE_STARTS");
  return wanted == nullptr ? 100 : std::max(std::atoi(wanted), 1);
}
constexpr int kMostStarts = 1000;             // in the hope of an exchange that hits
constexpr uint64_t kExchangesPerStart = 100;  // at least, on average

class Race : public Attack {
 protected:
  using Judge = std::function<void(const Outcome&)>;

  // A shared volume at /volume with a directory `target`, and `link` that leads out.
  void share_volume_with_link(const std::string& link_target) {
    fs::create_directories(path("volume/target"));
    fs::create_symlink(link_target, path("volume/link"));
    box.bundle.add_mount("/volume", "none", path("volume"), {"bind"});
  }

  // Runs the container again and again while the two names of the directory are exchanged.
  // `watched` is the part of a path by which the runtime's lookups are known.
  void race(const std::string& directory, const std::string& one, const std::string& other,
            const std::string& watched, const Judge& judge, const Words& options = {}) {
    const std::string counters_file = path("counters");
    tracer::RaceCounters& counters = tracer::map_race_counters(counters_file);
    Program program = box.program("run", options);
    const Words traced = {TRACER_PROGRAM, "--watch", watched, counters_file, "--"};
    program.args.insert(program.args.begin(), traced.begin(), traced.end());
    const int starts = starts_of_a_race();
    const uint64_t least_exchanges = static_cast<uint64_t>(starts) * kExchangesPerStart;
    int runs = 0;
    int started = 0;
    {
      const Exchanger exchanger(directory, one, other, counters_file);
      const auto is_enough = [&] {
        if (runs < starts || counters.exchanges < least_exchanges) return false;
        return counters.inside > 0 || runs >= kMostStarts;
      };
      for (; !is_enough(); ++runs) {
        const Outcome outcome = run_program(program);
        if (outcome) ++started;
        judge(outcome);
        if (box.status() != "") box.remove_by_force();
      }
    }
    note(std::to_string(counters.exchanges) + " exchanges, " + std::to_string(counters.inside) +
         " of them in a window; " + std::to_string(started) + " of " + std::to_string(runs) +
         " started");
    // Else nothing was tried.
    if (Runtime::is_gocker()) {
      EXPECT_GT(counters.inside, 0U);
    }
  }
};

TEST_F(Race, TargetOfAMount) {
  row("CVE-2021-30465",
      "a mount point in a volume is exchanged for a link to the host's directory");
  share_volume_with_link(climbing(outside()));
  // Where the tmpfs lands on the host's path, the next mount shows it in place of the canary.
  box.bundle.add_mount("/volume/target", "tmpfs", "tmpfs", {});
  box.bundle.add_mount("/check", "none", outside(), {"bind", "ro"});
  box.bundle.set_command({"try", "read", "/check/canary"});
  race(path("volume"), "target", "link", "volume/target", [&](const Outcome& outcome) {
    if (outcome) {
      EXPECT_EQ(outcome.out, "[\"untouched\"]\n");
    }
  });
  expect_outside_untouched();
}

TEST_F(Race, DirectoriesThatAreMade) {
  row("CVE-2024-45310",
      "mount points are made below a directory that is exchanged for such a link");
  share_volume_with_link(climbing(outside()));
  box.bundle.add_mount("/volume/target/a/b", "tmpfs", "tmpfs", {});
  box.bundle.set_command({"exit", "0"});
  race(path("volume"), "target", "link", "volume/target", [&](const Outcome&) {
    expect_outside_untouched();
    // For the next start to make them again.
    for (const char* name : {"/target/a", "/link/a"}) fs::remove_all(path("volume") + name);
  });
}

TEST_F(Race, FilesThatAreMade) {
  row("CVE-2024-45310", "the same with the mount point of a file");
  share_volume_with_link(climbing(outside()));
  std::ofstream(path("source")) << "source";
  box.bundle.add_mount("/volume/target/file", "none", path("source"), {"bind"});
  box.bundle.set_command({"exit", "0"});
  race(path("volume"), "target", "link", "volume/target",
       [&](const Outcome&) { expect_outside_untouched(); });
}

TEST_F(Race, ReadOnlyPath) {
  row("GHSA-3q8j-pf29-vwv8", "a read-only path is exchanged between its mount and its remount");
  for (const char* name : {"volume/target", "volume/other"}) fs::create_directories(path(name));
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind"});
  box.config().set("/linux/readonlyPaths", Words{"/volume/target"});
  box.bundle.set_command({"report"});
  race(path("volume"), "target", "other", "volume/target", [&](const Outcome& outcome) {
    if (!outcome) return;
    const Value report = Value::parse(outcome.out);
    for (const Value& mount : report["/mounts"].elements()) {
      if (!mount["/point"].text().starts_with("/volume/")) continue;
      EXPECT_TRUE(has_option(mount, "ro")) << mount;
    }
  });
}

TEST_F(Race, NullThatMasks) {
  row("CVE-2025-31133", "/dev/null is exchanged for a link while it is put over a masked path");
  use_own_dev(box);
  ASSERT_EQ(::mknod(box.bundle.rootfs("/dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  fs::create_symlink("/proc/version", box.bundle.rootfs("/dev/evil"));
  box.config().set("/linux/maskedPaths", Words{"/proc/keys", "/proc/timer_list"});
  box.bundle.set_command({"try", "read", "/proc/keys", "--", "read", "/proc/timer_list"});
  race(box.bundle.rootfs("/dev"), "null", "evil", "null", [&](const Outcome& outcome) {
    if (outcome) {
      EXPECT_EQ(outcome.out, "[\"\",\"\"]\n");
    }
  });
}

TEST_F(Race, Console) {
  row("CVE-2025-52565, CVE-2026-88264",
      "/dev/console is exchanged for a link while the terminal is mounted");
  use_own_dev(box);
  fs::create_directory(box.bundle.rootfs("/dev/pts"));
  box.bundle.add_mount("/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666"});
  std::ofstream(box.bundle.rootfs("/dev/console")).close();
  fs::create_symlink(climbing(outside("/canary")), box.bundle.rootfs("/dev/evil"));
  box.config().set("/process/terminal", true);
  box.bundle.set_command({"exit", "0"});
  const std::string socket_path = path("console.sock");
  DescriptorSocket socket(socket_path);
  race(box.bundle.rootfs("/dev"), "console", "evil", "console",
       [&](const Outcome& outcome) {
         if (outcome) socket.receive();
         expect_outside_untouched();
       },
       {"--detach", "--console-socket", socket_path});
}

TEST_F(Race, Dev) {
  row("CVE-2026-41579",
      "/dev is exchanged for a link to the host's directory while nodes are made");
  use_own_dev(box);
  fs::create_symlink(climbing(outside()), box.bundle.rootfs("/evil"));
  box.bundle.set_command({"exit", "0"});
  race(box.bundle.rootfs(), "dev", "evil", "/dev",
       [&](const Outcome&) { expect_outside_untouched(); });
}

TEST_F(Race, Proc) {
  row("CVE-2019-19921, CVE-2023-27561",
      "/proc is exchanged for a link while it is mounted and written to");
  fs::create_directories(box.bundle.rootfs("/fake/sys/net/ipv4"));
  std::ofstream(box.bundle.rootfs("/fake/sys/net/ipv4/ip_forward")) << "0";
  fs::create_symlink("/fake", box.bundle.rootfs("/evil"));
  box.config().set("/linux/sysctl", R"({"net.ipv4.ip_forward": "1"})"_json);
  box.bundle.set_command({"try", "read", "/proc/sys/net/ipv4/ip_forward"});
  race(box.bundle.rootfs(), "proc", "evil", "/proc", [&](const Outcome& outcome) {
    // Where the kernel's own file is seen, it must have taken the value.
    if (outcome) {
      EXPECT_NE(outcome.out, "[\"0\\n\"]\n");
    }
  });
}

}  // namespace
}  // namespace gocker::test
