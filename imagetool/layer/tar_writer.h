// A tar stream (POSIX pax) written by libarchive: the counterpart of tar_reader.h. Names are bytes
// here, too, and the process must not have called setlocale(3).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/tar_reader.h"
#include "runtime/base/fd.h"

struct archive;
struct archive_entry;

namespace gocker {

// Of an object as stat(2) tells of it, but for its size and a link's target.
TarEntry tar_entry_of(std::string_view path, const struct stat& status);

class TarWriter {
 public:
  using Sink = std::function<void(std::string_view bytes)>;

  // `sink` is given the stream in pieces; what it throws comes out of the call that wrote.
  explicit TarWriter(Sink sink);
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // The path as it stands in the archive; directories end with a slash. Exactly `entry.size` bytes
  // of content follow by write().
  void add(const TarEntry& entry, const std::vector<ExtendedAttribute>& attributes);
  void write(std::string_view content);
  // The same from a file; throws where that has less.
  void write_from(const Fd& file, uint64_t size);
  // The end mark.
  void finish();

 private:
  static ssize_t pass(archive* writer, void* self, const void* bytes, size_t size);
  void check_result(int result, const char* call);

  struct Free {
    void operator()(archive* writer) const;
    void operator()(archive_entry* entry) const;
  };

  Sink sink_;
  std::exception_ptr failure_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<archive, Free> writer_;
  std::unique_ptr<archive_entry, Free> entry_;
};

}  // namespace gocker
