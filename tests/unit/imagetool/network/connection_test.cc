#include "imagetool/network/connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "imagetool/network/network_namespace.h"
#include "runtime/base/process.h"
#include "tests/unit/imagetool/network/network_host.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

PortRequest port(uint16_t host, uint16_t container, uint32_t address = 0) {
  return {address, host, host, container, container, Protocol::tcp};
}

// A machine beyond the host, at 198.51.100.2.
class Outside {
 public:
  explicit Outside(const NetworkHost& host) : path_(host.places().root + "-outside") {
    make_network_namespace(path_);
    shell(
        "ip link add out type veth peer name in && ip address add 198.51.100.1/24 dev out && "
        "ip link set out up && ip link set in netns " +
        path_ + " && nsenter --net=" + path_ +
        " sh -c 'ip address add 198.51.100.2/24 dev in && ip link set in up && "
        "ip link set lo up'");
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  ~Outside() {
    shell("ip link delete out");
    remove_network_namespace(path_);
  }

 private:
  std::string path_;
};

// Says hello to the first who connects to a port of a container. It listens already when it is
// made.
class Server {
 public:
  Server(const Connection& connection, const std::string& port)
      : process_(start("exec nsenter --net=" + connection.network_namespace + " busybox nc -l -p " +
                       port + " <<end\nhello\nend\n")) {
    EXPECT_EQ(shell_until("nsenter --net=" + connection.network_namespace +
                              " cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A '",
                          "1"),
              "1")
        << "it does not listen";
  }

 private:
  static Child start(const std::string& script) {
    std::optional<Child> child = clone_child(0, Fd());
    if (child) return std::move(*child);
    const Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), stream);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    exit_now(127);
  }

  Child process_;
};

TEST(Connection, LeadsToTheHostAndBeyondAndIsTakenBack) {
  on_a_host([](const NetworkHost& host) {
    const Connection connection = host.connect("c1");
    ASSERT_EQ(connection.interfaces.size(), 1u);
    EXPECT_EQ(connection.interfaces[0].name, "eth0");
    EXPECT_EQ(connection.interfaces[0].address_text(), "10.88.0.2/16");
    EXPECT_EQ(connection.interfaces[0].mac.size(), 17u);
    EXPECT_TRUE(connection.name_servers.empty());
    {
      const Outside outside(host);
      EXPECT_EQ(reaches(connection, "10.88.0.1"), "yes");
      EXPECT_EQ(reaches(connection, "198.51.100.2"), "yes");
      EXPECT_EQ(host_reaches("10.88.0.2"), "yes");
    }
    host.disconnect("c1");
    host.expect_clean();
    EXPECT_NO_THROW(host.disconnect("c1"));
  });
}

TEST(Connection, OfAnInternalNetworkLeadsNowhereElse) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "inner", .internal = true});
    const Connection one = host.connect("c1", "inner");
    const Connection two = host.connect("c2", "inner");
    {
      const Outside outside(host);
      EXPECT_EQ(reaches(one, ipv4_text(two.interfaces[0].address)), "yes");
      EXPECT_EQ(reaches(one, "198.51.100.2"), "no");
      EXPECT_EQ(inside(one, "ip route show default"), "");
    }
    host.disconnect("c1");
    host.disconnect("c2");
    host.expect_clean();
  });
}

