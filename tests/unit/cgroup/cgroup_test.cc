// The life of groups on this host, whatever its hierarchies are.
#include "runtime/cgroup/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <new>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

using CgroupTest = TestGroups;

std::vector<std::string> directories(const CgroupPaths& paths) {
  std::vector<std::string> list;
  for (const auto& hierarchy : paths.hierarchies) list.push_back(hierarchy.directory);
  return list;
}

// From the paths of /proc/PID/cgroup, as this process sees them.
size_t memberships(pid_t pid, const std::string& group) {
  const std::string content = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  const std::vector<std::string_view> lines = split(trim(content), '\n');
  return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [&](std::string_view line) {
    return line.ends_with(":" + group);
  }));
}

bool is_alive(const Child& process) {
  return process_start_time(process.pid()).has_value();
}

// A process that dies has left its groups a moment before it is gone.
bool ends_soon(const Child& process) {
  pollfd ended{process.pidfd().get(), POLLIN, 0};
  return ::poll(&ended, 1, kPatience) == 1;
}

TEST_F(CgroupTest, IsMadeInEveryHierarchyWithTheGroupsAboveAndUndone) {
  Cgroup cgroup(plan("a/b/c1"));
  cgroup.create();
  for (const std::string& path : directories(cgroup.paths())) EXPECT_TRUE(exists(path)) << path;
  cgroup.undo();
  for (const std::string& path : directories(plan(""))) EXPECT_FALSE(exists(path)) << path;
}

TEST_F(CgroupTest, UndoLeavesWhatWasThereBefore) {
  Cgroup first(plan("a"));
  first.create();
  Cgroup second(plan("a/b"));
  second.create();
  second.undo();
  for (const std::string& path : directories(first.paths())) EXPECT_TRUE(exists(path)) << path;
}

TEST_F(CgroupTest, HoldsAProcessThatWritesItselfIntoTheTasksFiles) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Child process = start_inside(cgroup);
  EXPECT_EQ(memberships(process.pid(), top() + "/c1"), cgroup.paths().hierarchies.size());
  EXPECT_EQ(cgroup.pids(), std::vector<pid_t>{process.pid()});
}

TEST_F(CgroupTest, CountsProcessesInTheGroupsBelow) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  Cgroup inner(plan("c1/x/y"));
  inner.create();
  const Child outside = start_inside(cgroup);
  const Child inside = start_inside(inner);
  std::vector<pid_t> expected{outside.pid(), inside.pid()};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(cgroup.pids(), expected);
  EXPECT_EQ(inner.pids(), std::vector<pid_t>{inside.pid()});
}

TEST_F(CgroupTest, FindsTheUnifiedGroupThatAProcessIsIn) {
  if (cgroup_host().find("") == nullptr) GTEST_SKIP() << "no cgroup2 is mounted";
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  Cgroup inner(plan("c1/x"));
  inner.create();
  const Child process = start_inside(inner);
  const Fd found = cgroup.unified_directory_of(process.pid());
  ASSERT_TRUE(found);
  char path[256]{};
  ASSERT_GT(::readlink(("/proc/self/fd/" + std::to_string(found.get())).c_str(), path, 255), 0);
  EXPECT_EQ(path, directory("", "c1/x"));
  EXPECT_FALSE(cgroup.unified_directory_of(::getpid()));
}

TEST_F(CgroupTest, InheritsTheCpusOfTheGroupsAbove) {
  if (cgroup_host().find("cpuset") == nullptr) GTEST_SKIP() << "no v1 cpuset hierarchy here";
  make_directories(directory("cpuset", "bare"), 0755);  // by hand, so without any CPU
  Cgroup cgroup(plan("bare/c1"));
  cgroup.create();
  const std::string all = content_of(cgroup_host().find("cpuset")->mount_point + "/cpuset.cpus");
  EXPECT_EQ(content_of(directory("cpuset", "bare/c1") + "/cpuset.cpus"), all);
  EXPECT_EQ(content_of(directory("cpuset", "bare") + "/cpuset.cpus"), all);
  const Child process = start_inside(cgroup);
  EXPECT_TRUE(is_alive(process));
}

