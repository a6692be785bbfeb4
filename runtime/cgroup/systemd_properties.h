// What systemd is told of a container's scope (org.freedesktop.systemd1(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

struct SystemdProperty {
  std::string name;
  std::string signature;            // D-Bus: b, i, u, x, t, d, s, as or ay
  std::vector<std::string> values;  // one, or the elements of an array; numbers are decimal
  bool operator==(const SystemdProperty&) const = default;
};
using SystemdProperties = std::vector<SystemdProperty>;

// A process that is to be in the scope: in its own group, or in one below ("/init").
struct ScopeMember {
  pid_t pid = 0;
  std::string group;
};

// What the helper answers where all went well; anything else says what failed.
inline constexpr std::string_view kSystemdOk = "ok";

// One line each, "NAME<tab>SIGNATURE<tab>VALUE<tab>..." and a newline: what the helper reads.
// Of no properties an empty line.
std::string to_text(const SystemdProperties& properties);
// An error where a line is not of that form.
SystemdProperties parse_systemd_properties(std::string_view text);
// "PID<tab>GROUP", and whether a text is that.
std::string to_text(const ScopeMember& member);
std::optional<ScopeMember> parse_scope_member(std::string_view text);

// Annotations "org.systemd.property.NAME" with values in GVariant's text form: 'text', true, 15,
// uint64 10000000, ['a', 'b']. NAMESec is in seconds, and goes to systemd as NAMEUSec. Errors name
// the annotation.
SystemdProperties properties_of_annotations(const oci::StringMap& annotations);

}  // namespace gocker