TEST(Connection, PublishesPortsOnEveryAddressOfTheHost) {
  on_a_host([](const NetworkHost& host) {
    Connection connection =
        host.connect("c1", "bridge", {port(8080, 80), port(8081, 81, 0x7F000001)});
    EXPECT_EQ(to_text(connection.ports.at(0)), "0.0.0.0:8080->80/tcp");
    EXPECT_EQ(connection.port_sockets.size(), 2u);
    const auto served = [&](const std::string& address, const char* host_port,
                            const char* container_port) {
      const Server server(connection, container_port);
      return shell("busybox nc -w 20 " + address + " " + host_port + " </dev/null 2>/dev/null");
    };
    EXPECT_EQ(served("127.0.0.1", "8080", "80"), "hello");
    EXPECT_EQ(served("10.88.0.1", "8080", "80"), "hello");
    EXPECT_EQ(served("127.0.0.1", "8081", "81"), "hello");
    EXPECT_EQ(served("10.88.0.1", "8081", "81"), "");
    connection.port_sockets.clear();
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Connection, RefusesPortsAndAddressesThatOthersHave) {
  on_a_host([](const NetworkHost& host) {
    Connection first = host.connect("c1", "bridge", {port(8080, 80)});
    EXPECT_EQ(error_of([&] { host.connect("c2", "bridge", {port(8080, 81)}); }),
              "port 0.0.0.0:8080/tcp is in use by container name-c1");
    // As after the end of the process that held the sockets, before the container is taken back.
    first.port_sockets.clear();
    EXPECT_EQ(error_of([&] { host.connect("c2", "bridge", {port(8080, 81)}); }),
              "port 0.0.0.0:8080/tcp is in use by container name-c1");
    const auto at = [&](const char* address) {
      return error_of([&] { host.connect("c2", {"bridge", parse_ipv4(address), {}}); });
    };
    EXPECT_EQ(at("10.88.0.2"), "address 10.88.0.2 of network bridge is that of container name-c1");
    EXPECT_EQ(at("10.88.0.1"), "address 10.88.0.1 of network bridge is that of the gateway");
    EXPECT_EQ(at("10.89.0.1"),
              "address 10.89.0.1 is no address for a host in the subnet 10.88.0.0/16 of network "
              "bridge");
    EXPECT_NE(at("10.88.255.255"), "");
    EXPECT_EQ(attachments(host.places()).size(), 1u);
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Connection, GivesEveryAddressOfASmallSubnetAndThenSaysThatNoneIsLeft) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "small", .subnet = parse_subnet("10.99.0.0/29")});
    const Connection fixed = host.connect("c3", {"small", parse_ipv4("10.99.0.3"), {}});
    EXPECT_EQ(ipv4_text(fixed.interfaces[0].address), "10.99.0.3");
    std::vector<std::string> given;
    for (const char* id : {"c2", "c4", "c5", "c6"}) {
      given.push_back(ipv4_text(host.connect(id, "small").interfaces[0].address));
    }
    EXPECT_EQ(given,
              (std::vector<std::string>{"10.99.0.2", "10.99.0.4", "10.99.0.5", "10.99.0.6"}));
    EXPECT_EQ(error_of([&] { host.connect("c7", "small"); }),
              "network small has no free address in 10.99.0.0/29; stop containers of it, or make a "
              "network with a larger --subnet");
    host.disconnect("c4");
    EXPECT_EQ(ipv4_text(host.connect("c7", "small").interfaces[0].address), "10.99.0.4");
    for (const char* id : {"c2", "c3", "c5", "c6", "c7"}) host.disconnect(id);
    host.expect_clean();
  });
}

TEST(Connection, LetsContainersOfANetworkFindEachOther) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "front"});
    host.networks().create({.name = "back"});
    const Connection web = gocker::connect(
        host.places(), {"c1", "web", {{"front", {}, {"www"}}, {"back", {}, {"inner"}}}, {}});
    const Connection db = gocker::connect(host.places(), {"c2", "db", {{"back", {}, {}}}, {}});
    ASSERT_EQ(web.interfaces.size(), 2u);
    EXPECT_EQ(web.interfaces[1].name, "eth1");
    EXPECT_EQ(web.name_servers.size(), 2u);
    ASSERT_EQ(db.name_servers.size(), 1u);
    // The name server reads of a change when it finds the time.
    const auto address_of = [&](const std::string& name, const std::string& wanted) {
      const std::string question = "busybox nslookup -type=a " + name + " " +
                                   ipv4_text(db.name_servers[0]) +
                                   " 2>&1 | grep -A9 Name: | grep Addr";
      return shell_until(in_namespace(db, question), wanted);
    };
    const std::string expected = "Address: " + ipv4_text(web.interfaces[1].address);
    for (const char* name : {"web", "inner", "c1"}) EXPECT_EQ(address_of(name, expected), expected);
    const std::string own = "Address: " + ipv4_text(db.interfaces[0].address);
    EXPECT_EQ(address_of("db", own), own);
    EXPECT_EQ(address_of("www", ""), "");  // a name in the other network
    EXPECT_EQ(reaches(db, ipv4_text(web.interfaces[1].address)), "yes");
    host.disconnect("c1");
    EXPECT_EQ(address_of("web", ""), "");
    host.disconnect("c2");
    host.expect_clean();
  });
}

TEST(Connection, NamesTheNetworkThatIsNotThere) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "front"});
    EXPECT_EQ(error_of([&] { host.connect("c1", "fornt"); }),
              "there is no network 'fornt'; did you mean 'front'?");
    host.networks().remove("front");
    EXPECT_EQ(error_of([&] { host.connect("c1", "front"); }),
              "there is no network 'front'; gocker network ls lists them, gocker network create "
              "makes one");
    EXPECT_EQ(error_of([&] {
                gocker::connect(host.places(), {"c1", "", {{"bridge"}, {"bridge"}}, {}});
              }),
              "network bridge is named twice");
    host.expect_clean();
  });
}

TEST(Connection, DoesNotTouchAnInterfaceOfSomebodyElse) {
  on_a_host([](const NetworkHost& host) {
    const Network network = host.networks().find("bridge");
    shell(
        "ip link add gocker0 type veth peer name other && ip address add 203.0.113.1/24 dev "
        "gocker0");
    EXPECT_EQ(error_of([&] { host.connect("c1"); }),
              "network bridge: the host has an interface gocker0 with the address 203.0.113.1 "
              "already, which is not this network's");
    shell("ip link delete gocker0");
    host.expect_clean();
  });
}

}  // namespace
}  // namespace gocker
