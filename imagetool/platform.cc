#include "imagetool/platform.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};

// What uname(2), Debian and people call architectures, and what Go does.
constexpr std::array kAliases = {
    Alias{"x86_64", "amd64", ""},      Alias{"x86-64", "amd64", ""},
    Alias{"i386", "386", ""},          Alias{"i586", "386", ""},
    Alias{"i686", "386", ""},          Alias{"aarch64", "arm64", ""},
    Alias{"arm64e", "arm64", ""},      Alias{"armhf", "arm", "v7"},
    Alias{"armv7l", "arm", "v7"},      Alias{"armv8l", "arm", "v7"},
    Alias{"armel", "arm", "v6"},       Alias{"armv6l", "arm", "v6"},
    Alias{"armv5tel", "arm", "v5"},    Alias{"loongarch64", "loong64", ""},
    Alias{"mips64el", "mips64le", ""}, Alias{"ppc64el", "ppc64le", ""},
};

constexpr std::array<std::string_view, 14> kArchitectures = {
    "386",      "amd64", "arm",     "arm64",   "loong64", "mips", "mips64",
    "mips64le", "ppc64", "ppc64le", "riscv64", "s390x",   "wasm", "mipsle",
};

void replace_alias(oci::Platform& platform) {
  for (const Alias& alias : kAliases) {
    if (platform.architecture != alias.name) continue;
    platform.architecture = alias.architecture;
    if (platform.variant.empty()) platform.variant = alias.variant;
    return;
  }
}

// The variant as a number, with the one that is meant where none is named.
int variant_number(const oci::Platform& platform) {
  if (platform.variant.empty()) {
    if (platform.architecture == "arm") return 7;
    if (platform.architecture == "arm64") return 8;
    if (platform.architecture == "amd64") return 1;
    return 0;
  }
  const auto number =
      platform.variant[0] == 'v' ? parse_u64(platform.variant.substr(1), 99) : std::nullopt;
  return number ? static_cast<int>(*number) : -1;
}

}  // namespace

std::string to_text(const oci::Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

oci::Platform parse_platform(std::string_view text) {
  std::vector<std::string_view> parts = split(text, '/');
  const auto known = [](std::string_view name) {
    return std::any_of(kAliases.begin(), kAliases.end(),
                       [&](const Alias& alias) { return alias.name == name; }) ||
           std::find(kArchitectures.begin(), kArchitectures.end(), name) != kArchitectures.end();
  };
  if (known(parts[0])) parts.insert(parts.begin(), "linux");
  const bool complete = parts.size() == 2 || parts.size() == 3;
  if (!complete || std::find(parts.begin(), parts.end(), "") != parts.end()) {
    throw Error(std::string("'").append(text).append(
        "' is no platform: expected OS/ARCH[/VARIANT], such as linux/arm64"));
  }
  oci::Platform platform;
  platform.os = to_lower(parts[0]);
  platform.architecture = to_lower(parts[1]);
  if (parts.size() == 3) platform.variant = to_lower(parts[2]);
  replace_alias(platform);
  return platform;
}

oci::Platform host_platform() {
  utsname names{};
  check(::uname(&names), "uname");
  oci::Platform platform;
  platform.os = "linux";
  platform.architecture = names.machine;
  replace_alias(platform);
  return platform;
}

int fitness(const oci::Platform& offered_as_written, const oci::Platform& wanted) {
  oci::Platform offered = offered_as_written;
  replace_alias(offered);
  if (offered.os != wanted.os || offered.architecture != wanted.architecture) return 0;
  if (offered.variant == wanted.variant) return 1000;
  const int have = variant_number(offered);
  const int want = variant_number(wanted);
  if (have < 0 || want < 0 || have > want) return 0;
  return 1000 - 2 * (want - have) - (offered.variant.empty() ? 1 : 0);
}

const oci::Descriptor* choose(const oci::Index& index, const oci::Platform& wanted) {
  if (index.manifests.size() == 1 && !index.manifests[0].platform) return &index.manifests[0];
  const oci::Descriptor* best = nullptr;
  int best_fitness = 0;
  for (const oci::Descriptor& descriptor : index.manifests) {
    const int value = descriptor.platform ? fitness(*descriptor.platform, wanted) : 0;
    if (value <= best_fitness) continue;
    best = &descriptor;
    best_fitness = value;
  }
  return best;
}

std::string platforms_of(const oci::Index& index) {
  std::vector<std::string> names;
  for (const oci::Descriptor& descriptor : index.manifests) {
    // Attestations lie beside the images as "unknown/unknown".
    if (!descriptor.platform || descriptor.platform->os == "unknown") continue;
    std::string name = to_text(*descriptor.platform);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names.empty() ? "none" : join(names, ", ");
}

}  // namespace gocker
