#include "imagetool/lifeline.h"

#include <fcntl.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

bool is_users(const std::string& run) {
  return static_cast<bool>(open_if_exists(run + "/" + kLifelineFifo, O_PATH));
}

Fd open_lifeline_at(const Fd& run) {
  Fd fifo(::openat(run.get(), kLifelineFifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!fifo && errno != ENXIO && errno != ENOENT) throw_errno("open", kLifelineFifo);
  return fifo;
}

Fd open_lifeline(const std::string& run) {
  const Fd directory = open_if_exists(run, O_RDONLY | O_DIRECTORY);
  return directory ? open_lifeline_at(directory) : Fd();
}

}  // namespace gocker
