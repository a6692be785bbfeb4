// System calls that an agent outside answers (config-linux.md, "Seccomp" and "The Container Process
// State").
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "tests/system/descriptor_socket.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

// What the runtime sends, and then an answer to every call that comes: errno 75 (EOVERFLOW).
class Agent {
 public:
  explicit Agent(const std::string& path) : socket_(path), thread_([this] { run(); }) {}
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent() { join(); }

  // Once the container is gone.
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  const DescriptorSocket::Delivery& delivery() const { return delivery_; }
  int answered() const { return answered_; }

 private:
  void run() {
    delivery_ = socket_.receive();
    if (delivery_.fds.size() != 1) return;
    constexpr std::chrono::duration<int, std::milli> kTime = kPatience;
    const int listener = delivery_.fds[0].get();
    while (true) {
      struct pollfd event = {listener, POLLIN, 0};
      // It hangs up with the last process that has the filter.
      const bool ready = ::poll(&event, 1, kTime.count()) == 1 && (event.revents & POLLIN) != 0;
      if (!ready || !answer(listener)) return;
    }
  }

  bool answer(int listener) {
    struct seccomp_notif call = {};
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return errno == EINTR;
    struct seccomp_notif_resp response = {};
    response.id = call.id;
    response.error = -EOVERFLOW;
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0) ++answered_;
    return true;
  }

  DescriptorSocket socket_;
  DescriptorSocket::Delivery delivery_;
  int answered_ = 0;
  std::thread thread_;  // last: it uses the rest
};

class SeccompNotify : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (IsSkipped()) return;
    box.config().set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}]})"_json);
    box.config().set("/linux/seccomp/listenerPath", path("agent"));
  }
  Words getpriority() { return box.attempt({{"syscall", "getpriority"}}); }
};

TEST_F(SeccompNotify, AgentAnswersTheCall) {
  Agent agent(path("agent"));
  EXPECT_EQ(getpriority(), Words{"EOVERFLOW"});
  agent.join();
  EXPECT_EQ(agent.answered(), 1);
}

TEST_F(SeccompNotify, WorksWithoutNoNewPrivileges) {
  box.config().set("/process/noNewPrivileges", false);
  Agent agent(path("agent"));
  EXPECT_EQ(getpriority(), Words{"EOVERFLOW"});
}

TEST_F(SeccompNotify, AgentGetsTheContainerProcessState) {
  box.config().set("/linux/seccomp/listenerMetadata", "any text \"of\" the engine");
  box.config().set("/annotations/key", "value");
  box.bundle.set_command({"sleep"});
  Agent agent(path("agent"));
  ASSERT_TRUE(succeeds(box.create()));
  const pid_t pid = box.pid();
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  agent.join();
  EXPECT_EQ(agent.delivery().fds.size(), 1U);
  EXPECT_TRUE(agent.delivery().closed);
  const Value state = Value::parse(agent.delivery().name);
  EXPECT_TRUE(state["/ociVersion"].text().starts_with("1."));
  EXPECT_EQ(state["/fds"], R"(["seccompFd"])"_json);
  EXPECT_EQ(state["/pid"].number(), pid);
  EXPECT_EQ(state["/metadata"], "any text \"of\" the engine");
  EXPECT_EQ(state["/state/id"], box.id());
  EXPECT_EQ(state["/state/pid"].number(), pid);
  EXPECT_EQ(state["/state/bundle"], box.bundle.path());
  EXPECT_EQ(state["/state/annotations/key"], "value");
}

TEST_F(SeccompNotify, StateSaysThatTheContainerIsBeingCreated) {
  box.bundle.set_command({"sleep"});
  Agent agent(path("agent"));
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  agent.join();
  EXPECT_EQ(Value::parse(agent.delivery().name)["/state/status"], "creating");
}

TEST_F(SeccompNotify, OfExecIsSentToo) {
  KNOWN_GAP(kRunc, "its state of an exec has the pid of the first process only");
  box.bundle.set_command({"sleep"});
  {
    Agent agent(path("agent"));
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
    // It listens for as long as the container lives; the file makes room for the next one.
    ASSERT_EQ(::unlink(path("agent").c_str()), 0);
    Agent agent_of_exec(path("agent"));
    const Outcome outcome =
        box.runtime().call({"exec", box.id(), "/inside", "try", "syscall", "getpriority"});
    EXPECT_EQ(outcome.out, "[\"EOVERFLOW\"]\n") << outcome;
    agent_of_exec.join();
    const Value state = Value::parse(agent_of_exec.delivery().name);
    EXPECT_EQ(state["/state/pid"].number(), box.pid());
    EXPECT_NE(state["/pid"].number(), box.pid());
    ASSERT_TRUE(succeeds(box.remove_by_force()));
  }
}

struct Flags {
  const char* name;
  Words flags;
};
std::ostream& operator<<(std::ostream& stream, const Flags& row) {
  return stream << row.name;
}

class NotifyFlag : public SeccompNotify, public ::testing::WithParamInterface<Flags> {};
INSTANTIATE_TEST_SUITE_P(
    Seccomp, NotifyFlag,
    ::testing::Values(Flags{"WAIT_KILLABLE_RECV", {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}},
                      // Both want the result of seccomp(2) for themselves.
                      Flags{"TSYNC", {"SECCOMP_FILTER_FLAG_TSYNC"}},
                      Flags{"LOG_and_SPEC_ALLOW",
                            {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"}}),
    [](const ::testing::TestParamInfo<Flags>& row) { return std::string(row.param.name); });

TEST_P(NotifyFlag, WorksBesideTheListener) {
  KNOWN_GAP(kRunc, "it supports no flags");
  box.config().set("/linux/seccomp/flags", GetParam().flags);
  Agent agent(path("agent"));
  EXPECT_EQ(getpriority(), Words{"EOVERFLOW"});
}

TEST_F(SeccompNotify, MissingAgentIsAnError) {
  EXPECT_TRUE(fails_with(box.create(), "send the seccomp listener to .*/agent: .*No such file"));
}

TEST_F(SeccompNotify, PathIsRequired) {
  box.config().remove("/linux/seccomp/listenerPath");
  EXPECT_TRUE(fails_with(box.create(), "/linux/seccomp/listenerPath: is required"));
}

TEST_F(SeccompNotify, PathIsIgnoredWithoutTheAction) {
  box.config().set("/linux/seccomp/syscalls/0/action", "SCMP_ACT_ERRNO");
  EXPECT_EQ(getpriority(), Words{"EPERM"});
}

TEST_F(SeccompNotify, MetadataNeedsAPath) {
  KNOWN_GAP(kRunc, "it takes it");
  box.config().set("/linux/seccomp/syscalls/0/action", "SCMP_ACT_ERRNO");
  box.config().remove("/linux/seccomp/listenerPath");
  box.config().set("/linux/seccomp/listenerMetadata", "data");
  EXPECT_TRUE(fails_with(box.create(), "/linux/seccomp/listenerMetadata: needs listenerPath"));
}

TEST_F(SeccompNotify, AsTheDefaultActionIsAnError) {
  box.config().set("/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY");
  EXPECT_TRUE(fails_with(box.create(), "/linux/seccomp/defaultAction: must not be"));
}

}  // namespace
}  // namespace gocker::test
