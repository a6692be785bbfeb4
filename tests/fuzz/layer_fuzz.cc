// A layer: plain tar, applied to an empty directory. What lies beside that must stay as it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/apply.h"
#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/file.h"
#include "tests/fuzz/fuzz.h"

using namespace gocker;
using namespace gocker::fuzz;

namespace {

const std::string& place() {
  static const TempDir kDirectory("gocker-fuzz");
  static const std::string kPath = [] {
    write_all(open_file(kDirectory.path() + "/canary", O_WRONLY | O_CREAT, 0640), "as it is",
              "canary");
    return kDirectory.path();
  }();
  return kPath;
}

void expect_untouched() {
  struct stat status {};
  const bool there = ::lstat((place() + "/canary").c_str(), &status) == 0;
  const std::vector<std::string> names = list_directory(open_file(place(), O_RDONLY), "place");
  if (!there || status.st_nlink != 1 || status.st_mode != (S_IFREG | 0640) ||
      read_file(place() + "/canary") != "as it is" || names.size() != 1) {
    fail("the canary was touched", place());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Fd memory(check(::memfd_create("layer", MFD_CLOEXEC), "memfd_create"));
  write_all(memory, text_of(data, size), "layer");
  const BlobFile blob(std::move(memory));
  const Fd parent = open_file(place(), O_RDONLY | O_DIRECTORY);
  check(::mkdirat(parent.get(), "tree", 0755), "mkdir");
  try_to([&] {
    LayerLimits limits;
    LayerStream stream(blob, Compression::none, limits);
    LowerView lower({}, OverlayAttributes::trusted);
    Notes notes;
    apply_layer(stream, open_file_at(parent, "tree", O_RDONLY | O_DIRECTORY), lower,
                OverlayAttributes::trusted, limits, notes);
  });
  remove_tree_at(parent, "tree");
  expect_untouched();
  return 0;
}
