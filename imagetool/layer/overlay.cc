#include "imagetool/layer/overlay.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

const char* attribute_option(OverlayAttributes attributes) {
  return attributes == OverlayAttributes::user ? "userxattr" : nullptr;
}

// The kernel explains a failure in messages on the configuration's descriptor: "e overlay: ...".
std::string kernel_words(const Fd& configuration) {
  std::array<char, 1024> message{};
  std::string words;
  while (true) {
    const ssize_t got = ::read(configuration.get(), message.data(), message.size());
    if (got <= 2) return words;
    if (message[0] != 'e') continue;
    const std::string_view text(message.data() + 2, static_cast<size_t>(got) - 2);
    words.append(words.empty() ? " (" : "; ").append(trim(text));
  }
}

[[noreturn]] void fail(const Fd& configuration, const char* call) {
  const int code = errno;
  std::string words = kernel_words(configuration);
  if (!words.empty()) words.append(")");
  throw Error(std::string(call) + ": " + errno_text(code) + words, code);
}

int set_directory(const Fd& configuration, const char* key, const Fd& directory, OverlayWay way) {
  if (way == OverlayWay::descriptors) {
    return ::fsconfig(configuration.get(), FSCONFIG_SET_FD, key, nullptr, directory.get());
  }
  return ::fsconfig(configuration.get(), FSCONFIG_SET_STRING, key,
                    descriptor_path(directory).c_str(), 0);
}

// An upper directory may become a layer, which can say nothing of directories that were moved by a
// mark alone or of files without their content, whatever the kernel's defaults are. (These marks
// need attributes of the kind trusted.)
void keep_upper_plain(const Fd& configuration, OverlayAttributes attributes) {
  if (attributes != OverlayAttributes::trusted) return;
  for (const char* key : {"redirect_dir", "metacopy"}) {
    check(::fsconfig(configuration.get(), FSCONFIG_SET_STRING, key, "off", 0), "fsconfig", key);
  }
}

void configure(const Fd& configuration, const OverlayMount& mount, OverlayWay way) {
  check(::fsconfig(configuration.get(), FSCONFIG_SET_STRING, "source", "overlay", 0), "fsconfig");
  if (const char* option = attribute_option(mount.attributes)) {
    check(::fsconfig(configuration.get(), FSCONFIG_SET_FLAG, option, nullptr, 0), "fsconfig",
          option);
  }
  for (auto layer = mount.layers.rbegin(); layer != mount.layers.rend(); ++layer) {
    if (set_directory(configuration, "lowerdir+", *layer, way) != 0)
      fail(configuration, "add layer");
  }
  if (!mount.upper) return;
  keep_upper_plain(configuration, mount.attributes);
  if (set_directory(configuration, "upperdir", mount.upper, way) != 0 ||
      set_directory(configuration, "workdir", mount.work, way) != 0) {
    fail(configuration, "set the upper directory");
  }
  if (mount.is_volatile) {
    check(::fsconfig(configuration.get(), FSCONFIG_SET_FLAG, "volatile", nullptr, 0), "fsconfig",
          "volatile");
  }
}

Fd mount_by_configuration(const OverlayMount& mount, OverlayWay way) {
  const Fd configuration(check(::fsopen("overlay", FSOPEN_CLOEXEC), "fsopen"));
  configure(configuration, mount, way);
  if (::fsconfig(configuration.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    fail(configuration, "create");
  }
  const unsigned attributes = mount.upper ? 0 : MOUNT_ATTR_RDONLY;
  return Fd(check(::fsmount(configuration.get(), FSMOUNT_CLOEXEC, attributes), "fsmount"));
}

std::string mount_options(const OverlayMount& mount) {
  std::string options = "lowerdir=";
  for (auto layer = mount.layers.rbegin(); layer != mount.layers.rend(); ++layer) {
    if (layer != mount.layers.rbegin()) options += ':';
    options += descriptor_path(*layer);
  }
  if (mount.upper) {
    options += ",upperdir=" + descriptor_path(mount.upper);
    options += ",workdir=" + descriptor_path(mount.work);
    if (mount.attributes == OverlayAttributes::trusted) options += ",redirect_dir=off,metacopy=off";
    if (mount.is_volatile) options += ",volatile";
  }
  if (const char* option = attribute_option(mount.attributes)) options.append(",").append(option);
  return options;
}

// mount(2) needs a place in the tree: the mount is put on a directory of its own and cloned off it.
Fd mount_by_options(const OverlayMount& mount) {
  const std::string options = mount_options(mount);
  if (options.size() >= static_cast<size_t>(::getpagesize())) {
    throw Error(std::to_string(mount.layers.size()) + " layers are more than this kernel takes",
                E2BIG);
  }
  const TempDir place("gocker-overlay");
  const unsigned long flags = mount.upper ? 0 : MS_RDONLY;
  check(::mount("overlay", place.path().c_str(), "overlay", flags, options.c_str()), "mount");
  Fd detached(::open_tree(AT_FDCWD, place.path().c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  const int code = errno;
  check(::umount2(place.path().c_str(), MNT_DETACH), "umount", place.path());
  if (!detached) throw_errno_value(code, "open_tree", place.path());
  return detached;
}

// What a kernel answers that does not know a key, or not by a descriptor.
bool is_unknown_way(int code) {
  return code == EINVAL || code == ENOSYS || code == EBADF;
}

}  // namespace

Fd mount_overlay(const OverlayMount& mount, OverlayWay way) {
  const Doing doing("mount the layers");
  return way == OverlayWay::options ? mount_by_options(mount) : mount_by_configuration(mount, way);
}

Fd mount_overlay(const OverlayMount& mount) {
  std::exception_ptr first;
  for (const OverlayWay way : {OverlayWay::descriptors, OverlayWay::paths, OverlayWay::options}) {
    try {
      return mount_overlay(mount, way);
    } catch (const Error& error) {
      if (!is_unknown_way(error.code())) throw;
      if (!first) first = std::current_exception();
    }
  }
  std::rethrow_exception(first);
}

}  // namespace gocker
