#include "tests/system/docker_config.h"

#include <filesystem>
#include <fstream>

#include "runtime/base/text.h"

namespace gocker::test {
namespace {

constexpr const char* kProcess = R"({
  "user": {"uid": 0, "gid": 0, "additionalGids": [0, 10]},
  "args": ["/inside", "report"],
  "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "HOSTNAME=0123456789ab"],
  "cwd": "/",
  "apparmorProfile": "",
  "oomScoreAdj": 0
})";

constexpr const char* kMounts = R"([
  {"destination": "/proc", "type": "proc", "source": "proc",
   "options": ["nosuid", "noexec", "nodev"]},
  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
   "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
  {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
   "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
  {"destination": "/sys", "type": "sysfs", "source": "sysfs",
   "options": ["nosuid", "noexec", "nodev", "ro"]},
  {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
   "options": ["ro", "nosuid", "noexec", "nodev"]},
  {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
   "options": ["nosuid", "noexec", "nodev"]},
  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
   "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]}
])";

constexpr const char* kLinux = R"({
  "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"},
  "resources": {
    "devices": [
      {"allow": false, "access": "rwm"},
      {"allow": true, "type": "c", "major": 1, "minor": 5, "access": "rwm"},
      {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
      {"allow": true, "type": "c", "major": 1, "minor": 9, "access": "rwm"},
      {"allow": true, "type": "c", "major": 1, "minor": 8, "access": "rwm"},
      {"allow": true, "type": "c", "major": 5, "minor": 0, "access": "rwm"},
      {"allow": true, "type": "c", "major": 5, "minor": 1, "access": "rwm"},
      {"allow": false, "type": "c", "major": 10, "minor": 229, "access": "rwm"}
    ],
    "memory": {},
    "cpu": {"shares": 0},
    "pids": {"limit": 0},
    "blockIO": {"weight": 0}
  },
  "namespaces": [
    {"type": "mount"}, {"type": "network"}, {"type": "uts"}, {"type": "pid"}, {"type": "ipc"}
  ],
  "maskedPaths": ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                  "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
                  "/sys/firmware", "/sys/devices/virtual/powercap"],
  "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
})";

constexpr const char* kAllowed =
    "accept accept4 access alarm arch_prctl bind brk capget capset chdir chmod chown clock_getres "
    "clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 "
    "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd eventfd2 execve execveat "
    "exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchown "
    "fchownat fcntl fdatasync flock fork fstat fstatfs fsync ftruncate futex getcpu getcwd "
    "getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp "
    "getpid getppid getpriority getrandom getresgid getresuid getrlimit get_robust_list getrusage "
    "getsid getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch "
    "inotify_init inotify_init1 inotify_rm_watch ioctl ioprio_get ioprio_set kill lchown link "
    "linkat listen listxattr lseek lstat madvise memfd_create mincore mkdir mkdirat mknod mknodat "
    "mlock mlock2 mlockall mmap mprotect mq_open mremap msgctl msgget msgrcv msgsnd msync munlock "
    "munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_open "
    "pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv preadv2 prlimit64 pselect6 "
    "pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg "
    "recvmsg rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
    "sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_yield select "
    "semctl semget semop send sendfile sendmmsg sendmsg sendto setfsgid setfsuid setgid setgroups "
    "setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit "
    "set_robust_list setsid setsockopt set_tid_address setuid setxattr shmat shmctl shmdt shmget "
    "shutdown sigaltstack signalfd signalfd4 socketcall socketpair splice stat statfs statx "
    "symlink symlinkat sync syncfs sysinfo tee tgkill time timer_create timer_delete "
    "timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill "
    "truncate umask uname unlink unlinkat utime utimensat utimes vfork vmsplice wait4 waitid "
    "waitpid write writev a_call_of_the_future";

}  // namespace

Value allow_list_profile() {
  Value profile = R"({
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 1,
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
  })"_json;
#ifdef __aarch64__
  profile.set("/architectures", std::vector<std::string>{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"});
#endif
  std::vector<std::string> names;
  for (const std::string_view name : split(kAllowed, ' ')) names.emplace_back(name);
  Value allowed;
  allowed.set("/names", names);
  allowed.set("/action", "SCMP_ACT_ALLOW");
  profile.append("/syscalls", allowed);
  // Threads and children, but no new namespaces.
  profile.append("/syscalls", R"({"names": ["clone"], "action": "SCMP_ACT_ALLOW",
      "args": [{"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}]})"_json);
  profile.append("/syscalls",
                 R"({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})"_json);
  for (const uint64_t persona : {0UL, 8UL, 131072UL, 131080UL, 4294967295UL}) {
    Value rule = R"({"names": ["personality"], "action": "SCMP_ACT_ALLOW",
                     "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]})"_json;
    rule.set("/args/0/value", persona);
    profile.append("/syscalls", rule);
  }
  profile.append("/syscalls", R"({"names": ["socket"], "action": "SCMP_ACT_ALLOW",
      "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]})"_json);
  return profile;
}

void docker_config(Container& container, const std::string& directory) {
  const std::string name = "0123456789ab";
  Value& config = container.config();
  const Value capabilities = config["/process/capabilities"];
  config.set("/process", Value::parse(kProcess));
  config.set("/process/capabilities", capabilities);
  config.set("/mounts", Value::parse(kMounts));
  config.set("/linux", Value::parse(kLinux));
  config.set("/linux/cgroupsPath", container.cgroups_path());
  config.set("/linux/seccomp", allow_list_profile());
  config.set("/hostname", name);
  std::filesystem::create_directories(directory);
  std::ofstream(directory + "/resolv.conf") << "nameserver 192.0.2.1\n";
  std::ofstream(directory + "/hostname") << name << "\n";
  std::ofstream(directory + "/hosts") << "127.0.0.1 localhost\n";
  for (const char* file : {"resolv.conf", "hostname", "hosts"}) {
    container.bundle.add_mount(std::string("/etc/") + file, "bind", directory + "/" + file,
                               {"rbind", "rprivate"});
  }
}

}  // namespace gocker::test
