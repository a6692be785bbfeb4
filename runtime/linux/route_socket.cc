#include "runtime/linux/route_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kReceiveBytes = 64 << 10;  // more than the kernel puts into one datagram

size_t aligned(size_t size) {
  return (size + NLMSG_ALIGNTO - 1) & ~size_t{NLMSG_ALIGNTO - 1};
}

template <class Part>
void append(std::string& bytes, const Part& part) {
  bytes.append(reinterpret_cast<const char*>(&part), sizeof part);
}

// The struct at the start of `bytes`, which must be long enough.
template <class Part>
Part part_at(std::string_view bytes) {
  Part part;
  std::memcpy(&part, bytes.data(), sizeof part);
  return part;
}

std::vector<RouteMessage::Attribute> split_attributes(std::string_view bytes) {
  std::vector<RouteMessage::Attribute> list;
  while (bytes.size() >= sizeof(nlattr)) {
    const auto head = part_at<nlattr>(bytes);
    if (head.nla_len < sizeof head || head.nla_len > bytes.size()) break;
    const auto type = static_cast<uint16_t>(head.nla_type & NLA_TYPE_MASK);
    list.push_back({type, bytes.substr(sizeof head, head.nla_len - sizeof head)});
    bytes.remove_prefix(std::min(aligned(head.nla_len), bytes.size()));
  }
  return list;
}

// Throws unless the message is a mere acknowledgement.
void check_acknowledgement(const nlmsghdr& header, std::string_view body) {
  if (body.size() < sizeof(int32_t)) throw Error("netlink: a message is cut short", EBADMSG);
  const auto code = -part_at<int32_t>(body);
  if (code == 0) return;
  std::string reason = errno_text(code);
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) != 0 && body.size() > sizeof(nlmsgerr)) {
    // NETLINK_CAP_ACK: only the header of the request stands before the attributes.
    for (const auto& [type, value] : split_attributes(body.substr(sizeof(nlmsgerr)))) {
      if (type != NLMSGERR_ATTR_MSG) continue;
      reason += " (" + std::string(value.substr(0, value.find('\0'))) + ")";
    }
  }
  throw Error(reason, code);
}

}  // namespace

void RouteRequest::add(uint16_t attribute, std::string_view value) {
  append(body_, nlattr{static_cast<uint16_t>(sizeof(nlattr) + value.size()), attribute});
  body_.append(value);
  body_.resize(aligned(body_.size()));
}

void RouteRequest::add_number(uint16_t attribute, uint32_t value) {
  add(attribute, {reinterpret_cast<const char*>(&value), sizeof value});
}

std::string RouteRequest::bytes(uint32_t sequence) const {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + body_.size());
  header.nlmsg_type = type_;
  header.nlmsg_flags = static_cast<uint16_t>(flags_ | NLM_F_REQUEST);
  header.nlmsg_seq = sequence;
  std::string bytes;
  append(bytes, header);
  return bytes + body_;
}

std::vector<RouteMessage::Attribute> RouteMessage::attributes(size_t header_size) const {
  if (body_.size() <= header_size) return {};
  return split_attributes(std::string_view(body_).substr(header_size));
}

RouteSocket::RouteSocket()
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
                    "open a netlink socket")) {
  const int on = 1;
  // Older kernels lack them: then errors have no words.
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK}) {
    ::setsockopt(socket_.get(), SOL_NETLINK, option, &on, sizeof on);
  }
}

std::vector<RouteMessage> RouteSocket::ask(const RouteRequest& request) {
  const std::string bytes = request.bytes(++sequence_);
  check(::send(socket_.get(), bytes.data(), bytes.size(), 0), "netlink: send");
  std::vector<RouteMessage> messages;
  std::string buffer(kReceiveBytes, '\0');
  while (true) {
    const ssize_t got =
        check(::recv(socket_.get(), buffer.data(), buffer.size(), MSG_TRUNC), "netlink: receive");
    if (static_cast<size_t>(got) > buffer.size()) {
      throw Error("netlink: a message is cut short", EMSGSIZE);
    }
    const std::string_view datagram(buffer.data(), static_cast<size_t>(got));
    if (take(datagram, messages)) return messages;
  }
}

bool RouteSocket::take(std::string_view datagram, std::vector<RouteMessage>& messages) const {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = part_at<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) break;
    const std::string_view body = datagram.substr(sizeof header, header.nlmsg_len - sizeof header);
    datagram.remove_prefix(std::min(aligned(header.nlmsg_len), datagram.size()));
    if (header.nlmsg_seq != sequence_) continue;
    if (header.nlmsg_type == NLMSG_DONE) return true;
    if (header.nlmsg_type == NLMSG_ERROR) {
      check_acknowledgement(header, body);
      return true;
    }
    messages.emplace_back(std::string(body));
  }
  return false;
}

}  // namespace gocker
