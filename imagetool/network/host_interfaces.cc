#include "imagetool/network/host_interfaces.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bit>
#include <charconv>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// As procfs writes addresses: eight hexadecimal digits of the number in network byte order.
std::optional<uint32_t> parse_hex_address(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return ntohl(value);
}

}  // namespace

std::vector<Route> host_routes() {
  constexpr size_t kInterface = 0;
  constexpr size_t kDestination = 1;
  constexpr size_t kMask = 7;
  std::vector<Route> routes;
  const std::string table = read_file("/proc/thread-self/net/route");
  for (const std::string_view line : split(table, '\n')) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() <= kMask) continue;
    const std::optional<uint32_t> destination = parse_hex_address(trim(fields[kDestination]));
    const std::optional<uint32_t> mask = parse_hex_address(trim(fields[kMask]));
    if (!destination || !mask || *mask == 0) continue;  // the header, or a default route
    routes.push_back({std::string(trim(fields[kInterface])),
                      {*destination, static_cast<unsigned>(std::popcount(*mask))}});
  }
  return routes;
}

bool has_interface(const std::string& name) {
  return ::if_nametoindex(name.c_str()) != 0;
}

std::optional<uint32_t> interface_address(const std::string& name) {
  const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (::ioctl(socket.get(), SIOCGIFADDR, &request) != 0) return std::nullopt;
  sockaddr_in address{};
  std::memcpy(&address, &request.ifr_addr, sizeof address);
  return ntohl(address.sin_addr.s_addr);
}

}  // namespace gocker
