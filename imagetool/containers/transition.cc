#include "imagetool/containers/transition.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "imagetool/containers/locked_file.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

Transition::Transition(const Places& places, const std::string& id, std::string_view what) {
  begin(places, id, what, LOCK_EX);
}

std::optional<Transition> Transition::try_begin(const Places& places, const std::string& id,
                                                std::string_view what) {
  Transition transition;
  if (!transition.begin(places, id, what, LOCK_EX | LOCK_NB)) return std::nullopt;
  return transition;
}

bool Transition::begin(const Places& places, const std::string& id, std::string_view what,
                       int lock_flags) {
  id_ = id;
  path_ = places.transitions() + "/" + id;
  file_ = lock_file(path_, lock_flags);
  if (!file_) return false;
  cut_off_ = read_all(file_, path_);
  // What was cut off stays until it is finished or undone.
  if (cut_off_.empty()) describe(what);
  return true;
}

void Transition::describe(std::string_view what) const {
  check(::ftruncate(file_.get(), 0), "truncate", path_);
  check(::pwrite(file_.get(), what.data(), what.size(), 0), "write", path_);
}

void Transition::finish() {
  if (file_) ::unlink(path_.c_str());
  file_.reset();
}

Transition::~Transition() {
  finish();
}

std::vector<std::string> open_transitions(const Places& places) {
  return list_directory(open_file(places.transitions(), O_RDONLY | O_DIRECTORY),
                        places.transitions());
}

}  // namespace gocker
