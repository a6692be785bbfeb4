// What a tar archive of images holds, file by file. Names are only names here: nothing of the
// archive decides where something is written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/limits.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/fd.h"

namespace gocker {

struct ArchivedFile {
  std::string digest;
  uint64_t size = 0;
  std::string content;             // of a small one
  std::optional<BlobDraft> draft;  // of a large one
};

class ArchiveFiles {
 public:
  // Reads all of `archive`, which may be packed with gzip or zstd; large files go to the workspace
  // of `transaction`, which must outlive the object. Throws for what is damaged, for a name that is
  // there twice, and for what is neither file, directory nor link.
  ArchiveFiles(const BlobSource& archive, Transaction& transaction, const LayerLimits& limits);

  bool has(const std::string& name) const { return find(name) != nullptr; }
  // These throw "NAME is not in the archive".
  const ArchivedFile& file(const std::string& name) const;
  std::string document(const std::string& name) const;  // at most kMaxDocumentSize

  // A blob of the transaction's, by the file's digest; which is returned. At most once a file.
  std::string add_blob(const std::string& name);
  // For reading, from the start.
  Fd open(const std::string& name) const;

 private:
  void read(const BlobSource& archive, const LayerLimits& limits);
  void add_file(const std::string& name, ArchivedFile file);
  const ArchivedFile* find(std::string name) const;

  Transaction& transaction_;
  std::map<std::string, ArchivedFile> files_;
  std::map<std::string, std::string> links_;  // where they lead, as a name
  uint64_t kept_ = 0;                         // bytes of small ones
};

}  // namespace gocker
