#include "tests/system/host_tmpfs.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <utility>

namespace gocker::test {

HostTmpfs::HostTmpfs(std::string point, unsigned long flags, Sharing sharing)
    : point_(std::move(point)) {
  std::filesystem::create_directories(point_);
  EXPECT_EQ(::mount("tmpfs", point_.c_str(), "tmpfs", flags, "mode=755"), 0);
  const unsigned long propagation = sharing == Sharing::shared ? MS_SHARED : MS_PRIVATE;
  EXPECT_EQ(::mount(nullptr, point_.c_str(), nullptr, propagation, nullptr), 0);
}

HostTmpfs::~HostTmpfs() {
  ::umount2(point_.c_str(), MNT_DETACH);
}

}  // namespace gocker::test
