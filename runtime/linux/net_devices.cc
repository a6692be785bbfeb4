#include "runtime/linux/net_devices.h"

#include <linux/if_addr.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/route_socket.h"

namespace gocker {
namespace {

using oci::NamespaceType;

struct Link {
  int index = 0;
  std::string name;
};
using Links = std::vector<Link>;

// What is set again in the other namespace, as the kernel described it.
struct Address {
  ifaddrmsg header{};
  RouteMessage message;
};

// A socket of the other namespace, made there.
RouteSocket open_socket_in(const Fd& network_namespace) {
  const Fd home = open_own_namespace(NamespaceType::network);
  join_namespace(network_namespace, NamespaceType::network);
  try {
    RouteSocket socket;
    join_namespace(home, NamespaceType::network);
    return socket;
  } catch (...) {
    join_namespace(home, NamespaceType::network);
    throw;
  }
}

// The kernel's texts end with a NUL.
std::string terminated(const std::string& text) {
  return {text.c_str(), text.size() + 1};
}

Links list_links(RouteSocket& socket) {
  Links links;
  for (const RouteMessage& message : socket.ask({RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}})) {
    Link link{message.header<ifinfomsg>().ifi_index, {}};
    for (const auto& [type, value] : message.attributes(sizeof(ifinfomsg))) {
      if (type == IFLA_IFNAME) link.name = value.substr(0, value.find('\0'));
    }
    links.push_back(std::move(link));
  }
  return links;
}

const Link* find_link(const Links& links, std::string_view name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

bool is_template(std::string_view name) {
  return name.find("%d") != std::string_view::npos;
}

// IFA_FLAGS has 32 bits where the header has eight.
uint32_t flags_of(const RouteMessage& message, const ifaddrmsg& header) {
  uint32_t flags = header.ifa_flags;
  for (const auto& [type, value] : message.attributes(sizeof(ifaddrmsg))) {
    if (type == IFA_FLAGS && value.size() == sizeof flags) {
      std::memcpy(&flags, value.data(), sizeof flags);
    }
  }
  return flags;
}

std::vector<Address> lasting_addresses(RouteSocket& socket, int index) {
  std::vector<Address> addresses;
  for (RouteMessage& message : socket.ask({RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}})) {
    const auto header = message.header<ifaddrmsg>();
    if (static_cast<int>(header.ifa_index) != index) continue;
    const bool permanent = (flags_of(message, header) & IFA_F_PERMANENT) != 0;
    if (permanent && header.ifa_scope == RT_SCOPE_UNIVERSE) {
      addresses.push_back({header, std::move(message)});
    }
  }
  return addresses;
}

void set_address(RouteSocket& socket, const Address& address, int index) {
  ifaddrmsg header = address.header;
  header.ifa_index = static_cast<uint32_t>(index);
  RouteRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, header);
  for (const auto& [type, value] : address.message.attributes(sizeof header)) {
    // Not the label, which has the old name in it, nor what the kernel only reports.
    constexpr uint16_t kKept[] = {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_FLAGS,
                                  IFA_RT_PRIORITY};
    if (std::find(std::begin(kKept), std::end(kKept), type) != std::end(kKept)) {
      request.add(type, value);
    }
  }
  const Doing doing("set an address again");
  socket.ask(request);
}

void bring_up(RouteSocket& socket, int index) {
  const Doing doing("bring it up");
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  socket.ask({RTM_NEWLINK, NLM_F_ACK, header});
}

// One move of all devices from the caller's namespace to the other one.
class Move {
 public:
  explicit Move(const Fd& network_namespace)
      : namespace_(network_namespace), there_(open_socket_in(network_namespace)) {}

  void look_at(const std::string& name, const std::string& wanted) {
    index_on_host(name);
    if (!is_template(wanted) && find_link(list_links(there_), wanted) != nullptr) {
      throw Error("the container's network namespace has a device " + wanted + " already", EEXIST);
    }
  }

  void carry_out(const std::string& name, const std::string& wanted) {
    const int index_here = index_on_host(name);
    const std::vector<Address> addresses = lasting_addresses(here_, index_here);
    const Links before = list_links(there_);
    hand_over(index_here, wanted);
    const int index = index_of_new(before, wanted);
    bring_up(there_, index);
    for (const Address& address : addresses) set_address(there_, address, index);
  }

 private:
  int index_on_host(const std::string& name) {
    const Links links = list_links(here_);
    if (const Link* link = find_link(links, name)) return link->index;
    throw Error("there is no such network device on the host", ENODEV);
  }

  void hand_over(int index, const std::string& wanted) {
    ifinfomsg header{};
    header.ifi_index = index;
    RouteRequest request(RTM_NEWLINK, NLM_F_ACK, header);
    request.add_number(IFLA_NET_NS_FD, static_cast<uint32_t>(namespace_.get()));
    request.add(IFLA_IFNAME, terminated(wanted));
    here_.ask(request);
  }

  // It may have another index there, and with a template a name that only the kernel knows.
  int index_of_new(const Links& before, const std::string& wanted) {
    for (const Link& link : list_links(there_)) {
      if (is_template(wanted) ? find_link(before, link.name) == nullptr : link.name == wanted) {
        return link.index;
      }
    }
    throw Error("it did not arrive in the container's network namespace", ENODEV);
  }

  const Fd& namespace_;
  RouteSocket here_;
  RouteSocket there_;
};

}  // namespace

void move_net_devices(const std::map<std::string, oci::NetDevice>& devices,
                      const Fd& network_namespace) {
  if (devices.empty()) return;
  Move move(network_namespace);
  const auto for_each_device = [&](void (Move::*step)(const std::string&, const std::string&)) {
    for (const auto& [name, device] : devices) {
      const Doing doing("move network device", name);
      (move.*step)(name, device.name.empty() ? name : device.name);
    }
  };
  for_each_device(&Move::look_at);
  for_each_device(&Move::carry_out);
}

}  // namespace gocker
