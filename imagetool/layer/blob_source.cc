#include "imagetool/layer/blob_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

size_t read_file_at_offset(const Fd& file, char* buffer, size_t size, uint64_t offset) {
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        ::pread(file.get(), buffer + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

}  // namespace

size_t BlobFile::read_at(char* buffer, size_t size, uint64_t offset) const {
  return read_file_at_offset(file_, buffer, size, offset);
}

uint64_t BlobFile::size() const {
  return static_cast<uint64_t>(stat_fd(file_, "blob").st_size);
}

size_t GrowingBlob::read_at(char* buffer, size_t size, uint64_t offset) const {
  const uint64_t wanted = offset >= size_ ? 0 : std::min<uint64_t>(size, size_ - offset);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return given_up_ || offset + wanted <= present_; });
    if (given_up_) throw Error("the download was given up");
  }
  consumed_ = offset + wanted;
  return read_file_at_offset(file_, buffer, static_cast<size_t>(wanted), offset);
}

void GrowingBlob::grow(uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    present_ = std::max(present_, bytes);
  }
  changed_.notify_all();
}

void GrowingBlob::give_up() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  changed_.notify_all();
}

}  // namespace gocker
