#include "tests/unit/cgroup/test_groups.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

void join(const std::vector<Fd>& tasks_files) {
  for (const Fd& file : tasks_files) write_all(file, "0", "tasks");
}

// In a child, whose destructors belong to the parent.
[[noreturn]] void finish(const std::function<int()>& work) {
  int code = 99;
  try {
    code = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in a child: %s\n", error.what());
  }
  std::fflush(nullptr);
  exit_now(code);
}

Child start(const Cgroup& cgroup, const std::function<int()>& work) {
  const std::vector<Fd> tasks_files = cgroup.open_tasks_files();
  std::optional<Child> child = clone_child(0, cgroup.unified_directory());
  if (!child) {
    finish([&] {
      join(tasks_files);
      return work();
    });
  }
  return std::move(*child);
}

void enter_unified_host() {
  const std::string source = cgroup_host().find("")->mount_point;
  check(::unshare(CLONE_NEWNS), "unshare");
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount");
  check(::mount(source.c_str(), "/sys/fs/cgroup", nullptr, MS_BIND, nullptr), "mount", source);
}

}  // namespace

void TestGroups::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make control groups";
  if (cgroup_host().hierarchies.empty()) GTEST_SKIP() << "no control groups are mounted";
  static int counter = 0;
  top_ = "/gocker-test-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
}

void TestGroups::TearDown() {
  if (top_.empty()) return;
  CgroupPaths paths = plan("");
  for (auto& hierarchy : paths.hierarchies) hierarchy.owned = true;
  Cgroup groups(paths);
  groups.thaw();
  groups.kill_all(SIGKILL);
  groups.remove();
}

CgroupPaths TestGroups::plan(const std::string& name) const {
  return plan_cgroups(top_ + "/" + name, "unused");
}

std::string TestGroups::directory(const std::string& controller, const std::string& name) const {
  const CgroupHost::Hierarchy* hierarchy = cgroup_host().find(controller);
  if (hierarchy == nullptr) return {};
  return hierarchy->mount_point + top_ + (name.empty() ? "" : "/" + name);
}

Child TestGroups::start_inside(const Cgroup& cgroup, const std::function<void()>& work) {
  const auto [ours, theirs] = socket_pair();
  Child child = start(cgroup, [&] {
    work();
    send_packet(theirs, "inside");
    while (true) ::pause();
    return 0;
  });
  pollfd polled[2]{{ours.get(), POLLIN, 0}, {child.pidfd().get(), POLLIN, 0}};
  check(::poll(polled, 2, kPatience), "poll");
  EXPECT_NE(polled[0].revents & POLLIN, 0) << "it died";
  return child;
}

int TestGroups::run_inside(const Cgroup& cgroup, const std::function<int()>& work) {
  return exit_code_of(start(cgroup, work).wait());
}

void TestGroups::on_unified_host(const std::function<void(const CgroupHost& host)>& work) {
  if (cgroup_host().find("") == nullptr) GTEST_SKIP() << "no cgroup2 is mounted";
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    finish([&] {
      enter_unified_host();
      const CgroupHost host = parse_cgroup_host(read_file("/proc/self/mountinfo"));
      EXPECT_TRUE(host.unified_only());
      work(host);
      return HasFailure() ? 1 : 0;
    });
  }
  EXPECT_EQ(exit_code_of(child->wait()), 0) << "what failed is told above";
}

ThawAtEnd::~ThawAtEnd() {
  std::error_code ignored;
  const auto thaw = [](const std::filesystem::path& group) {
    std::ofstream(group / "freezer.state") << "THAWED";
  };
  thaw(directory_);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_, ignored)) {
    if (entry.is_directory(ignored)) thaw(entry.path());
  }
}

std::string content_of(const std::string& path) {
  return std::string(trim(read_file(path)));
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace gocker
