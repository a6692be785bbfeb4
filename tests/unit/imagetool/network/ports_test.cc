#include "imagetool/network/ports.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

constexpr uint32_t kLoopback = 0x7F000001;

std::string shown(const std::string& text) {
  const PortRequest port = parse_port(text);
  return std::to_string(port.host_ip) + " " + std::to_string(port.host_first) + "-" +
         std::to_string(port.host_last) + " " + std::to_string(port.container_first) + "-" +
         std::to_string(port.container_last) + " " + std::string(name_of(port.protocol));
}

TEST(ParsePort, TakesAllFormsOfTheOption) {
  EXPECT_EQ(shown("80"), "0 0-0 80-80 tcp");
  EXPECT_EQ(shown("8080:80"), "0 8080-8080 80-80 tcp");
  EXPECT_EQ(shown("8080:80/udp"), "0 8080-8080 80-80 udp");
  EXPECT_EQ(shown("8080:80/TCP"), "0 8080-8080 80-80 tcp");
  EXPECT_EQ(shown("127.0.0.1:8080:80"), "2130706433 8080-8080 80-80 tcp");
  EXPECT_EQ(shown("127.0.0.1::80"), "2130706433 0-0 80-80 tcp");
  EXPECT_EQ(shown("8000-8002:80-82"), "0 8000-8002 80-82 tcp");
  EXPECT_EQ(shown("8000-8002:80"), "0 8000-8002 80-80 tcp");
  EXPECT_EQ(shown("80-82"), "0 0-0 80-82 tcp");
}

TEST(ParsePort, RefusesTheRestInOneLine) {
  for (const char* text : {"",
                           ":",
                           "::",
                           "0",
                           "0:80",
                           "80:0",
                           "65536",
                           "80:65536",
                           "-1",
                           "80-",
                           "-80",
                           "82-80",
                           "8000-8001:80-82",
                           "a:80",
                           "80:b",
                           "80/sctp",
                           "80/",
                           "/tcp",
                           "1.2.3:8080:80",
                           "1.2.3.4.5:80:80",
                           "[::1]:8080:80",
                           "::1:8080:80",
                           "8080:80:",
                           "80 ",
                           "8080 :80",
                           "99999999999999999999",
                           "1:2:3:4"}) {
    const std::string error = error_of([&] { parse_port(text); });
    EXPECT_TRUE(error.starts_with(std::string("'") + text + "' is no port to publish: ")) << error;
  }
  EXPECT_TRUE(error_of([] { parse_port("80:80\n"); }).starts_with("'80:80\\n' is no port"));
}

Fd bind_here(uint16_t port, int type) {
  Fd socket(check(::socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"));
  const int yes = 1;  // for UDP it would mean to share the port
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(kLoopback);
  const bool bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      (type == SOCK_DGRAM || ::listen(socket.get(), 1) == 0);
  return bound ? std::move(socket) : Fd();
}

PortRequest at_loopback(uint16_t host, uint16_t container, Protocol protocol = Protocol::tcp) {
  return {kLoopback, host, host, container, container, protocol};
}

TEST(HoldPorts, KeepsOthersAwayForAsLongAsTheSocketLives) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    const int type = protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
    HeldPorts held = hold_ports({at_loopback(0, 80, protocol)}, {});
    ASSERT_EQ(held.ports.size(), 1u);
    ASSERT_EQ(held.sockets.size(), 1u);
    const uint16_t port = held.ports[0].host_port;
    EXPECT_NE(port, 0);
    EXPECT_EQ(held.ports[0].container_port, 80);
    EXPECT_FALSE(bind_here(port, type));
    held.sockets.clear();
    EXPECT_TRUE(bind_here(port, type));
  }
}

TEST(HoldPorts, TellsWhichPortIsInUse) {
  const HeldPorts held = hold_ports({at_loopback(0, 80)}, {});
  const uint16_t port = held.ports[0].host_port;
  EXPECT_EQ(error_of([&] { hold_ports({at_loopback(port, 81)}, {}); }),
            "port 127.0.0.1:" + std::to_string(port) + "/tcp is in use");
  EXPECT_EQ(error_of([&] {
              hold_ports({at_loopback(4711, 81)}, {{{0, 4711, 80, Protocol::tcp}, "web"}});
            }),
            "port 127.0.0.1:4711/tcp is in use by container web");
  EXPECT_NO_THROW(hold_ports({at_loopback(4711, 81)}, {{{0, 4711, 80, Protocol::udp}, "web"}}));
}

// A port of the loopback device that is free, as the one below it is.
uint16_t free_pair() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const uint16_t port = hold_ports({at_loopback(0, 80)}, {}).ports.at(0).host_port;
    if (bind_here(port, SOCK_STREAM) && bind_here(port - 1, SOCK_STREAM)) return port;
  }
  throw Error("no two free ports side by side");
}

TEST(HoldPorts, ChoosesAFreeOneOfARange) {
  const uint16_t port = free_pair();
  const HeldPorts held = hold_ports({at_loopback(port, 80)}, {});
  const PortRequest range{kLoopback, static_cast<uint16_t>(port - 1), port, 80, 80, Protocol::tcp};
  const HeldPorts chosen = hold_ports({range}, {});
  EXPECT_EQ(chosen.ports.at(0).host_port, port - 1);
  EXPECT_EQ(
      error_of([&] { hold_ports({range}, {}); }),
      "ports " + std::to_string(port - 1) + " to " + std::to_string(port) + " are all in use");
}

TEST(HoldPorts, RefusesAnAddressThatTheHostDoesNotHave) {
  const PortRequest request{0x01020304, 8080, 8080, 80, 80, Protocol::tcp};
  EXPECT_EQ(error_of([&] { hold_ports({request}, {}); }),
            "publish port 1.2.3.4:8080/tcp: the host has no such address");
}

}  // namespace
}  // namespace gocker
