#include "imagetool/rootless/users_namespace.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

constexpr uid_t kNobody = 65534;
constexpr const char* kRanges = "nobody:200000:65536\n";

std::string own_namespace() {
  return std::filesystem::read_symlink("/proc/self/ns/user");
}

// A process that goes in, tells what it sees there, and stays until the object ends.
class Visitor {
 public:
  explicit Visitor(const std::string& run) {
    auto [ours, theirs] = socket_pair();
    std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      ours.reset();
      send_packet(theirs, look_around(run));
      receive_packet(theirs);
      exit_now(0);
    }
    theirs.reset();
    seen_ = receive_packet(ours).value_or(Packet{}).bytes;
    socket_ = std::move(ours);
    process_ = std::move(*child);
  }
  // The name of its user namespace and the map of its users, or the error.
  const std::string& seen() const { return seen_; }

 private:
  static std::string look_around(const std::string& run) {
    try {
      enter_users_namespace(run);
      const std::string map = read_file("/proc/self/uid_map");
      std::string seen = own_namespace();
      for (const std::string_view word : split(map, ' ')) {
        if (!word.empty()) seen += " " + std::string(trim(word));
      }
      return seen;
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  std::string seen_;
  Fd socket_;
  Child process_;
};

void bind_file(const TempDir& folder, const std::string& name, const std::string& content) {
  const std::string file = folder.path() + "/" + name;
  make_file(file, content);
  check(::chmod(file.c_str(), 0644), "chmod");
  check(::mount(file.c_str(), ("/etc/" + name).c_str(), nullptr, MS_BIND, nullptr), "mount");
}

// Runs `body` as nobody, who has these ranges of ids here, with a folder of its own.
void as_nobody(const std::string& ranges, const std::function<void(const std::string& run)>& body) {
  in_mount_namespace([&] {
    const TempDir root;
    bind_file(root, "subuid", ranges);
    bind_file(root, "subgid", ranges);
    const TempDir run;
    check(::chown(run.path().c_str(), kNobody, kNobody), "chown");
    in_child([&] {  // the folders are root's to remove
      check(::setgroups(0, nullptr), "setgroups");
      check(::setresgid(kNobody, kNobody, kNobody), "setresgid");
      check(::setresuid(kNobody, kNobody, kNobody), "setresuid");
      check(::prctl(PR_SET_DUMPABLE, 1), "prctl");  // as a program that the user executes
      check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
      body(run.path());
      while (::waitpid(-1, nullptr, 0) > 0) continue;  // the holders, which end by themselves
    });
  });
}

pid_t holder_of(const std::string& run) {
  return static_cast<pid_t>(parse_u32(trim(read_file(run + "/namespace.pid"))).value());
}

bool ends(pid_t pid) {
  for (int tries = 0; tries < 2000; ++tries) {
    if (!process_start_time(pid)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class UsersNamespace : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    if (::access("/usr/bin/newuidmap", X_OK) != 0) GTEST_SKIP() << "no newuidmap on this machine";
    if (!nobody_may_make_one()) GTEST_SKIP() << "no user namespaces for ordinary users";
  }

 private:
  static bool nobody_may_make_one() {
    std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      const bool may = ::setresuid(kNobody, kNobody, kNobody) == 0 && ::unshare(CLONE_NEWUSER) == 0;
      exit_now(may ? 0 : 1);
    }
    return exit_code_of(child->wait()) == 0;
  }
};

TEST_F(UsersNamespace, HasTheUserAsRootAndTheRangesAfterIt) {
  as_nobody(kRanges, [](const std::string& run) {
    const Visitor visitor(run);
    EXPECT_TRUE(visitor.seen().ends_with(" 0 65534 1 1 200000 65536")) << visitor.seen();
  });
}

TEST_F(UsersNamespace, IsOneForAllAndEndsWithTheLastOfThem) {
  as_nobody(kRanges, [](const std::string& run) {
    pid_t holder = 0;
    {
      const Visitor first(run);
      const Visitor second(run);
      EXPECT_EQ(first.seen(), second.seen());
      EXPECT_FALSE(first.seen().starts_with(own_namespace()));
      holder = holder_of(run);
    }
    EXPECT_TRUE(ends(holder));
    EXPECT_TRUE(Visitor(run).seen().starts_with("user:["));
  });
}

TEST_F(UsersNamespace, IsMadeAnewWhereItsHolderWasKilled) {
  as_nobody(kRanges, [](const std::string& run) {
    const Visitor first(run);
    const pid_t holder = holder_of(run);
    ASSERT_EQ(::kill(holder, SIGKILL), 0);
    ASSERT_TRUE(ends(holder));
    const Visitor second(run);
    EXPECT_TRUE(second.seen().starts_with("user:[")) << second.seen();
    EXPECT_NE(first.seen(), second.seen());
  });
}

TEST_F(UsersNamespace, IsNotLookedForWhereARecordIsDamaged) {
  as_nobody(kRanges, [](const std::string& run) {
    const Visitor first(run);
    for (const char* record : {"", "x", "0", "-1"}) {
      make_file(run + "/namespace.pid", record);
      EXPECT_EQ(Visitor(run).seen(), "enter your user namespace: namespace.pid is damaged");
    }
  });
}

TEST_F(UsersNamespace, IsNotMadeInAFolderThatOthersMayWrite) {
  as_nobody(kRanges, [](const std::string& run) {
    for (const mode_t mode : {0720U, 0702U}) {
      ASSERT_EQ(::chmod(run.c_str(), mode), 0);
      EXPECT_EQ(Visitor(run).seen(), "open " + run + ": it must be yours alone");
    }
    EXPECT_EQ(Visitor("/").seen(), "open /: it must be yours alone");
  });
}

TEST_F(UsersNamespace, OfOneWithoutRangesIsRefusedWithTheLineThatIsMissing) {
  as_nobody("other:200000:65536\n", [](const std::string& run) {
    const std::string said = Visitor(run).seen();
    EXPECT_TRUE(
        said.ends_with("add the line nobody:100000:65536 to /etc/subuid and to /etc/subgid"))
        << said;
  });
}

TEST_F(UsersNamespace, MayBeGivenToTheNumberOfTheUser) {
  as_nobody("65534:300000:1000\n", [](const std::string& run) {
    EXPECT_TRUE(Visitor(run).seen().ends_with(" 0 65534 1 1 300000 1000"));
  });
}

}  // namespace
}  // namespace gocker
