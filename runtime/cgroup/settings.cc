#include "runtime/cgroup/settings.h"

#include <cerrno>

#include "runtime/base/log.h"

namespace gocker {
namespace {

// The kernel's own, which some control files let through to user space.
constexpr int kNotSupportedByKernel = 524;

bool is_fine(const Setting& setting, int code) {
  if (code == 0) return true;
  const bool absent = code == ENOENT || code == EOPNOTSUPP || code == kNotSupportedByKernel;
  if (!absent || setting.absence == Setting::Absence::error) return false;
  if (setting.absence == Setting::Absence::warning) {
    warn(setting.origin, "this kernel has no " + setting.file + ": left out");
  }
  return true;
}

[[noreturn]] void throw_refusal(const GroupDirectory& group, const Setting& setting, int code) {
  const bool explained = code == EINVAL || code == EBUSY || code == ENOENT || code == ENODEV;
  const std::string hint =
      explained && !setting.hint.empty() ? " (" + setting.hint + ")" : std::string();
  throw_write_failure(code, group, setting.file, setting.value, setting.origin + ": ", hint);
}

}  // namespace

void write_settings(const GroupDirectory& group, const Settings& settings) {
  std::vector<const Setting*> pending;
  for (const Setting& setting : settings) pending.push_back(&setting);
  while (!pending.empty()) {
    std::vector<const Setting*> invalid;
    for (const Setting* setting : pending) {
      const int code = group.try_write(setting->file, setting->value);
      if (code == EINVAL) {
        invalid.push_back(setting);
      } else if (!is_fine(*setting, code)) {
        throw_refusal(group, *setting, code);
      }
    }
    if (invalid.size() == pending.size()) throw_refusal(group, *invalid.front(), EINVAL);
    pending = std::move(invalid);
  }
}

}  // namespace gocker
