#include "imagetool/archive/archive_files.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "imagetool/digest.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/tar_reader.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr uint64_t kSmall = 64 << 10;     // kept in memory
constexpr uint64_t kMostKept = 64 << 20;  // of these, all together
constexpr size_t kMostFiles = 100'000;
constexpr int kMostLinks = 8;  // that lead to one another

// Where a link leads: a hard link from the top, a symbolic one from its folder.
std::string target_of(const TarEntry& entry) {
  const std::string target = entry.target == nullptr ? "" : entry.target;
  if (entry.type == EntryType::hardlink) return clean_relative(target);
  const size_t slash = entry.path.rfind('/');
  const std::string folder(entry.path.substr(0, slash == std::string_view::npos ? 0 : slash));
  return clean_relative(folder + "/" + target);
}

// Each large file is open until all are read.
void allow_many_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

ArchivedFile read_file(TarReader& reader, uint64_t size, Transaction& transaction) {
  ArchivedFile file;
  file.size = size;
  if (size > kSmall) file.draft = transaction.draft_blob();
  Sha256 hash;
  uint64_t position = 0;
  TarData piece;
  while (reader.read(piece)) {
    check_interrupt();
    if (piece.offset != position) throw Error("it has holes, which nothing in images has");
    hash.update(piece.bytes);
    if (file.draft) {
      write_all(file.draft->file(), piece.bytes, "a file of the archive");
    } else {
      file.content.append(piece.bytes);
    }
    position += piece.bytes.size();
  }
  if (position != size) throw Error("it is shorter than its header says");
  file.digest = hash.finish();
  return file;
}

}  // namespace

ArchiveFiles::ArchiveFiles(const BlobSource& archive, Transaction& transaction,
                           const LayerLimits& limits)
    : transaction_(transaction) {
  allow_many_open_files();
  read(archive, limits);
}

void ArchiveFiles::read(const BlobSource& archive, const LayerLimits& limits) {
  LayerStream stream(archive, compression_of(archive), limits);
  TarReader reader(stream);
  while (const TarEntry* entry = reader.next()) {
    const std::string name = clean_relative(entry->path);
    const Doing doing("read", name);
    switch (entry->type) {
      case EntryType::directory:
        break;
      case EntryType::symlink:
      case EntryType::hardlink:
        links_.insert_or_assign(name, target_of(*entry));
        break;
      case EntryType::file:
        add_file(name, read_file(reader, entry->size, transaction_));
        break;
      default:
        throw Error("it is neither a file, a directory nor a link");
    }
    if (files_.size() + links_.size() > kMostFiles) {
      throw Error("the archive has more than " + std::to_string(kMostFiles) + " files");
    }
  }
  stream.finish();  // what follows the end mark may be damaged, too
}

void ArchiveFiles::add_file(const std::string& name, ArchivedFile file) {
  kept_ += file.content.size();
  if (kept_ > kMostKept) throw Error("the archive has too many small files");
  if (!files_.emplace(name, std::move(file)).second) throw Error("it is in the archive twice");
}

const ArchivedFile* ArchiveFiles::find(std::string name) const {
  for (int hops = 0; hops <= kMostLinks; ++hops) {
    const auto found = files_.find(name);
    if (found != files_.end()) return &found->second;
    const auto link = links_.find(name);
    if (link == links_.end()) return nullptr;
    name = link->second;
  }
  return nullptr;
}

const ArchivedFile& ArchiveFiles::file(const std::string& name) const {
  const ArchivedFile* found = find(clean_relative(name));
  if (found == nullptr) throw Error(name + " is not in the archive");
  return *found;
}

std::string ArchiveFiles::document(const std::string& name) const {
  const ArchivedFile& found = file(name);
  if (found.size > kMaxDocumentSize) {
    throw Error(name + ": it has " + std::to_string(found.size) + " bytes; at most " +
                std::to_string(kMaxDocumentSize) + " are taken");
  }
  return found.draft ? read_all(open(name), name) : found.content;
}

std::string ArchiveFiles::add_blob(const std::string& name) {
  const ArchivedFile& found = file(name);
  if (!found.draft) return transaction_.put_blob(found.content);
  if (!transaction_.has_blob(found.digest)) transaction_.add_blob(*found.draft, found.digest);
  return found.digest;
}

Fd ArchiveFiles::open(const std::string& name) const {
  const ArchivedFile& found = file(name);
  Fd copy = found.draft ? found.draft->file().duplicate() : Fd();
  if (!copy) {
    const BlobDraft draft = transaction_.draft_blob();
    write_all(draft.file(), found.content, name);
    copy = draft.file().duplicate();
  }
  check(::lseek(copy.get(), 0, SEEK_SET), "seek in", name);
  return copy;
}

}  // namespace gocker
