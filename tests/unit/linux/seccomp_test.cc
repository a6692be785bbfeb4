#include "runtime/linux/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/linux/capabilities.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using oci::SeccompAction;
using oci::SeccompOperator;

// errno of a system call, 0 where it succeeds.
template <class... Arguments>
int errno_of(long number, Arguments... arguments) {
  return ::syscall(number, arguments...) < 0 ? errno : 0;
}

void load(const oci::Seccomp& seccomp) {
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  const SeccompProgram program = compile_seccomp(seccomp);
  EXPECT_FALSE(load_seccomp(program));
}

// Everything is allowed but for one rule.
oci::Seccomp with_rule(const oci::SeccompSyscall& rule) {
  oci::Seccomp seccomp;
  seccomp.default_action = SeccompAction::allow;
  seccomp.syscalls = {rule};
  return seccomp;
}

oci::SeccompSyscall deny(const std::string& name, std::vector<oci::SeccompArg> args = {}) {
  return {
      .names = {name}, .action = SeccompAction::error, .errno_ret = 77, .args = std::move(args)};
}

std::string bytes_of(const SeccompProgram& program) {
  std::string bytes(static_cast<size_t>(::lseek(program.bpf.get(), 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(program.bpf.get(), bytes.data(), bytes.size(), 0),
            static_cast<ssize_t>(bytes.size()));
  return bytes;
}

// The wait status of a child with the filter that makes the call.
int status_after(const oci::Seccomp& seccomp, const std::function<void()>& call) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    load(seccomp);
    call();
    exit_now(::testing::Test::HasFailure() ? 99 : 0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST(Seccomp, DeniesWithTheErrnoOfTheRule) {
  in_child([] {
    load(with_rule(deny("getppid")));
    EXPECT_EQ(errno_of(SYS_getppid), 77);
    EXPECT_EQ(errno_of(SYS_getpid), 0);
  });
}

TEST(Seccomp, TheErrnoIsEpermByDefault) {
  in_child([] {
    load(with_rule({.names = {"getppid"}, .action = SeccompAction::error}));
    EXPECT_EQ(errno_of(SYS_getppid), EPERM);
  });
}

TEST(Seccomp, ErrnoZeroIsItsOwnValue) {
  in_child([] {
    load(with_rule({.names = {"getppid"}, .action = SeccompAction::error, .errno_ret = 0}));
    EXPECT_EQ(::syscall(SYS_getppid), 0);
  });
}

TEST(Seccomp, KillsTrapsAndTraces) {
  const auto call = [] { ::syscall(SYS_getppid); };
  const auto rule = [](SeccompAction action) {
    return with_rule({.names = {"getppid"}, .action = action});
  };
  for (const SeccompAction action : {SeccompAction::kill, SeccompAction::kill_thread,
                                     SeccompAction::kill_process, SeccompAction::trap}) {
    const int status = status_after(rule(action), call);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << oci::name_of(action);
  }
  // Nobody traces: the call is skipped with ENOSYS.
  const int traced =
      status_after(rule(SeccompAction::trace), [] { EXPECT_EQ(errno_of(SYS_getppid), ENOSYS); });
  EXPECT_EQ(traced, 0);
  EXPECT_EQ(status_after(rule(SeccompAction::log), [] { EXPECT_EQ(errno_of(SYS_getppid), 0); }), 0);
}

// Whether `op` with the value denies dup(argument), for the arguments 9, 10 and 11. All are closed
// descriptors, so that what is allowed ends with EBADF.
std::string denied(SeccompOperator op, uint64_t value, uint64_t value_two = 0) {
  std::string result;
  const TempDir dir;
  const std::string path = dir.path() + "/result";
  make_file(path);
  in_child([&] {
    const Fd out = open_file(path, O_WRONLY);
    for (const int fd : {9, 10, 11}) ::close(fd);
    load(with_rule(deny("dup", {{0, value, value_two, op}})));
    for (const int fd : {9, 10, 11}) {
      write_all(out, errno_of(SYS_dup, fd) == 77 ? "x" : "-", path);
    }
  });
  return read_file(path);
}

TEST(Seccomp, ComparesArguments) {
  EXPECT_EQ(denied(SeccompOperator::eq, 10), "-x-");
  EXPECT_EQ(denied(SeccompOperator::ne, 10), "x-x");
  EXPECT_EQ(denied(SeccompOperator::lt, 10), "x--");
  EXPECT_EQ(denied(SeccompOperator::le, 10), "xx-");
  EXPECT_EQ(denied(SeccompOperator::gt, 10), "--x");
  EXPECT_EQ(denied(SeccompOperator::ge, 10), "-xx");
  EXPECT_EQ(denied(SeccompOperator::masked_eq, 1, 1), "x-x");  // the mask, then the value
  EXPECT_EQ(denied(SeccompOperator::masked_eq, 3, 2), "-x-");
}

TEST(Seccomp, ArgumentsOfOneRuleAreJoinedByAnd) {
  in_child([] {
    load(with_rule(deny("socket", {{0, AF_UNIX, 0, SeccompOperator::eq},
                                   {1, SOCK_DGRAM, 0, SeccompOperator::eq}})));
    EXPECT_EQ(errno_of(SYS_socket, AF_UNIX, SOCK_DGRAM, 0), 77);
    EXPECT_EQ(errno_of(SYS_socket, AF_UNIX, SOCK_STREAM, 0), 0);
  });
}

TEST(Seccomp, AnArgumentThatIsNamedTwiceMakesAlternatives) {
  in_child([] {
    load(with_rule(deny(
        "socket", {{0, AF_UNIX, 0, SeccompOperator::eq}, {0, AF_INET, 0, SeccompOperator::eq}})));
    EXPECT_EQ(errno_of(SYS_socket, AF_UNIX, SOCK_DGRAM, 0), 77);
    EXPECT_EQ(errno_of(SYS_socket, AF_INET, SOCK_DGRAM, 0), 77);
    EXPECT_EQ(errno_of(SYS_socket, AF_NETLINK, SOCK_DGRAM, 0), 0);
  });
}

TEST(Seccomp, UnknownSystemCallsAreSkippedAndRepeatedOnesAreFine) {
  in_child([] {
    oci::Seccomp seccomp = with_rule(deny("getppid"));
    seccomp.syscalls[0].names = {"not_a_system_call", "getppid", "getppid", ""};
    seccomp.syscalls.push_back(seccomp.syscalls[0]);
    seccomp.syscalls.push_back({.names = {"getuid"}, .action = SeccompAction::allow});
    load(seccomp);
    EXPECT_EQ(errno_of(SYS_getppid), 77);
    EXPECT_EQ(errno_of(SYS_getuid), 0);
  });
}

// Denies by default; what the test itself and the sanitizers need is allowed.
oci::Seccomp denying_by_default() {
  oci::Seccomp seccomp;
  seccomp.default_action = SeccompAction::error;
  seccomp.syscalls = {{.names = {"write", "exit_group", "exit", "futex", "brk", "mmap", "munmap",
                                 "fstat", "newfstatat", "close", "rt_sigprocmask", "openat2",
                                 "clone3", "landlock_restrict_self", "sigaltstack", "gettid"},
                       .action = SeccompAction::allow}};
  return seccomp;
}

constexpr long kNewerThanAnyProfile = 5000;

TEST(Seccomp, WhatIsNewerThanTheProfileIsNotImplemented) {
  in_child([] {
    load(denying_by_default());
    EXPECT_EQ(errno_of(SYS_getppid), EPERM);
    EXPECT_EQ(errno_of(SYS_landlock_create_ruleset, 0, 0, 0), EPERM);
    EXPECT_EQ(errno_of(kNewerThanAnyProfile), ENOSYS);
  });
}

TEST(Seccomp, OtherDefaultsAnswerForNewCallsThemselves) {
  in_child([] {
    oci::Seccomp seccomp = denying_by_default();
    seccomp.default_errno_ret = 77;
    load(seccomp);
    EXPECT_EQ(errno_of(SYS_getppid), 77);
    EXPECT_EQ(errno_of(kNewerThanAnyProfile), ENOSYS);
  });
  oci::Seccomp killing = denying_by_default();
  killing.default_action = SeccompAction::kill_process;
  const int status = status_after(killing, [] { ::syscall(kNewerThanAnyProfile); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

#ifdef __x86_64__
// getpid(2) through the 32-bit entry.
long getpid_of_32_bits() {
  long result = 20;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
}

bool has_32_bit_calls() {
  const pid_t pid = ::fork();
  if (pid == 0) exit_now(getpid_of_32_bits() == ::getpid() ? 0 : 1);
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST(Seccomp, FiltersTheOtherArchitecturesToo) {
  if (!has_32_bit_calls()) GTEST_SKIP() << "the kernel runs no 32-bit programs";
  oci::Seccomp seccomp = with_rule(deny("getpid"));
  seccomp.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X86_64"};
  const auto both = [] {
    EXPECT_EQ(errno_of(SYS_getpid), 77);
    EXPECT_EQ(getpid_of_32_bits(), -77);
  };
  EXPECT_EQ(status_after(seccomp, both), 0);
  seccomp.architectures = {"SCMP_ARCH_X86"};  // the native one is always there
  EXPECT_EQ(status_after(seccomp, both), 0);
}

TEST(Seccomp, AnArchitectureThatIsNotListedIsKilled) {
  if (!has_32_bit_calls()) GTEST_SKIP() << "the kernel runs no 32-bit programs";
  const int status = status_after(with_rule(deny("getppid")), [] { getpid_of_32_bits(); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

TEST(Seccomp, TheOtherArchitecturesHaveTheirOwnHighestCall) {
  if (!has_32_bit_calls()) GTEST_SKIP() << "the kernel runs no 32-bit programs";
  oci::Seccomp seccomp = denying_by_default();
  seccomp.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  const auto calls = [] {
    EXPECT_EQ(getpid_of_32_bits(), -EPERM);
    EXPECT_EQ(errno_of(kNewerThanAnyProfile), ENOSYS);
    // x32's numbers are for the filter to judge, however high they look.
    constexpr long kX32Bit = 0x40000000;
    EXPECT_EQ(errno_of(kX32Bit | SYS_getppid), EPERM);
  };
  EXPECT_EQ(status_after(seccomp, calls), 0);
}
#endif

TEST(Seccomp, TheSameProfileGivesTheSameProgram) {
  oci::Seccomp seccomp = denying_by_default();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  const std::string first = bytes_of(compile_seccomp(seccomp));
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, bytes_of(compile_seccomp(seccomp)));
}

TEST(Seccomp, LoadsWithPrivilegeInsteadOfNoNewPrivs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  in_child([] {
    EXPECT_FALSE(load_seccomp(compile_seccomp(with_rule(deny("getppid")))));
    EXPECT_EQ(errno_of(SYS_getppid), 77);
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
  });
  in_child([] {
    set_capabilities({}, 0);
    const SeccompProgram program = compile_seccomp(with_rule(deny("getppid")));
    EXPECT_EQ(error_of([&] { load_seccomp(program); }),
              "load seccomp filter: seccomp: Permission denied");
  });
}

TEST(Seccomp, AnotherProcessCanLoadTheSameProgram) {
  const SeccompProgram program = compile_seccomp(with_rule(deny("getppid")));
  for (int i = 0; i < 2; ++i) {  // the file's position plays no part
    in_child([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      load_seccomp(program);
      EXPECT_EQ(errno_of(SYS_getppid), 77);
    });
  }
}

TEST(Seccomp, TranslatesFlags) {
  oci::Seccomp seccomp = with_rule(deny("getppid"));
  EXPECT_EQ(compile_seccomp(seccomp).flags, 0u);
  seccomp.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                   "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  const uint32_t plain =
      SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC;
  EXPECT_EQ(compile_seccomp(seccomp).flags, plain);
  in_child([&] {
    load(seccomp);
    EXPECT_EQ(errno_of(SYS_getppid), 77);
  });
  seccomp.syscalls[0] = {.names = {"getppid"}, .action = SeccompAction::notify};
  constexpr uint32_t kWaitKillable = 1 << 5;
  EXPECT_EQ(compile_seccomp(seccomp).flags, plain | SECCOMP_FILTER_FLAG_NEW_LISTENER |
                                                SECCOMP_FILTER_FLAG_TSYNC_ESRCH | kWaitKillable);
}

TEST(Seccomp, NotifyGivesAListenerThatAnswers) {
  for (const bool tsync : {false, true}) {
    in_child([&] {
      oci::Seccomp seccomp = with_rule({.names = {"getppid"}, .action = SeccompAction::notify});
      if (tsync) seccomp.flags = {"SECCOMP_FILTER_FLAG_TSYNC"};
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      const SeccompProgram program = compile_seccomp(seccomp);
      EXPECT_TRUE(program.notify);
      const Fd listener = load_seccomp(program);
      ASSERT_TRUE(listener);
      const std::optional<Child> caller = clone_child(0, Fd());
      if (!caller) exit_now(::syscall(SYS_getppid) == 4242 ? 0 : 1);
      seccomp_notif request{};
      ASSERT_EQ(::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
      EXPECT_EQ(request.data.nr, SYS_getppid);
      seccomp_notif_resp answer{.id = request.id, .val = 4242, .error = 0, .flags = 0};
      ASSERT_EQ(::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
      int status = -1;
      ::waitpid(caller->pid(), &status, 0);
      EXPECT_EQ(status, 0);
    });
  }
}

TEST(Seccomp, RefusesWhatCannotWork) {
  const auto error_for = [](const oci::Seccomp& seccomp) {
    return error_of([&] { compile_seccomp(seccomp); });
  };
  oci::Seccomp seccomp = with_rule(deny("getppid"));
  seccomp.architectures = {"SCMP_ARCH_VAX"};
  EXPECT_EQ(error_for(seccomp), "compile seccomp filter: unknown architecture SCMP_ARCH_VAX");
  seccomp.architectures = {"x86_64"};
  EXPECT_EQ(error_for(seccomp), "compile seccomp filter: unknown architecture x86_64");

  seccomp = with_rule(deny("getppid"));
  seccomp.flags = {"SECCOMP_FILTER_FLAG_NEW_LISTENER"};
  EXPECT_EQ(error_for(seccomp),
            "compile seccomp filter: unknown flag SECCOMP_FILTER_FLAG_NEW_LISTENER");

  seccomp = with_rule(deny("getppid"));
  seccomp.syscalls[0].errno_ret = 4096;
  EXPECT_EQ(error_for(seccomp), "compile seccomp filter: errno 4096 is above 4095");
  seccomp.syscalls[0].action = SeccompAction::allow;
  EXPECT_EQ(error_for(seccomp), "compile seccomp filter: SCMP_ACT_ALLOW takes no errno");

  seccomp = with_rule(deny("getppid"));
  seccomp.default_action = SeccompAction::notify;
  EXPECT_EQ(error_for(seccomp),
            "compile seccomp filter: SCMP_ACT_NOTIFY can't be the default action");
  seccomp = with_rule({.names = {"write"}, .action = SeccompAction::notify});
  EXPECT_EQ(error_for(seccomp), "compile seccomp filter: SCMP_ACT_NOTIFY can't be used for write");

  EXPECT_NE(error_for(with_rule(deny("dup", {{6, 0, 0, SeccompOperator::eq}}))), "");
}

TEST(Seccomp, ArchitecturesThatTheLibraryLacksAreRefused) {
  oci::Seccomp seccomp = with_rule(deny("getppid"));
  for (const std::string name : {"LOONGARCH64", "M68K", "SH"}) {
    if (::seccomp_arch_resolve_name(to_lower(name).c_str()) != 0) continue;
    seccomp.architectures = {"SCMP_ARCH_" + name};
    const std::string error = error_of([&] { compile_seccomp(seccomp); });
    EXPECT_NE(error.find(name + " is newer than this build's libseccomp"), std::string::npos);
  }
}

}  // namespace
}  // namespace gocker
