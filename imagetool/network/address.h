// IPv4 addresses and subnets as values. An address is a number in host byte order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gocker {

// "10.88.0.1" and nothing else: four decimal numbers without leading zeros.
std::optional<uint32_t> parse_ipv4(std::string_view text);
std::string ipv4_text(uint32_t address);

struct Subnet {
  uint32_t first = 0;   // its network address: the bits behind the prefix are 0
  unsigned prefix = 0;  // bits, 0 to 32

  uint32_t last() const;  // its broadcast address
  bool contains(uint32_t address) const { return address >= first && address <= last(); }
  bool overlaps(const Subnet& other) const;
  friend bool operator==(const Subnet&, const Subnet&) = default;
};

// "10.88.0.0/16". Throws "'...' is no subnet: ...".
Subnet parse_subnet(std::string_view text);
std::string to_text(const Subnet& subnet);

}  // namespace gocker
