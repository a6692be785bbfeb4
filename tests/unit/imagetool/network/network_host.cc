#include "tests/unit/imagetool/network/network_host.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

// Longer than anything takes that works, also on a busy machine.
constexpr std::chrono::seconds kPatience(60);

// An interface that has just come up may lose the first ones; each answer calls for the next.
std::string ping(const std::string& address) {
  return "busybox ping -c20 -i0.2 -w10 -A " + address + " >/dev/null 2>&1 && echo yes || echo no";
}

// What a command that lists leftovers says in the end. The kernel takes the links of a removed
// namespace away in its own time, and the name server its files: on a busy machine later.
std::string what_stays(const std::string& listing) {
  return shell_until(listing, "");
}

}  // namespace

std::string shell(const std::string& text) {
  Command command;
  command.path = "/bin/sh";
  command.args = {"sh", "-c", text};
  command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  command.timeout = kPatience;
  const CommandResult result = run_command(command);
  return std::string(trim(result.output + result.errors));
}

std::string shell_until(const std::string& text, const std::string& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const std::string said = shell(text);
    if (said == wanted || std::chrono::steady_clock::now() > deadline) return said;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

NetworkHost::NetworkHost() : places_{folder_.path() + "/root", folder_.path() + "/run"} {
  shell("ip link set lo up");
}

Connection NetworkHost::connect(const std::string& id, const std::string& network,
                                std::vector<PortRequest> ports) const {
  return gocker::connect(places_, {id, "name-" + id, {{network, {}, {}}}, std::move(ports)});
}

Connection NetworkHost::connect(const std::string& id, const NetworkJoin& join) const {
  return gocker::connect(places_, {id, "name-" + id, {join}, {}});
}

void NetworkHost::disconnect(const std::string& id) const {
  gocker::disconnect(places_, id);
}

void NetworkHost::expect_clean() const {
  EXPECT_EQ(what_stays("ip -brief link | grep -v '^lo '"), "");
  EXPECT_EQ(
      shell("iptables-save | grep -e 'dnat name' -e ' 10[.]' -e NETAVARK-DN- -e '[0-9A-F]{13}'"),
      "");
  EXPECT_EQ(shell("ls -A " + places_.attachments()), "");
  EXPECT_EQ(shell("ls -A " + places_.namespaces()), "");
  EXPECT_EQ(what_stays("ls -A " + places_.aardvark() + "/aardvark-dns 2>/dev/null"), "");
  EXPECT_EQ(shell("grep " + places_.run + " /proc/self/mounts"), "");
}

void on_a_host(const std::function<void(const NetworkHost&)>& body) {
  if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
  in_mount_namespace([&] { body(NetworkHost()); }, CLONE_NEWNET);
}

std::string in_namespace(const Connection& connection, const std::string& command) {
  return "nsenter --net=" + connection.network_namespace + " sh -c '" + command + "'";
}

std::string inside(const Connection& connection, const std::string& command) {
  return shell(in_namespace(connection, command));
}

std::string reaches(const Connection& connection, const std::string& address) {
  return inside(connection, ping(address));
}

std::string host_reaches(const std::string& address) {
  return shell(ping(address));
}

}  // namespace gocker
