// A user as an image names it, looked up in files of the image. The input is three texts with a NUL
// between them: the user, passwd, and group.
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/bundle/user_lookup.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker;
using namespace gocker::fuzz;

namespace {

const std::string& rootfs() {
  static const TempDir kDirectory("gocker-fuzz");
  static const std::string kPath = [] {
    make_directories(kDirectory.path() + "/etc", 0755);
    return kDirectory.path();
  }();
  return kPath;
}

void put(const char* name, std::string_view text) {
  const Fd file = open_file(rootfs() + name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  write_all(file, text, name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string_view> texts = split(text_of(data, size), '\0');
  put("/etc/passwd", texts.size() > 1 ? texts[1] : "");
  put("/etc/group", texts.size() > 2 ? texts[2] : "");
  try_to([&] {
    const ImageUser user = look_up_user(texts[0], RootDir::open_host_path(rootfs()));
    const uint32_t none = ~uint32_t{0};
    if (user.ids.uid == none || user.ids.gid == none) fail("an id that means none", texts[0]);
    if (!user.home.starts_with('/')) fail("no absolute home", user.home);
  });
  return 0;
}
