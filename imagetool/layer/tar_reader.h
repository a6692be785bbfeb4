// The entries of a layer's tar stream, read by libarchive: ustar, PAX, GNU and old tar.
//
// The process must not have called setlocale(3): in a UTF-8 locale libarchive normalises names, and
// two files whose names differ only in their Unicode form become one. In the C locale names are the
// bytes of the archive.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "imagetool/layer/layer_stream.h"

struct archive;
struct archive_entry;

namespace gocker {

enum class EntryType { file, directory, symlink, hardlink, character, block, fifo, socket };

// One entry; texts are valid until the next is read.
struct TarEntry {
  EntryType type = EntryType::file;
  std::string_view path;         // as in the archive: absolute, with "..", whatever
  const char* target = nullptr;  // of symbolic and hard links; ends with a NUL
  mode_t mode = 0;               // the permission bits, set-id and sticky bits
  uid_t uid = 0;
  gid_t gid = 0;
  timespec mtime{};
  dev_t device = 0;   // of character and block devices
  uint64_t size = 0;  // of files, holes included
};

struct TarData {
  std::string_view bytes;
  uint64_t offset = 0;  // in the file
};

class TarReader {
 public:
  // `stream` must outlive the object.
  explicit TarReader(LayerStream& stream);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next entry, nullptr after the last one. Throws where the archive is damaged or cut short
  // or says what no file system can take (a size below 0, an owner above 2^32 - 2).
  const TarEntry* next();
  // The next piece of the entry's data in ascending order; false after the last. Between two
  // pieces may be a hole. Valid until the next call.
  bool read(TarData& piece);
  // The entry's extended attributes, access control lists aside: image layers carry those as the
  // attributes system.posix_acl_*.
  void each_attribute(
      const std::function<void(const char* name, std::string_view value)>& use) const;

 private:
  struct Held {  // a block that libarchive may still read from, or that has an entry's headers
    uint64_t offset = 0;
    std::unique_ptr<StreamBlock> block;
  };

  static ssize_t feed(archive* reader, void* self, const void** bytes);
  ssize_t feed_next(const void** bytes);
  void drop_held_before(uint64_t offset);
  std::string_view raw_bytes(uint64_t from, uint64_t to);
  uint64_t position() const;
  void skip_data();
  [[noreturn]] void fail(int result) const;
  void fill_entry();

  struct Free {
    void operator()(archive* reader) const;
    void operator()(archive_entry* entry) const;
  };

  LayerStream& stream_;
  TarEntry entry_;
  bool in_data_ = false;       // the last entry's data may not have been read to its end
  uint64_t header_start_ = 0;  // of the entry that is being read
  uint64_t fed_ = 0;           // bytes that libarchive was given
  std::deque<Held> held_;
  std::string joined_;  // headers that lie in more than one block
  std::exception_ptr failure_;
  // Last, so that they go first: they point into what is held.
  std::unique_ptr<archive, Free> reader_owner_;
  std::unique_ptr<archive_entry, Free> entry_owner_;
  archive* reader_ = nullptr;
  archive_entry* raw_ = nullptr;
};

}  // namespace gocker
