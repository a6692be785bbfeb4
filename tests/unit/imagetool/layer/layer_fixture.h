// Layers applied one on the other below a directory with a canary that nothing may touch.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/layer/apply.h"
#include "imagetool/layer/decompress.h"
#include "imagetool/layer/limits.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "tests/unit/imagetool/layer/raw_tar.h"

namespace gocker::tests {

// An anonymous file with `bytes`.
Fd make_blob(std::string_view bytes);

class LayerTest : public ::testing::Test {
 protected:
  LayerTest();
  void SetUp() override;
  void TearDown() override;

  // Applies a tar archive on top of what was applied before.
  void apply(std::string_view tar);
  void apply(const std::vector<RawEntry>& entries) { apply(raw_tar(entries)); }
  // The error of an archive that is refused; the layers are as they were.
  std::string refusal(std::string_view tar);
  std::string refusal(const std::vector<RawEntry>& entries) { return refusal(raw_tar(entries)); }

  // The layers joined, as a container sees them: a directory opened with O_PATH.
  Fd joined() const;
  // "" where there is nothing, else one of "file directory symlink char block fifo socket".
  std::string type(std::string_view path) const;
  struct stat status(std::string_view path) const;
  std::string content(std::string_view path) const;
  std::string target(std::string_view path) const;
  mode_t mode(std::string_view path) const { return status(path).st_mode & 07777; }
  std::vector<std::string> names(std::string_view directory) const;
  // The value of an extended attribute, "(none)" without one.
  std::string attribute(std::string_view path, const char* name) const;

  // The tree of one layer, the base being 0.
  std::string layer_path(size_t layer) const;
  size_t layer_count() const { return count_; }

  std::string canary_path() const { return directory_.path() + "/canary"; }
  std::string directory_path() const { return directory_.path(); }

  LayerLimits limits_;
  Notes notes_;

 private:
  void apply_to(const std::string& path, std::string_view tar);
  std::vector<Fd> open_layers() const;

  TempDir directory_{"gocker-layer-test"};
  size_t count_ = 0;
};

}  // namespace gocker::tests
