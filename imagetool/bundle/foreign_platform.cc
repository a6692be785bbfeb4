#include "imagetool/bundle/foreign_platform.h"

#include <elf.h>
#include <fcntl.h>

#include <algorithm>
#include <array>

#include "imagetool/platform.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kRegistrations = "/proc/sys/fs/binfmt_misc";

struct Machine {
  std::string_view architecture;
  uint16_t number;  // e_machine of its programs
  bool big_endian;
};

constexpr std::array kMachines = {
    Machine{"386", EM_386, false},       Machine{"amd64", EM_X86_64, false},
    Machine{"arm", EM_ARM, false},       Machine{"arm64", EM_AARCH64, false},
    Machine{"loong64", 258, false},      Machine{"mips", EM_MIPS, true},
    Machine{"mips64", EM_MIPS, true},    Machine{"mips64le", EM_MIPS, false},
    Machine{"mipsle", EM_MIPS, false},   Machine{"ppc64", EM_PPC64, true},
    Machine{"ppc64le", EM_PPC64, false}, Machine{"riscv64", EM_RISCV, false},
    Machine{"s390x", EM_S390, true},
};

std::string hexadecimal(uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {kDigits[byte >> 4], kDigits[byte & 0xf]};
}

// The bytes of an ELF header up to e_machine that a registration's magic must have, as it writes
// them: at the start the mark, from byte 18 on the machine.
bool is_for(std::string_view magic, const Machine& machine) {
  constexpr size_t kMachineAt = 18;
  const auto low = static_cast<uint8_t>(machine.number & 0xff);
  const auto high = static_cast<uint8_t>(machine.number >> 8);
  const std::string number = machine.big_endian ? hexadecimal(high) + hexadecimal(low)
                                                : hexadecimal(low) + hexadecimal(high);
  return magic.starts_with("7f454c46") && magic.size() >= 2 * kMachineAt + number.size() &&
         magic.substr(2 * kMachineAt, number.size()) == number;
}

bool is_enabled_for(std::string_view registration, const Machine& machine) {
  bool enabled = false;
  bool fits = false;
  for (const std::string_view line : split(registration, '\n')) {
    if (line == "enabled") enabled = true;
    if (line.starts_with("magic ")) fits = is_for(trim(line.substr(6)), machine);
  }
  return enabled && fits;
}

std::vector<std::string> read_registrations() {
  std::vector<std::string> texts;
  const Fd directory = open_if_exists(kRegistrations, O_RDONLY | O_DIRECTORY);
  if (!directory) return texts;
  for (const std::string& name : list_directory(directory, kRegistrations)) {
    if (name == "register" || name == "status") continue;
    if (auto text = read_if_exists_at(directory, name)) texts.push_back(std::move(*text));
  }
  return texts;
}

// Kernels for 64 bits run programs of their 32 bits as well.
bool runs_natively(const oci::Platform& platform, const oci::Platform& host) {
  if (platform.architecture == host.architecture) return true;
  return (platform.architecture == "386" && host.architecture == "amd64") ||
         (platform.architecture == "arm" && host.architecture == "arm64");
}

}  // namespace

bool has_emulator(const std::vector<std::string>& registrations, std::string_view architecture) {
  const auto* const machine =
      std::find_if(kMachines.begin(), kMachines.end(),
                   [&](const Machine& known) { return known.architecture == architecture; });
  if (machine == kMachines.end()) return false;
  return std::any_of(registrations.begin(), registrations.end(),
                     [&](const std::string& text) { return is_enabled_for(text, *machine); });
}

std::optional<std::string> missing_for(const oci::Platform& platform) {
  const oci::Platform host = host_platform();
  if (platform.architecture.empty()) return std::nullopt;
  const std::string start =
      "the image is for " + to_text(platform) + " and this machine is " + to_text(host) + ": ";
  if (platform.os != "linux" && !platform.os.empty()) return start + "only Linux programs run here";
  if (runs_natively(platform, host)) return std::nullopt;
  if (has_emulator(read_registrations(), platform.architecture)) return std::nullopt;
  return start + "no emulator for " + platform.architecture + " is registered in " +
         kRegistrations + " (Debian's package qemu-user-static brings one)";
}

}  // namespace gocker
