#include "runtime/cgroup/systemd_scope.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "runtime/base/companion.h"
#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/membership.h"

namespace gocker {
namespace {

constexpr const char* kName = "gocker-systemd";
constexpr const char* kSocketOfSystem = "/run/systemd/private";

// Set once, by main.
std::string& program_folder() {
  static std::string folder;
  return folder;
}

std::string helper_path() {
  if (auto path = find_companion(program_folder(), kName)) return *path;
  throw Error(std::string(kName) +
              " is not installed, which systemd's groups need: use "
              "--cgroup-manager cgroupfs");
}

struct Helper {
  Fd socket;
  Child process;
};

// Its stdin is the socket, the rest is inherited.
Helper start_helper(const char* verb, const std::string& unit, SystemdInstance instance) {
  const std::string path = helper_path();
  const std::vector<std::string> words = {
      path, instance == SystemdInstance::user ? "--user" : "--system", verb, unit};
  const std::vector<char*> args = c_strings(words);
  auto [ours, theirs] = socket_pair();
  auto child = clone_child(0, Fd());
  if (!child) {
    if (::dup2(theirs.get(), STDIN_FILENO) == STDIN_FILENO &&
        ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
      ::execve(path.c_str(), args.data(), environ);
    }
    exit_now(127);
  }
  return {std::move(ours), std::move(*child)};
}

void expect_success(const Fd& socket) {
  const std::optional<Packet> answer = receive_packet(socket);
  if (!answer) throw Error(std::string(kName) + " ended without an answer");
  if (answer->bytes != kSystemdOk) throw Error(answer->bytes);
}

}  // namespace

void set_systemd_helper_folder(std::string own_folder) {
  program_folder() = std::move(own_folder);
}

SystemdInstance own_systemd_instance() {
  // In a user namespace it is root's own where that namespace is all of a machine (LXC's), and
  // nobody's where it is a user's.
  const bool is_roots = is_host_root() || (is_superuser() && ::access(kSocketOfSystem, W_OK) == 0);
  return is_roots ? SystemdInstance::system : SystemdInstance::user;
}

SystemdScope SystemdScope::start(const ScopeName& name, SystemdInstance instance,
                                 const SystemdProperties& properties) {
  const Doing doing("make systemd's scope", name.unit);
  SystemdScope scope;
  Helper helper = start_helper("start", name.unit, instance);
  scope.socket_ = std::move(helper.socket);
  scope.helper_ = std::move(helper.process);
  SystemdProperties all = {{"Slice", "s", {name.slice}}};
  all.insert(all.end(), properties.begin(), properties.end());
  send_packet(scope.socket_, to_text(all));
  expect_success(scope.socket_);
  return scope;
}

std::string SystemdScope::group() const {
  std::string directory = unified_directory_of(helper_.pid());
  if (directory.empty()) throw Error("no cgroup2 is mounted where systemd made the group");
  return directory;
}

void SystemdScope::move_in(const ScopeMember& member) {
  const Doing doing("let systemd move the process into its scope");
  send_packet(socket_, to_text(member));
  expect_success(socket_);
}

void SystemdScope::hand_over(const SystemdProperties& limits) {
  send_packet(socket_, to_text(limits));
}

void SystemdScope::finish() {
  const Doing doing("tell systemd of the limits");
  expect_success(socket_);
  socket_.reset();
  helper_.wait();
}

void set_scope_properties(const std::string& unit, SystemdInstance instance,
                          const SystemdProperties& properties) {
  const Doing doing("tell systemd of the limits of", unit);
  Helper helper = start_helper("set", unit, instance);
  send_packet(helper.socket, to_text(properties));
  expect_success(helper.socket);
  helper.process.wait();
}

void move_into_scope(const std::string& unit, SystemdInstance instance, const ScopeMember& member) {
  const Doing doing("let systemd move the process into", unit);
  Helper helper = start_helper("move", unit, instance);
  send_packet(helper.socket, to_text(member));
  expect_success(helper.socket);
  helper.process.wait();
}

}  // namespace gocker
