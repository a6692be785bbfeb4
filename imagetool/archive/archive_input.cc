#include "imagetool/archive/archive_input.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "imagetool/interrupt.h"
#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr int kTickMilliseconds = 200;  // how soon an interrupt is seen
constexpr size_t kKept = 4096;          // of the start, for whoever wants to know what it is

// Reads forwards only, but for the start, which may be read again.
class Pipe : public BlobSource {
 public:
  explicit Pipe(Fd input) : input_(std::move(input)) {}

  size_t read_at(char* buffer, size_t size, uint64_t offset) const override {
    if (start_.empty()) read_start();
    size_t filled = 0;
    if (offset < start_.size()) {
      filled = start_.copy(buffer, size, static_cast<size_t>(offset));
    } else if (offset != position_) {
      throw Error("a pipe cannot be read twice");
    }
    while (filled < size) {
      const size_t got = read_some(buffer + filled, size - filled);
      if (got == 0) break;
      filled += got;
    }
    return filled;
  }

  uint64_t size() const override { return std::numeric_limits<uint64_t>::max(); }

 private:
  void read_start() const {
    std::string start(kKept, '\0');
    size_t filled = 0;
    while (filled < kKept) {
      const size_t got = read_some(start.data() + filled, kKept - filled);
      if (got == 0) break;
      filled += got;
    }
    start.resize(filled);
    start_ = std::move(start);
  }

  size_t read_some(char* buffer, size_t size) const {
    while (true) {
      check_interrupt();
      pollfd waiting{input_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, kTickMilliseconds) == 0) continue;
      const ssize_t got = ::read(input_.get(), buffer, size);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) throw_errno("read");
      position_ += static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
  }

  Fd input_;
  mutable std::string start_;
  mutable uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<BlobSource> open_archive(Fd input) {
  const struct stat status = stat_fd(input, "the archive");
  if (S_ISREG(status.st_mode)) return std::make_unique<BlobFile>(std::move(input));
  if (S_ISDIR(status.st_mode)) throw_errno_value(EISDIR, "read the archive");
  return std::make_unique<Pipe>(std::move(input));
}

}  // namespace gocker
