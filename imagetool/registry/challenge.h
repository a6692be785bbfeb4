// How a registry asks for authentication: the header WWW-Authenticate (RFC 9110, 11.6.1).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case

  // The parameter's value, empty where it is absent.
  std::string_view parameter(const std::string& name) const;
};

// All challenges of one header line. What is malformed ends the list.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace gocker
