#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string_view>
#include <utility>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/changes.h"
#include "imagetool/layer/copy.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

class Extraction {
 public:
  Extraction(const Fd& after, const Fd& target)
      : after_(after.duplicate()), target_(target.duplicate()) {}

  // The directories above it were added before.
  void add(const Change& change) {
    const Doing doing("extract", change.path);
    const Fd parent = open_canonical(target_, parent_of(change.path), O_PATH | O_DIRECTORY);
    const std::string name(split_path(change.path).name);
    if (change.kind == ChangeKind::deleted) {
      check(::mknodat(parent.get(), name.c_str(), S_IFCHR, 0), "make a whiteout");
      return;
    }
    const Fd source = open_canonical(after_, change.path, O_PATH);
    const struct stat status = stat_fd(source, change.path);
    if (S_ISDIR(status.st_mode)) {
      check(::mkdirat(parent.get(), name.c_str(), S_IRWXU), "mkdir");
      directories_.emplace_back(change.path, read_attributes(source, status));
    } else if (!S_ISSOCK(status.st_mode) && !link_to_first(status, change.path, parent, name)) {
      copy_file(source, status, parent, name);
    }
  }

  // The attributes of directories, whose times the files in them have changed.
  void finish() {
    for (auto each = directories_.rbegin(); each != directories_.rend(); ++each) {
      set_attributes(open_canonical(target_, each->first, O_RDONLY | O_DIRECTORY), each->second);
    }
  }

 private:
  // True where the file has been extracted by another name.
  bool link_to_first(const struct stat& status, const std::string& path, const Fd& parent,
                     const std::string& name) {
    if (status.st_nlink < 2) return false;
    const auto [first, is_new] = names_.try_emplace({status.st_dev, status.st_ino}, path);
    if (is_new) return false;
    const Fd directory = open_canonical(target_, parent_of(first->second), O_PATH | O_DIRECTORY);
    const std::string other(split_path(first->second).name);
    check(::linkat(directory.get(), other.c_str(), parent.get(), name.c_str(), 0), "link", other);
    return true;
  }

  RootDir after_;
  RootDir target_;
  std::vector<std::pair<std::string, Attributes>> directories_;
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
};

}  // namespace

void extract_changes(const std::vector<Change>& changes, const Fd& after, const Fd& target) {
  Extraction extraction(after, target);
  for (const Change& change : changes) extraction.add(change);
  extraction.finish();
}

}  // namespace gocker
