#include "imagetool/network/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include "imagetool/network/address.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kHighestPort = 65535;

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw Error(std::string("'").append(text).append("' is no port to publish: ").append(reason));
}

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;
};

PortRange parse_range(std::string_view whole, std::string_view text) {
  const size_t dash = text.find('-');
  const std::optional<uint64_t> first = parse_u64(text.substr(0, dash), kHighestPort);
  const std::optional<uint64_t> last =
      dash == std::string_view::npos ? first : parse_u64(text.substr(dash + 1), kHighestPort);
  if (!first || !last || *first == 0 || *last == 0) {
    refuse(whole, "ports are numbers from 1 to 65535, or two of them with '-' between");
  }
  if (*last < *first) refuse(whole, "the range ends before it begins");
  return {static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

Protocol parse_protocol(std::string_view whole, std::string_view text) {
  const std::string name = to_lower(text);
  if (name == "tcp") return Protocol::tcp;
  if (name == "udp") return Protocol::udp;
  refuse(whole, "the protocol is tcp or udp");
}

// What is left of "IP:" in front, which is moved to `request`.
std::string_view take_host_ip(std::string_view whole, std::string_view text, PortRequest& request) {
  if (text.starts_with('[')) refuse(whole, "containers have no IPv6 addresses; leave [...] out");
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) == std::string_view::npos) {
    return text;
  }
  const std::optional<uint32_t> address = parse_ipv4(text.substr(0, colon));
  if (!address && colon != 0) refuse(whole, "it begins with what is no IPv4 address");
  request.host_ip = address.value_or(0);
  return text.substr(colon + 1);
}

}  // namespace

std::string_view name_of(Protocol protocol) {
  return protocol == Protocol::tcp ? "tcp" : "udp";
}

PortRequest parse_port(std::string_view text) {
  PortRequest request;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    request.protocol = parse_protocol(text, text.substr(slash + 1));
  }
  const std::string_view rest = take_host_ip(text, text.substr(0, slash), request);
  const size_t colon = rest.find(':');
  const bool names_host = colon != std::string_view::npos;
  const PortRange container = parse_range(text, names_host ? rest.substr(colon + 1) : rest);
  request.container_first = container.first;
  request.container_last = container.last;
  if (!names_host || colon == 0) return request;
  const PortRange host = parse_range(text, rest.substr(0, colon));
  if (container.first != container.last &&
      host.last - host.first != container.last - container.first) {
    refuse(text, "the two ranges are not equally long");
  }
  request.host_first = host.first;
  request.host_last = host.last;
  return request;
}

std::string to_text(const PublishedPort& port) {
  return ipv4_text(port.host_ip) + ":" + std::to_string(port.host_port) + "->" +
         std::to_string(port.container_port) + "/" + std::string(name_of(port.protocol));
}

namespace {

std::string host_side(const PublishedPort& port) {
  return ipv4_text(port.host_ip) + ":" + std::to_string(port.host_port) + "/" +
         std::string(name_of(port.protocol));
}

bool collide(const PublishedPort& one, const PublishedPort& other) {
  return one.host_port == other.host_port && one.protocol == other.protocol &&
         (one.host_ip == other.host_ip || one.host_ip == 0 || other.host_ip == 0);
}

// One attempt: bound and listening, or an invalid Fd where the port is in use. A port 0 becomes the
// one that the kernel chose.
Fd bind_port(PublishedPort& port) {
  const int type = port.protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd socket(check(::socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port.host_port);
  address.sin_addr.s_addr = htonl(port.host_ip);
  if (port.protocol == Protocol::tcp) {
    // Connections of an earlier listener that are still being closed do not count. Others that set
    // the same are kept away by listen().
    const int yes = 1;
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "setsockopt");
  }
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const bool bound = ::bind(socket.get(), generic, sizeof address) == 0 &&
                     (port.protocol == Protocol::udp || ::listen(socket.get(), 1) == 0);
  if (!bound && errno == EADDRINUSE) return {};
  if (!bound && errno == EADDRNOTAVAIL) {
    throw Error("publish port " + host_side(port) + ": the host has no such address");
  }
  if (!bound) throw_errno("publish port", host_side(port));
  socklen_t size = sizeof address;
  check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port.host_port = ntohs(address.sin_port);
  return socket;
}

// Takes ports one by one and remembers whose each is.
class PortHolder {
 public:
  explicit PortHolder(const std::vector<TakenPort>& taken) : taken_(taken) {}

  void hold(const PortRequest& request) {
    if (request.host_first != request.host_last &&
        request.container_first == request.container_last) {
      return hold_one_of(request);
    }
    for (unsigned offset = 0; request.container_first + offset <= request.container_last;
         ++offset) {
      PublishedPort port = port_at(request, offset);
      if (!try_hold(port)) throw Error("port " + host_side(port) + " is in use" + user_of(port));
    }
  }

  HeldPorts finish() { return std::move(held_); }

 private:
  static PublishedPort port_at(const PortRequest& request, unsigned offset) {
    const unsigned host = request.host_first == 0 ? 0 : request.host_first + offset;
    return {request.host_ip, static_cast<uint16_t>(host),
            static_cast<uint16_t>(request.container_first + offset), request.protocol};
  }

  void hold_one_of(const PortRequest& request) {
    for (unsigned host = request.host_first; host <= request.host_last; ++host) {
      PublishedPort port{request.host_ip, static_cast<uint16_t>(host), request.container_first,
                         request.protocol};
      if (try_hold(port)) return;
    }
    throw Error("ports " + std::to_string(request.host_first) + " to " +
                std::to_string(request.host_last) + " are all in use");
  }

  bool try_hold(PublishedPort& port) {
    if (port.host_port != 0 && !user_of(port).empty()) return false;
    constexpr int kMostAttempts = 100;  // at a free port that a container has all the same
    const PublishedPort wanted = port;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      port = wanted;
      Fd socket = bind_port(port);
      if (!socket) return false;
      if (!user_of(port).empty()) continue;
      held_.ports.push_back(port);
      held_.sockets.push_back(std::move(socket));
      return true;
    }
    return false;
  }

  // " by container NAME"; empty where no container has it.
  std::string user_of(const PublishedPort& port) const {
    for (const TakenPort& other : taken_) {
      if (collide(other.port, port)) return " by container " + other.container;
    }
    return {};
  }

  const std::vector<TakenPort>& taken_;
  HeldPorts held_;
};

}  // namespace

HeldPorts hold_ports(const std::vector<PortRequest>& requests,
                     const std::vector<TakenPort>& taken) {
  PortHolder holder(taken);
  for (const PortRequest& request : requests) holder.hold(request);
  return holder.finish();
}

}  // namespace gocker
