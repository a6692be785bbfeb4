#include "imagetool/layer/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "imagetool/layer/tar_headers.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

// libarchive warns of names that are no ASCII, as the C locale has no other; their bytes are right
// all the same. Its other warnings are damage.
constexpr std::string_view kHarmlessWarning = "can't be converted from UTF-8 to current locale.";

bool is_harmless(const char* warning) {
  return warning != nullptr && std::string_view(warning).ends_with(kHarmlessWarning);
}

EntryType type_of(archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr) return EntryType::hardlink;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFDIR:
      return EntryType::directory;
    case AE_IFLNK:
      return EntryType::symlink;
    case AE_IFCHR:
      return EntryType::character;
    case AE_IFBLK:
      return EntryType::block;
    case AE_IFIFO:
      return EntryType::fifo;
    case AE_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::file;
  }
}

// chown(2) takes the highest number for "leave it as it is".
uint32_t owner(int64_t id, const char* kind) {
  if (id < 0 || id >= std::numeric_limits<uint32_t>::max()) {
    throw Error(std::string(kind) + " " + std::to_string(id) +
                " is not in the range 0 to 4294967294");
  }
  return static_cast<uint32_t>(id);
}

}  // namespace

TarReader::TarReader(LayerStream& stream) : stream_(stream) {
  reader_owner_.reset(::archive_read_new());
  reader_ = reader_owner_.get();
  if (reader_ == nullptr) throw Error("read the tar archive: out of memory", ENOMEM);
  entry_owner_.reset(::archive_entry_new2(reader_));
  raw_ = entry_owner_.get();
  if (raw_ == nullptr) throw Error("read the tar archive: out of memory", ENOMEM);
  ::archive_read_support_format_tar(reader_);
  ::archive_read_support_format_empty(reader_);
  if (::archive_read_open(reader_, this, nullptr, &TarReader::feed, nullptr) != ARCHIVE_OK) {
    fail(ARCHIVE_FATAL);
  }
}

void TarReader::Free::operator()(archive* reader) const {
  ::archive_read_free(reader);
}
void TarReader::Free::operator()(archive_entry* entry) const {
  ::archive_entry_free(entry);
}

const TarEntry* TarReader::next() {
  if (in_data_) skip_data();
  header_start_ = position();
  const int result = ::archive_read_next_header2(reader_, raw_);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail(result);
  check_tar_headers(raw_bytes(header_start_, position()));
  if (result == ARCHIVE_WARN && !is_harmless(::archive_error_string(reader_))) fail(result);
  in_data_ = true;
  fill_entry();
  return &entry_;
}

bool TarReader::read(TarData& piece) {
  const void* bytes = nullptr;
  size_t size = 0;
  int64_t offset = 0;
  const int result = ::archive_read_data_block(reader_, &bytes, &size, &offset);
  if (result == ARCHIVE_EOF) return false;
  if (result != ARCHIVE_OK) fail(result);
  piece.bytes = {static_cast<const char*>(bytes), size};
  piece.offset = static_cast<uint64_t>(offset);
  return true;
}

void TarReader::each_attribute(
    const std::function<void(const char* name, std::string_view value)>& use) const {
  if (::archive_entry_xattr_reset(raw_) == 0) return;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (::archive_entry_xattr_next(raw_, &name, &value, &size) == ARCHIVE_OK) {
    use(name, {static_cast<const char*>(value), size});
  }
}

ssize_t TarReader::feed(archive* reader, void* self, const void** bytes) {
  auto& tar = *static_cast<TarReader*>(self);
  try {
    return tar.feed_next(bytes);
  } catch (...) {
    // No exception may cross libarchive's frames: fail() throws it again on the other side.
    tar.failure_ = std::current_exception();
    ::archive_set_error(reader, EIO, "the stream failed");
    return -1;
  }
}

ssize_t TarReader::feed_next(const void** bytes) {
  drop_held_before(in_data_ ? position() : header_start_);
  std::unique_ptr<StreamBlock> block = stream_.next();
  if (!block) return 0;
  const auto size = static_cast<ssize_t>(block->size);
  *bytes = block->data.data();
  held_.push_back({fed_, std::move(block)});
  fed_ += static_cast<uint64_t>(size);
  return size;
}

void TarReader::drop_held_before(uint64_t offset) {
  while (!held_.empty() && held_.front().offset + held_.front().block->size <= offset) {
    stream_.recycle(std::move(held_.front().block));
    held_.pop_front();
  }
}

std::string_view TarReader::raw_bytes(uint64_t from, uint64_t to) {
  drop_held_before(from);
  joined_.clear();
  for (const Held& held : held_) {
    if (held.offset >= to) break;
    const uint64_t start = std::max(from, held.offset) - held.offset;
    const uint64_t end = std::min(to - held.offset, uint64_t{held.block->size});
    const std::string_view part = held.block->bytes().substr(start, end - start);
    if (held.offset + end == to && joined_.empty()) return part;
    joined_.append(part);
  }
  return joined_;
}

// What of the stream libarchive has consumed.
uint64_t TarReader::position() const {
  const int64_t position = ::archive_filter_bytes(reader_, 0);
  return position < 0 ? 0 : static_cast<uint64_t>(position);
}

void TarReader::skip_data() {
  const int result = ::archive_read_data_skip(reader_);
  if (result != ARCHIVE_OK) fail(result);
  in_data_ = false;
}

void TarReader::fail(int result) const {
  if (failure_) std::rethrow_exception(failure_);
  const char* text = ::archive_error_string(reader_);
  // Its way to say that the stream ended too early.
  if (text == nullptr) throw Error("the tar archive is cut short");
  const char* kind = result == ARCHIVE_WARN ? "malformed" : "damaged";
  throw Error(std::string("the tar archive is ") + kind + ": " + text);
}

void TarReader::fill_entry() {
  entry_.type = type_of(raw_);
  const char* path = ::archive_entry_pathname(raw_);
  if (path == nullptr) throw Error("an entry without a name");
  entry_.path = path;
  entry_.target = entry_.type == EntryType::hardlink  ? ::archive_entry_hardlink(raw_)
                  : entry_.type == EntryType::symlink ? ::archive_entry_symlink(raw_)
                                                      : nullptr;
  entry_.mode = ::archive_entry_perm(raw_);
  entry_.uid = owner(::archive_entry_uid(raw_), "the owner");
  entry_.gid = owner(::archive_entry_gid(raw_), "the group");
  entry_.mtime = {::archive_entry_mtime(raw_), ::archive_entry_mtime_nsec(raw_)};
  entry_.device = ::makedev(static_cast<unsigned>(::archive_entry_rdevmajor(raw_)),
                            static_cast<unsigned>(::archive_entry_rdevminor(raw_)));
  const int64_t size = ::archive_entry_size(raw_);
  if (size < 0) throw Error("a size below 0");
  entry_.size = static_cast<uint64_t>(size);
}

}  // namespace gocker
