// The least that the kernel must be asked for to run /bin/true as `gocker-runtime spec` describes
// it: the control groups, one clone3(2), the mounts, pivot_root(2), execve(2), wait(2). No options,
// no record, no checks, no limits, no way back on errors: what a runtime takes above it is its own.
//
//   floor ROOTFS GROUP...
//
// GROUP is a directory to be made on a cgroup filesystem, "v1:" in front of those of version 1; one
// without is what the process is cloned into.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMostGroups = 32 };

struct Group {
  const char* path;
  int tasks;  // open for writing; -1 on version 2
};

static struct Group groups[kMostGroups];
static int group_count;
static int unified = -1;

static void must(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  _exit(125);
}

static const char* text(const char* format, ...) {
  static char buffers[2][512];
  static int turn;
  char* buffer = buffers[turn ^= 1];
  va_list values;
  va_start(values, format);
  vsnprintf(buffer, sizeof buffers[0], format, values);
  va_end(values);
  return buffer;
}

static void copy_cpuset(const char* group, const char* file) {
  char value[256];
  const int from = open(text("%s/../%s", group, file), O_RDONLY | O_CLOEXEC);
  const ssize_t length = read(from, value, sizeof value);
  const int to = open(text("%s/%s", group, file), O_WRONLY | O_CLOEXEC);
  must(write(to, value, (size_t)length), file);
  close(from);
  close(to);
}

static void make_group(const char* word) {
  const int v1 = strncmp(word, "v1:", 3) == 0;
  struct Group* group = &groups[group_count++];
  group->path = v1 ? word + 3 : word;
  group->tasks = -1;
  must(mkdir(group->path, 0755), group->path);
  if (!v1) {
    unified = open(group->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return;
  }
  if (strstr(group->path, "/cpuset/") != NULL) {
    copy_cpuset(group->path, "cpuset.cpus");
    copy_cpuset(group->path, "cpuset.mems");
  }
  group->tasks = open(text("%s/tasks", group->path), O_WRONLY | O_CLOEXEC);
  must(group->tasks, group->path);
}

static const char* hierarchy_name(const char* path, char* name) {
  const char* end = strrchr(path, '/');
  const char* begin = end;
  while (begin[-1] != '/') --begin;
  memcpy(name, begin, (size_t)(end - begin));
  name[end - begin] = '\0';
  return name;
}

static void bind_group(const struct Group* group, const char* target) {
  const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must(mount(group->path, target, NULL, MS_BIND, NULL), target);
  must(mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | flags, NULL), target);
}

static void mount_groups(void) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (group_count == 1) return bind_group(&groups[0], "sys/fs/cgroup");
  must(mount("tmpfs", "sys/fs/cgroup", "tmpfs", flags, "mode=755"), "tmpfs");
  for (int i = 0; i < group_count; ++i) {
    char name[64];
    const char* target = text("sys/fs/cgroup/%s", hierarchy_name(groups[i].path, name));
    must(mkdir(target, 0755), target);
    bind_group(&groups[i], target);
  }
  must(mount(NULL, "sys/fs/cgroup", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL), "tmpfs");
}

static void mount_filesystems(void) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must(mount("proc", "proc", "proc", 0, NULL), "proc");
  must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "dev");
  mkdir("dev/pts", 0755);
  mkdir("dev/shm", 0755);
  mkdir("dev/mqueue", 0755);
  must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
             "newinstance,ptmxmode=0666,mode=0620,gid=5"),
       "devpts");
  must(mount("shm", "dev/shm", "tmpfs", flags, "mode=1777,size=65536k"), "shm");
  must(mount("mqueue", "dev/mqueue", "mqueue", flags, NULL), "mqueue");
  must(mount("sysfs", "sys", "sysfs", flags | MS_RDONLY, NULL), "sysfs");
  mount_groups();
}

static void make_devices(void) {
  static const struct {
    const char* path;
    unsigned major, minor;
  } kDevices[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                  {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  for (size_t i = 0; i < sizeof kDevices / sizeof *kDevices; ++i) {
    const dev_t number = makedev(kDevices[i].major, kDevices[i].minor);
    must(mknod(kDevices[i].path, S_IFCHR | 0666, number), kDevices[i].path);
  }
  must(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
  must(symlink("/proc/self/fd/0", "dev/stdin"), "dev/stdin");
  must(symlink("/proc/self/fd/1", "dev/stdout"), "dev/stdout");
  must(symlink("/proc/self/fd/2", "dev/stderr"), "dev/stderr");
  must(symlink("/proc/kcore", "dev/core"), "dev/core");
  must(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
}

// Absent ones are passed over: mount(2) tells.
static void cover_paths(void) {
  static const char* const kReadonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                          "/proc/sysrq-trigger"};
  for (size_t i = 0; i < sizeof kReadonly / sizeof *kReadonly; ++i) {
    if (mount(kReadonly[i], kReadonly[i], NULL, MS_BIND | MS_REC, NULL) != 0) continue;
    must(mount(NULL, kReadonly[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), kReadonly[i]);
  }
  static const char* const kFiles[] = {"/proc/kcore",         "/proc/keys",
                                       "/proc/latency_stats", "/proc/timer_list",
                                       "/proc/timer_stats",   "/proc/sched_debug"};
  for (size_t i = 0; i < sizeof kFiles / sizeof *kFiles; ++i) {
    mount("/dev/null", kFiles[i], NULL, MS_BIND, NULL);
  }
  static const char* const kFolders[] = {"/proc/acpi", "/proc/asound", "/sys/firmware",
                                         "/proc/scsi"};
  for (size_t i = 0; i < sizeof kFolders / sizeof *kFolders; ++i) {
    mount("tmpfs", kFolders[i], "tmpfs", MS_RDONLY, "nr_inodes=1");
  }
}

static void bring_up_loopback(void) {
  const int link = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  must(ioctl(link, SIOCSIFFLAGS, &request), "lo");
}

static void run_child(const char* rootfs) {
  for (int i = 0; i < group_count; ++i) {
    if (groups[i].tasks >= 0) must(write(groups[i].tasks, "0", 1), groups[i].path);
  }
  if (group_count > 1) must(unshare(CLONE_NEWCGROUP), "unshare");
  setsid();
  bring_up_loopback();
  must(sethostname("floor", 5), "sethostname");
  must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "/");
  must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
  must(chdir(rootfs), rootfs);
  mount_filesystems();
  make_devices();
  must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  must(umount2(".", MNT_DETACH), "umount");
  must(chdir("/"), "chdir");
  cover_paths();
  must(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), "/");
  char* const args[] = {"/bin/true", NULL};
  char* const env[] = {NULL};
  must(execve(args[0], args, env), args[0]);
}

int main(int count, char** words) {
  if (count < 3 || count > 2 + kMostGroups) return 2;
  for (int i = 2; i < count; ++i) make_group(words[i]);
  struct clone_args arguments = {
      .flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET,
      .exit_signal = SIGCHLD,
  };
  if (group_count == 1) arguments.flags |= CLONE_NEWCGROUP;
  if (unified >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (unsigned long long)unified;
  }
  const pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  must(pid, "clone3");
  if (pid == 0) run_child(words[1]);
  int status = 0;
  must(waitpid(pid, &status, 0), "waitpid");
  for (int i = 0; i < group_count; ++i) must(rmdir(groups[i].path), groups[i].path);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