TEST_F(CgroupTest, JoinsAGroupInUseAndLeavesItAndItsProcessesAlone) {
  Cgroup owner(plan("shared"));
  owner.create();
  const Child resident = start_inside(owner);

  Cgroup guest(plan("shared"));
  for (const auto& hierarchy : guest.paths().hierarchies) {
    EXPECT_FALSE(hierarchy.owned) << hierarchy.directory;
  }
  guest.create();
  const Child visitor = start_inside(guest);
  guest.kill_all(SIGKILL);
  guest.undo();
  guest.remove();
  EXPECT_TRUE(is_alive(resident));
  EXPECT_TRUE(is_alive(visitor));
  EXPECT_EQ(owner.pids().size(), 2U);
}

TEST_F(CgroupTest, NoticesAGroupThatSomebodyMadeAfterThePlan) {
  Cgroup cgroup(plan("c1"));
  Cgroup other(plan("c1"));
  other.create();
  cgroup.create();
  EXPECT_FALSE(cgroup.paths().hierarchies.front().owned);
  EXPECT_TRUE(other.paths().hierarchies.front().owned);
}

// A process that counts without end.
class Counter {
 public:
  Counter() {
    void* memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    count_ = new (memory) std::atomic<int>(0);
  }
  void count() const {
    while (true) {
      ++*count_;
      ::usleep(100);
    }
  }
  // A busy machine may leave it waiting for its turn, hence the patience.
  bool moves() const {
    const int before = count_->load();
    for (int waited = 0; waited < kPatience && count_->load() == before; ++waited) ::usleep(1000);
    return count_->load() != before;
  }
  bool stands_still() const {
    const int before = count_->load();
    ::usleep(50'000);
    return count_->load() == before;
  }

 private:
  std::atomic<int>* count_;
};

TEST_F(CgroupTest, FreezesAndThaws) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Counter counter;
  const Child process = start_inside(cgroup, [&] {
    if (::fork() == 0) counter.count();
  });
  const ThawAtEnd thaw(directory("freezer", "c1"));
  EXPECT_TRUE(counter.moves());
  EXPECT_FALSE(cgroup.is_frozen());
  cgroup.freeze();
  EXPECT_TRUE(counter.stands_still());
  EXPECT_TRUE(cgroup.is_frozen());
  cgroup.thaw();
  EXPECT_TRUE(counter.moves());
  EXPECT_FALSE(cgroup.is_frozen());
}

TEST_F(CgroupTest, SeesAndLiftsTheFreezeOfTheV1Controller) {
  if (cgroup_host().find("freezer") == nullptr) GTEST_SKIP() << "no v1 freezer hierarchy here";
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Child process = start_inside(cgroup);
  const ThawAtEnd thaw(directory("freezer", "c1"));
  write_file(directory("freezer", "c1") + "/freezer.state", "FROZEN");
  EXPECT_TRUE(cgroup.is_frozen());
  cgroup.thaw();
  EXPECT_FALSE(cgroup.is_frozen());
}

TEST_F(CgroupTest, FreezesByTheV1ControllerAlone) {
  if (cgroup_host().find("freezer") == nullptr) GTEST_SKIP() << "no v1 freezer hierarchy here";
  CgroupPaths paths = plan("c1");
  std::erase_if(paths.hierarchies, [](const auto& entry) { return entry.controllers.empty(); });
  Cgroup cgroup(paths);
  cgroup.create();
  const Counter counter;
  const Child process = start_inside(cgroup, [&] {
    if (::fork() == 0) counter.count();
  });
  const ThawAtEnd thaw(directory("freezer", "c1"));
  cgroup.freeze();
  EXPECT_TRUE(counter.stands_still());
  EXPECT_EQ(content_of(directory("freezer", "c1") + "/freezer.state"), "FROZEN");
  EXPECT_TRUE(cgroup.is_frozen());
  cgroup.kill_all(SIGKILL);
  cgroup.remove();
  EXPECT_TRUE(ends_soon(process));
}

TEST_F(CgroupTest, RefusesAFrozenGroup) {
  Cgroup above(plan("a"));
  above.create();
  above.freeze();
  Cgroup cgroup(plan("a/c1"));
  const std::string error = error_of([&] { cgroup.create(); });
  EXPECT_NE(error.find("is frozen: thaw it first"), std::string::npos) << error;
  cgroup.undo();
  EXPECT_FALSE(exists(cgroup.paths().hierarchies.front().directory));
}

