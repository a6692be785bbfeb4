#include "imagetool/registry/architecture.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace gocker {
namespace {

struct Organisation {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};

constexpr std::array kOrganisations = {
    Organisation{"amd64", "amd64", ""},       Organisation{"arm32v5", "arm", "v5"},
    Organisation{"arm32v6", "arm", "v6"},     Organisation{"arm32v7", "arm", "v7"},
    Organisation{"arm64v8", "arm64", "v8"},   Organisation{"i386", "386", ""},
    Organisation{"mips64le", "mips64le", ""}, Organisation{"ppc64le", "ppc64le", ""},
    Organisation{"riscv64", "riscv64", ""},   Organisation{"s390x", "s390x", ""},
};

}  // namespace

std::optional<ArchitectureImage> architecture_image(const Reference& reference) {
  const size_t slash = reference.path.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string_view first = std::string_view(reference.path).substr(0, slash);
  const auto* const found =
      std::find_if(kOrganisations.begin(), kOrganisations.end(),
                   [&](const Organisation& organisation) { return organisation.name == first; });
  if (found == kOrganisations.end()) return std::nullopt;
  ArchitectureImage image;
  image.platform.os = "linux";
  image.platform.architecture = found->architecture;
  image.platform.variant = found->variant;
  image.general = reference;
  image.general.path.erase(0, slash + 1);
  const bool is_plain = image.general.path.find('/') == std::string::npos;
  if (image.general.host == "docker.io" && is_plain) image.general.path.insert(0, "library/");
  return image;
}

}  // namespace gocker
