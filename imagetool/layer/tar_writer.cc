#include "imagetool/layer/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kBlock = 64 << 10;
constexpr size_t kChunk = 256 << 10;
constexpr mode_t kPermissions = 07777;

EntryType type_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFCHR:
      return EntryType::character;
    case S_IFBLK:
      return EntryType::block;
    case S_IFIFO:
      return EntryType::fifo;
    case S_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::file;
  }
}

unsigned file_type(EntryType type) {
  switch (type) {
    case EntryType::directory:
      return AE_IFDIR;
    case EntryType::symlink:
      return AE_IFLNK;
    case EntryType::character:
      return AE_IFCHR;
    case EntryType::block:
      return AE_IFBLK;
    case EntryType::fifo:
      return AE_IFIFO;
    case EntryType::socket:
      return AE_IFSOCK;
    case EntryType::file:
    case EntryType::hardlink:
      break;
  }
  return AE_IFREG;
}

void fill(archive_entry* raw, const TarEntry& entry) {
  ::archive_entry_clear(raw);
  ::archive_entry_copy_pathname(raw, std::string(entry.path).c_str());
  ::archive_entry_set_filetype(raw, file_type(entry.type));
  ::archive_entry_set_perm(raw, entry.mode);
  ::archive_entry_set_uid(raw, entry.uid);
  ::archive_entry_set_gid(raw, entry.gid);
  // It writes half a second before the epoch in a way that others read as half a second more.
  const long nanoseconds = entry.mtime.tv_sec < 0 ? 0 : entry.mtime.tv_nsec;
  ::archive_entry_set_mtime(raw, entry.mtime.tv_sec, nanoseconds);
  ::archive_entry_set_size(raw, static_cast<int64_t>(entry.size));
  if (entry.type == EntryType::symlink) ::archive_entry_copy_symlink(raw, entry.target);
  if (entry.type == EntryType::hardlink) ::archive_entry_copy_hardlink(raw, entry.target);
  if (entry.type == EntryType::character || entry.type == EntryType::block) {
    ::archive_entry_set_rdevmajor(raw, major(entry.device));
    ::archive_entry_set_rdevminor(raw, minor(entry.device));
  }
}

}  // namespace

TarEntry tar_entry_of(std::string_view path, const struct stat& status) {
  TarEntry entry;
  entry.type = type_of(status);
  entry.path = path;
  entry.mode = status.st_mode & kPermissions;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = status.st_mtim;
  entry.device = status.st_rdev;
  return entry;
}

void TarWriter::Free::operator()(archive* writer) const {
  ::archive_write_free(writer);
}
void TarWriter::Free::operator()(archive_entry* entry) const {
  ::archive_entry_free(entry);
}

TarWriter::TarWriter(Sink sink) : sink_(std::move(sink)), writer_(::archive_write_new()) {
  if (!writer_) throw Error("write the tar archive: out of memory", ENOMEM);
  entry_.reset(::archive_entry_new2(writer_.get()));
  if (!entry_) throw Error("write the tar archive: out of memory", ENOMEM);
  archive* writer = writer_.get();
  check_result(::archive_write_set_format_pax(writer), "choose the format");
  // Attributes once, under the name that every reader of layers knows.
  check_result(::archive_write_set_options(writer, "xattrheader=SCHILY"), "set options");
  check_result(::archive_write_set_bytes_per_block(writer, kBlock), "set the block size");
  check_result(::archive_write_set_bytes_in_last_block(writer, 1), "set the block size");
  check_result(::archive_write_open(writer, this, nullptr, &TarWriter::pass, nullptr), "open");
}

void TarWriter::add(const TarEntry& entry, const std::vector<ExtendedAttribute>& attributes) {
  fill(entry_.get(), entry);
  for (const ExtendedAttribute& each : attributes) {
    ::archive_entry_xattr_add_entry(entry_.get(), each.name.c_str(), each.value.data(),
                                    each.value.size());
  }
  const int result = ::archive_write_header(writer_.get(), entry_.get());
  // Its warning of names that are no ASCII: in the C locale their bytes are written as they are.
  if (result != ARCHIVE_WARN) check_result(result, "header");
}

void TarWriter::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::archive_write_data(writer_.get(), content.data(), content.size());
    if (written <= 0) check_result(ARCHIVE_FATAL, "content");
    content.remove_prefix(static_cast<size_t>(written));
  }
}

void TarWriter::write_from(const Fd& file, uint64_t size) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kChunk);
  while (size > 0) {
    const size_t wanted = std::min<uint64_t>(size, kChunk);
    const ssize_t got = ::read(file.get(), buffer_.get(), wanted);
    if (got < 0 && errno == EINTR) continue;
    check(got, "read");
    if (got == 0) throw Error("it became shorter while it was read");
    write({buffer_.get(), static_cast<size_t>(got)});
    size -= static_cast<uint64_t>(got);
  }
}

void TarWriter::finish() {
  check_result(::archive_write_close(writer_.get()), "end");
}

ssize_t TarWriter::pass(archive* writer, void* self, const void* bytes, size_t size) {
  auto& tar = *static_cast<TarWriter*>(self);
  try {
    tar.sink_({static_cast<const char*>(bytes), size});
    return static_cast<ssize_t>(size);
  } catch (...) {
    // No exception may cross libarchive's frames: check_result() throws it on the other side.
    tar.failure_ = std::current_exception();
    ::archive_set_error(writer, EIO, "the sink failed");
    return -1;
  }
}

void TarWriter::check_result(int result, const char* call) {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (result == ARCHIVE_OK) return;
  const char* text = ::archive_error_string(writer_.get());
  throw Error(std::string("write the tar archive: ") + call + ": " +
              (text == nullptr ? "failed" : text));
}

}  // namespace gocker
