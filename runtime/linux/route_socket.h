// Requests to the kernel about network interfaces and their addresses (rtnetlink(7)), one at a
// time.
#pragma once

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// A message under construction: a fixed header (ifinfomsg, ifaddrmsg), then attributes.
class RouteRequest {
 public:
  // NLM_F_REQUEST is added to `flags`, which hold NLM_F_DUMP or NLM_F_ACK: something must end the
  // answer.
  template <class Header>
  RouteRequest(uint16_t type, uint16_t flags, const Header& header)
      : type_(type), flags_(flags), body_(sizeof header, '\0') {
    static_assert(sizeof(Header) % NLMSG_ALIGNTO == 0);
    std::memcpy(body_.data(), &header, sizeof header);
  }

  void add(uint16_t attribute, std::string_view value);
  void add_number(uint16_t attribute, uint32_t value);

  // With the netlink header in front.
  std::string bytes(uint32_t sequence) const;

 private:
  uint16_t type_;
  uint16_t flags_;
  std::string body_;
};

// One message of an answer.
class RouteMessage {
 public:
  explicit RouteMessage(std::string body) : body_(std::move(body)) {}

  // The fixed header; zeros where the message is shorter.
  template <class Header>
  Header header() const {
    Header header{};
    if (body_.size() >= sizeof header) std::memcpy(&header, body_.data(), sizeof header);
    return header;
  }
  struct Attribute {
    uint16_t type;
    std::string_view value;  // of this message
  };
  // What follows a fixed header of that size.
  std::vector<Attribute> attributes(size_t header_size) const;

 private:
  std::string body_;
};

class RouteSocket {
 public:
  // Speaks of the network namespace that the caller is in now, wherever it goes later.
  RouteSocket();

  // Sends the request and returns what the kernel answers. Throws an Error with the kernel's own
  // words where it has some.
  std::vector<RouteMessage> ask(const RouteRequest& request);

 private:
  // Appends the messages of one datagram; true at the end of the answer.
  bool take(std::string_view datagram, std::vector<RouteMessage>& messages) const;

  Fd socket_;
  uint32_t sequence_ = 0;
};

}  // namespace gocker
