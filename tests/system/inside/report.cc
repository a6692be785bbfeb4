#include "tests/system/inside/report.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "tests/system/inside/files.h"
#include "tests/system/inside/json_text.h"
#include "tests/system/inside/scheduling.h"

namespace inside {
namespace {

constexpr std::array kCapabilities = {"CHOWN",
                                      "DAC_OVERRIDE",
                                      "DAC_READ_SEARCH",
                                      "FOWNER",
                                      "FSETID",
                                      "KILL",
                                      "SETGID",
                                      "SETUID",
                                      "SETPCAP",
                                      "LINUX_IMMUTABLE",
                                      "NET_BIND_SERVICE",
                                      "NET_BROADCAST",
                                      "NET_ADMIN",
                                      "NET_RAW",
                                      "IPC_LOCK",
                                      "IPC_OWNER",
                                      "SYS_MODULE",
                                      "SYS_RAWIO",
                                      "SYS_CHROOT",
                                      "SYS_PTRACE",
                                      "SYS_PACCT",
                                      "SYS_ADMIN",
                                      "SYS_BOOT",
                                      "SYS_NICE",
                                      "SYS_RESOURCE",
                                      "SYS_TIME",
                                      "SYS_TTY_CONFIG",
                                      "MKNOD",
                                      "LEASE",
                                      "AUDIT_WRITE",
                                      "AUDIT_CONTROL",
                                      "SETFCAP",
                                      "MAC_OVERRIDE",
                                      "MAC_ADMIN",
                                      "SYSLOG",
                                      "WAKE_ALARM",
                                      "BLOCK_SUSPEND",
                                      "AUDIT_READ",
                                      "PERFMON",
                                      "BPF",
                                      "CHECKPOINT_RESTORE"};

struct LimitName {
  const char* name;
  int resource;
};
constexpr std::array kLimits = {LimitName{"RLIMIT_AS", RLIMIT_AS},
                                LimitName{"RLIMIT_CORE", RLIMIT_CORE},
                                LimitName{"RLIMIT_CPU", RLIMIT_CPU},
                                LimitName{"RLIMIT_DATA", RLIMIT_DATA},
                                LimitName{"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                LimitName{"RLIMIT_LOCKS", RLIMIT_LOCKS},
                                LimitName{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                LimitName{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                LimitName{"RLIMIT_NICE", RLIMIT_NICE},
                                LimitName{"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                LimitName{"RLIMIT_NPROC", RLIMIT_NPROC},
                                LimitName{"RLIMIT_RSS", RLIMIT_RSS},
                                LimitName{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                LimitName{"RLIMIT_RTTIME", RLIMIT_RTTIME},
                                LimitName{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                LimitName{"RLIMIT_STACK", RLIMIT_STACK}};

constexpr std::array kNamespaces = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

std::string status_field(const std::vector<std::string>& status, const std::string& name) {
  for (const std::string& line : status) {
    if (line.starts_with(name + ":")) {
      return std::string(gocker::trim(std::string_view(line).substr(name.size() + 1)));
    }
  }
  return "";
}

std::string capability_set(const std::string& hexadecimal) {
  const unsigned long long bits = std::strtoull(hexadecimal.c_str(), nullptr, 16);
  std::vector<std::string> names;
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if ((bits >> i & 1U) != 0) names.push_back(std::string("CAP_") + kCapabilities[i]);
  }
  return json_strings(names);
}

std::string capabilities(const std::vector<std::string>& status) {
  return json_object({{"inheritable", capability_set(status_field(status, "CapInh"))},
                      {"permitted", capability_set(status_field(status, "CapPrm"))},
                      {"effective", capability_set(status_field(status, "CapEff"))},
                      {"bounding", capability_set(status_field(status, "CapBnd"))},
                      {"ambient", capability_set(status_field(status, "CapAmb"))}});
}

std::string groups() {
  std::array<gid_t, 256> list;
  const int count = ::getgroups(static_cast<int>(list.size()), list.data());
  std::vector<std::string> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(json_number(list[static_cast<size_t>(i)]));
  return json_array(numbers);
}

std::string current_umask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return octal(mask);
}

std::string current_directory() {
  std::array<char, 4096> buffer;
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) return strerrorname_np(errno);
  return buffer.data();
}

std::string environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  return json_strings(variables);
}

std::string limits() {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const LimitName& limit : kLimits) {
    struct rlimit value = {};
    if (::getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &value) != 0) continue;
    fields.emplace_back(limit.name, json_object({{"soft", std::to_string(value.rlim_cur)},
                                                 {"hard", std::to_string(value.rlim_max)}}));
  }
  return json_object(fields);
}

// mountinfo writes blank, tab, newline and backslash as \040 and so on.
std::string unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const std::string digits(text.substr(i + 1, 3));
      plain += static_cast<char>(std::strtol(digits.c_str(), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string mount_of(std::string_view line) {
  const std::vector<std::string_view> words = gocker::split(line, ' ');
  std::vector<std::string> propagation;
  size_t i = 6;
  for (; i < words.size() && words[i] != "-"; ++i) propagation.emplace_back(words[i]);
  if (i + 3 >= words.size()) return "null";
  return json_object({{"id", std::string(words[0])},
                      {"parent", std::string(words[1])},
                      {"root", json_string(unescape(words[3]))},
                      {"point", json_string(unescape(words[4]))},
                      {"options", json_string(words[5])},
                      {"propagation", json_strings(propagation)},
                      {"type", json_string(words[i + 1])},
                      {"source", json_string(unescape(words[i + 2]))},
                      {"super", json_string(words[i + 3])}});
}

std::string mounts() {
  std::vector<std::string> list;
  for (const std::string& line : lines_of("/proc/self/mountinfo")) list.push_back(mount_of(line));
  return json_array(list);
}

std::string namespaces() {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const char* name : kNamespaces) {
    fields.emplace_back(name, json_string(read_link(std::string("/proc/self/ns/") + name)));
  }
  return json_object(fields);
}

std::string descriptors() {
  std::vector<std::string> list;
  for (const std::string& name : entries_of("/proc/self/fd")) {
    const int number = std::atoi(name.c_str());
    // The descriptor of the listing itself is closed by now.
    if (::fcntl(number, F_GETFD) == -1) continue;
    list.push_back(json_object({{"fd", json_number(number)},
                                {"target", json_string(read_link("/proc/self/fd/" + name))}}));
  }
  return json_array(list);
}

void add_devices(const std::string& directory, std::vector<std::string>& list) {
  for (const std::string& name : entries_of(directory)) {
    const std::string path = directory + "/" + name;
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) continue;
    list.push_back(json_object({{"path", json_string(path)},
                                {"type", json_string(type_name(status.st_mode))},
                                {"mode", json_string(octal(status.st_mode))},
                                {"uid", json_number(status.st_uid)},
                                {"gid", json_number(status.st_gid)},
                                {"major", json_number(major(status.st_rdev))},
                                {"minor", json_number(minor(status.st_rdev))},
                                {"target", json_string(read_link(path))}}));
    if (S_ISDIR(status.st_mode)) add_devices(path, list);
  }
}

std::string devices() {
  std::vector<std::string> list;
  add_devices("/dev", list);
  return json_array(list);
}

std::string sysctl_values(const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& name : names) {
    std::string path = "/proc/sys/" + name;
    std::replace(path.begin(), path.end(), '.', '/');
    const std::string value = read_text(path).value_or("unreadable");
    fields.emplace_back(name, json_string(gocker::trim(value)));
  }
  return json_object(fields);
}

std::string terminal() {
  if (::isatty(STDIN_FILENO) == 0) return "null";
  struct winsize size = {};
  ::ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
  struct termios modes = {};
  ::tcgetattr(STDIN_FILENO, &modes);
  const char* name = ::ttyname(STDIN_FILENO);
  const gocker::Fd controlling(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  struct stat status = {};
  ::fstat(STDIN_FILENO, &status);
  return json_object({{"rows", json_number(size.ws_row)},
                      {"columns", json_number(size.ws_col)},
                      {"name", json_string(name == nullptr ? "" : name)},
                      {"uid", json_number(status.st_uid)},
                      {"onlcr", json_bool((modes.c_oflag & ONLCR) != 0)},
                      {"echo", json_bool((modes.c_lflag & ECHO) != 0)},
                      {"controlling", json_bool(static_cast<bool>(controlling))},
                      {"foreground", json_number(::tcgetpgrp(STDIN_FILENO))}});
}

std::string session_keyring() {
  constexpr int kSession = -3;  // KEY_SPEC_SESSION_KEYRING
  const long serial = ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, kSession, 0);
  std::array<char, 256> text = {};
  ::syscall(SYS_keyctl, KEYCTL_DESCRIBE, kSession, text.data(), text.size() - 1);
  return json_object({{"serial", json_number(serial)}, {"description", json_string(text.data())}});
}

// The four or sixteen bytes of an address.
std::span<const uint8_t> address_bytes(const struct sockaddr* address) {
  const auto* any = reinterpret_cast<const uint8_t*>(address);
  if (address->sa_family == AF_INET) return {any + offsetof(sockaddr_in, sin_addr), 4};
  return {any + offsetof(sockaddr_in6, sin6_addr), 16};
}

std::string address_text(const struct sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (address == nullptr) return {};
  const auto* raw = address_bytes(address).data();
  const bool known = address->sa_family == AF_INET || address->sa_family == AF_INET6;
  if (!known || ::inet_ntop(address->sa_family, raw, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

int prefix_length(const struct sockaddr* mask) {
  int length = 0;
  if (mask == nullptr) return length;
  for (const uint8_t byte : address_bytes(mask)) length += std::popcount(byte);
  return length;
}

std::string interfaces() {
  std::vector<std::pair<std::string, std::string>> fields;
  const gocker::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct if_nameindex* list = ::if_nameindex();
  if (list == nullptr) return "{}";
  for (const struct if_nameindex* entry = list; entry->if_name != nullptr; ++entry) {
    struct ifreq request = {};
    std::strncpy(request.ifr_name, entry->if_name, IFNAMSIZ - 1);
    const bool known = ::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0;
    const bool up = known && (request.ifr_flags & IFF_UP) != 0;
    fields.emplace_back(entry->if_name, json_string(up ? "up" : "down"));
  }
  ::if_freenameindex(list);
  return json_object(fields);
}

// "eth0 10.0.0.1/24", the way ip(8) would list them.
std::string addresses() {
  std::vector<std::string> list;
  struct ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return "[]";
  for (const struct ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    const std::string address = address_text(entry->ifa_addr);
    if (address.empty()) continue;
    list.push_back(std::string(entry->ifa_name) + " " + address + "/" +
                   std::to_string(prefix_length(entry->ifa_netmask)));
  }
  ::freeifaddrs(first);
  return json_strings(list);
}

std::string clock_seconds(clockid_t clock) {
  struct timespec now = {};
  ::clock_gettime(clock, &now);
  return json_number(now.tv_sec);
}

int parent_death_signal() {
  int signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &signal);
  return signal;
}

}  // namespace

std::string report(const std::vector<std::string>& args, const std::vector<std::string>& sysctls) {
  // Before anything else opens a descriptor.
  const std::string fds = descriptors();
  const std::vector<std::string> status = lines_of("/proc/self/status");
  struct utsname names = {};
  ::uname(&names);
  const std::string oom = read_text("/proc/self/oom_score_adj").value_or("null");
  return json_object({
      {"pid", json_number(::getpid())},
      {"ppid", json_number(::getppid())},
      {"sid", json_number(::getsid(0))},
      {"pgid", json_number(::getpgid(0))},
      {"uid", json_number(::getuid())},
      {"euid", json_number(::geteuid())},
      {"gid", json_number(::getgid())},
      {"egid", json_number(::getegid())},
      {"groups", groups()},
      {"umask", json_string(current_umask())},
      {"cwd", json_string(current_directory())},
      {"args", json_strings(args)},
      {"env", environment()},
      {"hostname", json_string(names.nodename)},
      {"domainname", json_string(names.domainname)},
      {"machine", json_string(names.machine)},
      {"capabilities", capabilities(status)},
      {"noNewPrivileges", json_bool(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)},
      {"seccomp", json_string(status_field(status, "Seccomp"))},
      {"blockedSignals", json_string(status_field(status, "SigBlk"))},
      {"ignoredSignals", json_string(status_field(status, "SigIgn"))},
      {"parentDeathSignal", json_number(parent_death_signal())},
      {"rlimits", limits()},
      {"oomScoreAdj", std::string(gocker::trim(oom))},
      {"personality", json_number(::personality(0xffffffff))},
      {"mounts", mounts()},
      {"namespaces", namespaces()},
      {"cgroups", json_strings(lines_of("/proc/self/cgroup"))},
      {"fds", fds},
      {"devices", devices()},
      {"sysctl", sysctl_values(sysctls)},
      {"terminal", terminal()},
      {"keyring", session_keyring()},
      {"interfaces", interfaces()},
      {"addresses", addresses()},
      {"scheduling", scheduling()},
      {"label", json_string(read_text("/proc/self/attr/current").value_or("none"))},
      {"boottime", clock_seconds(CLOCK_BOOTTIME)},
      {"monotonic", clock_seconds(CLOCK_MONOTONIC)},
  });
}

}  // namespace inside