TEST_F(CgroupTest, KillsFrozenProcessesToo) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Child process = start_inside(cgroup);
  const ThawAtEnd thaw(directory("freezer", "c1"));
  cgroup.freeze();
  cgroup.kill_all(SIGKILL);
  cgroup.remove();
  EXPECT_TRUE(ends_soon(process));
  for (const std::string& path : directories(cgroup.paths())) EXPECT_FALSE(exists(path)) << path;
}

TEST_F(CgroupTest, KillsWhatTheContainerFrozeInAGroupOfItsOwn) {
  if (cgroup_host().find("freezer") == nullptr) GTEST_SKIP() << "no v1 freezer hierarchy here";
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  Cgroup inner(plan("c1/inner"));
  inner.create();
  const Child process = start_inside(inner);
  const ThawAtEnd thaw(directory("freezer", "c1"));
  write_file(directory("freezer", "c1/inner") + "/freezer.state", "FROZEN");
  cgroup.kill_all(SIGKILL);
  cgroup.remove();
  EXPECT_TRUE(ends_soon(process));
}

TEST_F(CgroupTest, SendsOtherSignalsToAll) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  Cgroup inner(plan("c1/inner"));
  inner.create();
  Child first = start_inside(cgroup);
  Child second = start_inside(inner);
  cgroup.kill_all(SIGUSR1);
  EXPECT_EQ(exit_code_of(first.wait()), 128 + SIGUSR1);
  EXPECT_EQ(exit_code_of(second.wait()), 128 + SIGUSR1);
}

TEST_F(CgroupTest, KillsByPidWhereThereIsNoCgroupKill) {
  CgroupPaths paths = plan("c1");
  std::erase_if(paths.hierarchies, [](const auto& entry) { return entry.controllers.empty(); });
  if (paths.hierarchies.empty()) GTEST_SKIP() << "no v1 hierarchy here";
  Cgroup cgroup(paths);
  cgroup.create();
  Child process = start_inside(cgroup);
  cgroup.kill_all(SIGKILL);
  EXPECT_EQ(exit_code_of(process.wait()), 128 + SIGKILL);
}

TEST_F(CgroupTest, IsRemovedWithDeepAndWideGroupsBelow) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  for (const std::string& path : directories(cgroup.paths())) {
    std::string deep = path;
    for (int level = 0; level < 40; ++level) make_directories(deep += "/d", 0755);
    for (int i = 0; i < 20; ++i) make_directories(path + "/wide" + std::to_string(i), 0755);
  }
  cgroup.remove();
  for (const std::string& path : directories(cgroup.paths())) EXPECT_FALSE(exists(path)) << path;
  cgroup.remove();
}

TEST_F(CgroupTest, IsRemovedFarBelowWhatAPathCanName) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const std::string name(200, 'd');
  Fd directory = open_directory(cgroup.paths().hierarchies.front().directory);
  for (int level = 0; level < 30; ++level) {  // 6,000 characters
    ASSERT_EQ(::mkdirat(directory.get(), name.c_str(), 0755), 0);
    directory = open_file_at(directory, name, O_PATH | O_DIRECTORY);
  }
  directory.reset();
  cgroup.remove();
  EXPECT_FALSE(exists(cgroup.paths().hierarchies.front().directory));
}

TEST_F(CgroupTest, WaitsForDyingProcesses) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Child process = start_inside(cgroup);
  const std::optional<Child> killer = clone_child(0, Fd());
  if (!killer) {
    ::usleep(100'000);
    ::kill(process.pid(), SIGKILL);
    exit_now(0);
  }
  cgroup.remove();
  EXPECT_FALSE(exists(cgroup.paths().hierarchies.front().directory));
}

TEST_F(CgroupTest, WaitsForWhoRemovesIt) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const std::optional<Child> remover = clone_child(0, Fd());
  if (!remover) {
    ::usleep(50'000);
    cgroup.remove();
    exit_now(0);
  }
  cgroup.await_removal();
  for (const std::string& directory : directories(cgroup.paths())) EXPECT_FALSE(exists(directory));
  cgroup.await_removal();  // nothing is left to wait for
}

TEST_F(CgroupTest, RemovesItselfWhatNobodyElseDoes) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  cgroup.await_removal();
  for (const std::string& directory : directories(cgroup.paths())) EXPECT_FALSE(exists(directory));
}

