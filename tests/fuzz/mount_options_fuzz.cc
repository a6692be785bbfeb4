// The options of a mount, one a line.
#include <sys/mount.h>

#include "runtime/base/text.h"
#include "runtime/linux/mount_options.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to([&] {
    std::vector<std::string> options;
    for (const std::string_view line : gocker::split(text_of(data, size), '\n')) {
      options.emplace_back(line);
    }
    const gocker::MountOptions parsed = gocker::parse_mount_options(options);
    // The kernel wants the bits of the access times cleared whenever one of them is set.
    constexpr uint64_t kFlags = ~uint64_t{MOUNT_ATTR__ATIME};
    if ((parsed.set_attributes & parsed.clear_attributes & kFlags) != 0 ||
        (parsed.set_recursively & parsed.clear_recursively & kFlags) != 0) {
      fail("both set and cleared", text_of(data, size));
    }
  });
  return 0;
}
