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

// Of as few pings as it takes: an interface that has just come up may lose the first.
std::string ping(const std::string& address) {
  return "busybox ping -c3 -i0.2 -w2 -A " + address + " >/dev/null 2>&1 && echo yes || echo no";
}

// The kernel takes the links of a removed namespace away in its own time, on a busy machine later.
std::string links_that_stay() {
  std::string links;
  for (int tries = 0; tries < 50; ++tries) {
    links = shell("ip -brief link | grep -v '^lo '");
    if (links.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return links;
}

}  // namespace

std::string shell(const std::string& text) {
  Command command;
  command.path = "/bin/sh";
  command.args = {"sh", "-c", text};
  command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  command.timeout = std::chrono::seconds(20);
  const CommandResult result = run_command(command);
  return std::string(trim(result.output + result.errors));
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
  EXPECT_EQ(links_that_stay(), "");
  EXPECT_EQ(
      shell("iptables-save | grep -e 'dnat name' -e ' 10[.]' -e NETAVARK-DN- -e '[0-9A-F]{13}'"),
      "");
  EXPECT_EQ(shell("ls -A " + places_.attachments()), "");
  EXPECT_EQ(shell("ls -A " + places_.namespaces()), "");
  EXPECT_EQ(shell("ls -A " + places_.aardvark() + "/aardvark-dns 2>/dev/null"), "");
  EXPECT_EQ(shell("grep " + places_.run + " /proc/self/mounts"), "");
}

void on_a_host(const std::function<void(const NetworkHost&)>& body) {
  if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
  in_mount_namespace([&] { body(NetworkHost()); }, CLONE_NEWNET);
}

std::string inside(const Connection& connection, const std::string& command) {
  return shell("nsenter --net=" + connection.network_namespace + " sh -c '" + command + "'");
}

std::string reaches(const Connection& connection, const std::string& address) {
  return inside(connection, ping(address));
}

std::string host_reaches(const std::string& address) {
  return shell(ping(address));
}

}  // namespace gocker