TEST_F(CgroupTest, NamesTheProcessesThatKeepItFromBeingRemoved) {
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  const Child process = start_inside(cgroup);
  const std::string error = error_of([&] { cgroup.remove(); });
  EXPECT_TRUE(error.ends_with(": processes are in it still: " + std::to_string(process.pid())))
      << error;
}

TEST_F(CgroupTest, TakesAbsentGroupsForRemovedAndEmpty) {
  Cgroup cgroup(plan("never-made"));
  EXPECT_TRUE(cgroup.pids().empty());
  EXPECT_FALSE(cgroup.is_frozen());
  cgroup.kill_all(SIGKILL);
  cgroup.thaw();
  cgroup.remove();
}

TEST_F(CgroupTest, NeverSpeaksOfANoSuchFile) {
  Cgroup cgroup(plan("never-made"));
  const auto expect_told = [](const std::string& error) {
    EXPECT_NE(error.find("is not there"), std::string::npos) << error;
    EXPECT_EQ(error.find("No such file"), std::string::npos) << error;
  };
  expect_told(error_of([&] { cgroup.apply({}); }));
  if (cgroup_host().find("") != nullptr) {
    expect_told(error_of([&] { cgroup.unified_directory(); }));
  }
  if (!cgroup_host().unified_only()) expect_told(error_of([&] { cgroup.open_tasks_files(); }));
}

TEST_F(CgroupTest, RefusesARecordThatLeadsElsewhere) {
  const TempDir folder;
  replace_file_at(open_directory(folder.path()), "tasks", "", 0600);
  Cgroup cgroup(CgroupPaths{{{"memory", folder.path(), true}}});
  const std::string error = error_of([&] { cgroup.open_tasks_files(); });
  EXPECT_NE(error.find("not on a cgroup filesystem"), std::string::npos) << error;
  cgroup.undo();
}

TEST_F(CgroupTest, KillsWhereOneOfItsGroupsWasThereBefore) {
  const CgroupHost::Hierarchy& first = cgroup_host().hierarchies.front();
  make_directories(first.mount_point + top() + "/c1", 0755);
  if (cgroup_host().hierarchies.size() < 2) GTEST_SKIP() << "only one hierarchy here";
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  EXPECT_FALSE(cgroup.paths().hierarchies.front().owned);
  Child process = start_inside(cgroup);
  cgroup.kill_all(SIGKILL);
  EXPECT_EQ(exit_code_of(process.wait()), 128 + SIGKILL);
}

TEST_F(CgroupTest, GivesItsUnifiedGroupAwayButForTheLimits) {
  if (cgroup_host().find("") == nullptr) GTEST_SKIP() << "no cgroup2 is mounted";
  Cgroup cgroup(plan("c1"));
  cgroup.create();
  cgroup.give_to(12345);
  const auto owner_of = [&](const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat((directory("", "c1") + file).c_str(), &status), 0) << file;
    return status.st_uid;
  };
  EXPECT_EQ(owner_of(""), 12345U);
  EXPECT_EQ(owner_of("/cgroup.procs"), 12345U);
  EXPECT_EQ(owner_of("/cgroup.subtree_control"), 12345U);
  EXPECT_EQ(owner_of("/cgroup.freeze"), 0U);
  EXPECT_EQ(owner_of("/cgroup.max.depth"), 0U);
}

TEST(CgroupMounts, BindTheContainersGroupsIntoATmpfs) {
  const Cgroup cgroup(CgroupPaths{{{"cpu,cpuacct", "/g/cpu,cpuacct/c1", true},
                                   {"memory", "/g/memory/c1", true},
                                   {"name=systemd", "/g/systemd/c1", true},
                                   {"", "/g/unified/c1", true}}});
  const std::vector<CgroupMount> expected{{"", "", {}},
                                          {"cpu,cpuacct", "/g/cpu,cpuacct/c1", {"cpu", "cpuacct"}},
                                          {"memory", "/g/memory/c1", {}},
                                          {"systemd", "/g/systemd/c1", {}},
                                          {"unified", "/g/unified/c1", {}}};
  EXPECT_EQ(cgroup.mounts(CgroupNamespace::own), expected);
  EXPECT_EQ(cgroup.mounts(CgroupNamespace::host), expected);
}

}  // namespace
}  // namespace gocker
