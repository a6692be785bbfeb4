#include "imagetool/network/address.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr unsigned kAddressBits = 32;

uint32_t host_bits(unsigned prefix) {
  return prefix == 0 ? ~0U : (1U << (kAddressBits - prefix)) - 1U;
}

}  // namespace

std::optional<uint32_t> parse_ipv4(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  uint32_t address = 0;
  for (const std::string_view part : parts) {
    const std::optional<uint64_t> byte = parse_u64(part, 255);
    if (!byte || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    address = address << 8U | static_cast<uint32_t>(*byte);
  }
  return address;
}

std::string ipv4_text(uint32_t address) {
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    if (!text.empty()) text += '.';
    text += std::to_string(address >> shift & 255U);
  }
  return text;
}

uint32_t Subnet::last() const {
  return first | host_bits(prefix);
}

bool Subnet::overlaps(const Subnet& other) const {
  return first <= other.last() && other.first <= last();
}

Subnet parse_subnet(std::string_view text) {
  const auto refuse = [&](const std::string& reason) -> Error {
    return Error("'" + std::string(text) + "' is no subnet: " + reason);
  };
  const size_t slash = text.find('/');
  const std::optional<uint32_t> address = parse_ipv4(text.substr(0, slash));
  if (slash == std::string_view::npos || !address) {
    throw refuse("it takes an IPv4 address and a prefix, such as 10.90.0.0/24");
  }
  const std::optional<uint64_t> prefix = parse_u64(text.substr(slash + 1), kAddressBits);
  if (!prefix) throw refuse("the prefix is a number up to 32");
  const Subnet subnet{*address & ~host_bits(static_cast<unsigned>(*prefix)),
                      static_cast<unsigned>(*prefix)};
  if (subnet.first != *address) throw refuse("did you mean " + to_text(subnet) + "?");
  return subnet;
}

std::string to_text(const Subnet& subnet) {
  return ipv4_text(subnet.first) + "/" + std::to_string(subnet.prefix);
}

}  // namespace gocker
