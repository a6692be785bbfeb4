#include "runtime/linux/seccomp_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string bytes_of(const SeccompProgram& program) {
  std::string bytes(static_cast<size_t>(::lseek(program.bpf.get(), 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(program.bpf.get(), bytes.data(), bytes.size(), 0),
            static_cast<ssize_t>(bytes.size()));
  return bytes;
}

oci::Seccomp deny(const std::string& name, uint32_t code = 77) {
  oci::Seccomp seccomp;
  seccomp.syscalls = {
      {.names = {name}, .action = oci::SeccompAction::error, .errno_ret = code, .args = {}}};
  return seccomp;
}

class SeccompCache : public testing::Test {
 protected:
  std::string find(const oci::Seccomp& seccomp) {
    return bytes_of(find_or_compile_seccomp(directory_, seccomp));
  }
  Fd folder() { return open_file_at(directory_, ".seccomp", O_RDONLY | O_DIRECTORY); }
  // The one file that is kept.
  std::string name() {
    const std::vector<std::string> names = list_directory(folder(), "folder");
    EXPECT_EQ(names.size(), 1u);
    return names.at(0);
  }
  // Another filter in the file's last bytes, so that its use shows.
  std::string spoil() {
    std::string content = read_file_at(folder(), name());
    content.back() = static_cast<char>(content.back() ^ 1);
    replace_file_at(folder(), name(), content, 0600);
    return content;
  }

  TempDir temporary_{"gocker-seccomp-cache"};
  Fd directory_ = open_file(temporary_.path(), O_RDONLY | O_DIRECTORY);
};

TEST_F(SeccompCache, GivesWhatTheCompilerGives) {
  const std::string compiled = bytes_of(compile_seccomp(deny("getppid")));
  EXPECT_EQ(find(deny("getppid")), compiled);
  EXPECT_EQ(find(deny("getppid")), compiled);
}

TEST_F(SeccompCache, UsesWhatIsKept) {
  const std::string compiled = find(deny("getppid"));
  spoil();
  EXPECT_NE(find(deny("getppid")), compiled);
}

TEST_F(SeccompCache, TellsProfilesApart) {
  for (const uint32_t code : {1U, 2U, 3U, 38U}) {
    for (const char* name : {"getppid", "getpid"}) {
      EXPECT_EQ(find(deny(name, code)), bytes_of(compile_seccomp(deny(name, code))));
    }
  }
}

TEST_F(SeccompCache, DoesNotTrustWhatOthersMayWriteTo) {
  const std::string compiled = find(deny("getppid"));
  spoil();
  ASSERT_EQ(::fchmodat(folder().get(), name().c_str(), 0666, 0), 0);
  EXPECT_EQ(find(deny("getppid")), compiled);
}

TEST_F(SeccompCache, DoesNotFollowLinks) {
  const std::string compiled = find(deny("getppid"));
  const std::string content = spoil();
  const std::string place = name();
  replace_file_at(directory_, "elsewhere", content, 0600);
  ASSERT_EQ(::unlinkat(folder().get(), place.c_str(), 0), 0);
  ASSERT_EQ(::symlinkat("../elsewhere", folder().get(), place.c_str()), 0);
  EXPECT_EQ(find(deny("getppid")), compiled);
}

TEST_F(SeccompCache, CompilesWhereAFileIsDamaged) {
  const std::string compiled = find(deny("getppid"));
  replace_file_at(folder(), name(), "short", 0600);
  EXPECT_EQ(find(deny("getppid")), compiled);
  EXPECT_GT(read_file_at(folder(), name()).size(), 5u);  // and was mended
}

TEST_F(SeccompCache, CompilesWhereNothingCanBeKept) {
  ASSERT_EQ(::symlinkat("/nowhere", directory_.get(), ".seccomp"), 0);
  EXPECT_EQ(find(deny("getppid")), bytes_of(compile_seccomp(deny("getppid"))));
}

}  // namespace
}  // namespace gocker
