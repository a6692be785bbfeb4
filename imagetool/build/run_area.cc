#include "imagetool/build/run_area.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

std::string fresh_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 6> bytes{};
  check(::getrandom(bytes.data(), bytes.size(), 0), "getrandom");
  std::string id = "build-";
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

std::string parent_of_areas(const std::string& run_root) {
  return run_root + "/build";
}

void delete_container(const std::string& runtime, const std::string& area, const std::string& id) {
  const CommandResult result =
      run_command({.path = runtime,
                   .args = {runtime, "--root", area + "/state", "delete", "--force", id},
                   .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
  if (result.wait_status != 0) throw Error("delete container " + id + ": " + result.errors);
}

}  // namespace

RunArea::RunArea(const std::string& run_root, std::string runtime)
    : runtime_(std::move(runtime)),
      parent_(parent_of_areas(run_root)),
      id_(fresh_id()),
      path_(parent_ + "/" + id_) {
  make_directories(parent_, 0700);
  const Fd parent = open_file(parent_, O_RDONLY | O_DIRECTORY);
  // Nobody looks for abandoned ones meanwhile.
  check(::flock(parent.get(), LOCK_EX), "lock", parent_);
  check(::mkdirat(parent.get(), id_.c_str(), 0700), "mkdir", path_);
  lock_ = open_file_at(parent, id_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  check(::flock(lock_.get(), LOCK_EX | LOCK_NB), "lock", path_);
}

RunArea::~RunArea() {
  try {
    kill_container();
    remove_tree_at(open_directory(parent_), id_);
  } catch (const std::exception&) {
    // The next command finds it without an owner and tries again.
  }
}

void RunArea::kill_container() const {
  // Without a state directory it never came to a container.
  if (!open_if_exists(state_root() + "/" + id_, O_PATH)) return;
  delete_container(runtime_, path_, id_);
}

void remove_abandoned_runs(const std::string& run_root, const std::string& runtime) {
  const std::string path = parent_of_areas(run_root);
  const Fd parent = open_if_exists(path, O_RDONLY | O_DIRECTORY);
  if (!parent) return;
  check(::flock(parent.get(), LOCK_EX), "lock", path);
  for (const std::string& id : list_directory(parent, path)) {
    const Fd area = open_file_at(parent, id, O_RDONLY | O_NOFOLLOW);
    if (::flock(area.get(), LOCK_EX | LOCK_NB) != 0) continue;
    const Doing doing("clear away after a killed build", id);
    if (open_if_exists_at(area, "state/" + id, O_PATH)) {
      delete_container(runtime, std::string(path).append("/").append(id), id);
    }
    remove_tree_at(parent, id);
  }
}

}  // namespace gocker
