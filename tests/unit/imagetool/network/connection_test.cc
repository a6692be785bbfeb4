// Connections wired by the real netavark, in a network namespace that stands for the host.
#include "imagetool/network/connection.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "imagetool/network/host_interfaces.h"
#include "imagetool/network/network_namespace.h"
#include "imagetool/network/networks.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

void bring_loopback_up() {
  const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  ifreq request{};
  std::string("lo").copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

std::string shell(const std::string& text) {
  Command command;
  command.path = "/bin/sh";
  command.args = {"sh", "-c", text};
  command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  command.timeout = std::chrono::seconds(20);
  const CommandResult result = run_command(command);
  return std::string(trim(result.output + result.errors));
}

// A host of its own: a network namespace with nothing but lo.
class Host {
 public:
  Host() : places_{folder_.path() + "/root", folder_.path() + "/run"} { bring_loopback_up(); }

  const NetworkPlaces& places() const { return places_; }
  Networks networks() const { return Networks(places_); }

  Connection connect(const std::string& id, const std::string& network = "bridge",
                     std::vector<PortRequest> ports = {}) const {
    return gocker::connect(places_, {id, "name-" + id, {{network, {}, {}}}, std::move(ports)});
  }
  void disconnect(const std::string& id) const { gocker::disconnect(places_, id); }

  static std::string inside(const Connection& connection, const std::string& command) {
    return shell("nsenter --net=" + connection.network_namespace + " " + command);
  }

  // Nothing is left of any connection but netavark's shared chains.
  void expect_clean() const {
    EXPECT_EQ(shell("ip -brief link | grep -v '^lo '"), "");
    EXPECT_EQ(shell("iptables-save | grep -e 'dnat name' -e 10.88 -e 10.89 -e DN-"), "");
    EXPECT_EQ(shell("ls -A " + places_.attachments()), "");
    EXPECT_EQ(shell("ls -A " + places_.namespaces()), "");
    EXPECT_EQ(shell("ls -A " + places_.aardvark() + "/aardvark-dns 2>/dev/null"), "");
  }

 private:
  TempDir folder_;
  NetworkPlaces places_;
};

void on_a_host(const std::function<void(const Host&)>& body) {
  if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
  in_mount_namespace([&] { body(Host()); }, CLONE_NEWNET);
}

TEST(Connection, LeadsToTheHostAndIsTakenBack) {
  on_a_host([](const Host& host) {
    const Connection connection = host.connect("c1");
    ASSERT_EQ(connection.interfaces.size(), 1u);
    EXPECT_EQ(connection.interfaces[0].name, "eth0");
    EXPECT_EQ(connection.interfaces[0].address_text(), "10.88.0.2/16");
    EXPECT_EQ(connection.interfaces[0].mac.size(), 17u);
    EXPECT_TRUE(connection.name_servers.empty());
    EXPECT_EQ(Host::inside(connection, "busybox ping -c1 -W2 10.88.0.1 >/dev/null && echo reached"),
              "reached");
    EXPECT_EQ(shell("busybox ping -c1 -W2 10.88.0.2 >/dev/null && echo reached"), "reached");
    host.disconnect("c1");
    host.expect_clean();
    host.disconnect("c1");
  });
}

TEST(Connection, IsTakenBackWithoutItsNamespace) {
  on_a_host([](const Host& host) {
    const PortRequest port{0, 8080, 8080, 80, 80, Protocol::tcp};
    const Connection connection = host.connect("c1", "bridge", {port});
    remove_network_namespace(connection.network_namespace);
    host.disconnect("c1");
    host.expect_clean();
  });
}

}  // namespace
}  // namespace gocker
