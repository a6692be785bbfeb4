// Archives of the programs that make layers: each must come back as the tree that it was made of.
#include <fcntl.h>
#include <libtar.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "tests/layers/tree_compare.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

// What a producer's format can say.
struct Abilities {
  bool nanoseconds = true;
  bool long_names = true;
  bool attributes = true;
  bool big_ids = true;
  bool hard_links = true;
};

class ProducersTest : public LayerTest {
 protected:
  void make_source(const Abilities& abilities) {
    shell(
        "mkdir -p s/dir/sub s/empty && cd s && echo content >dir/file && : >none &&"
        " head -c 300000 /dev/urandom >big && ln -s dir/file link && ln -s /absolute abs &&"
        " mknod null c 1 3 && mknod disk b 8 17 && mkfifo pipe && chmod 4755 dir/file &&"
        " chown 1000:100 big dir && chmod 1777 empty && chmod 000 none");
    if (abilities.hard_links) shell("ln s/big s/second && ln s/big s/dir/third");
    if (abilities.long_names) {
      shell("cd s && mkdir -p " + std::string(200, 'd') + "/" + std::string(200, 'e') +
            " && echo long >" + std::string(200, 'd') + "/" + std::string(250, 'f') + " && ln -s " +
            std::string(200, 't') +
            " long-target && : >'caf\xc3\xa9' &&"
            " : >'cafe\xcc\x81'");
    }
    if (abilities.big_ids) shell("echo x >s/ids && chown 4294967294:3000000000 s/ids");
    if (abilities.attributes) {
      shell(
          "setfattr -n user.note -v kept s/dir && setcap cap_net_raw+ep s/big &&"
          " setfattr -n trusted.mine -v 1 s/dir/file");
    }
    const std::string time = abilities.nanoseconds ? "@1600000000.123456789" : "@1600000000";
    shell("find s -depth -exec touch -h -d " + time + " {} +");
  }

  // Runs in the fixture's directory, below which the layers lie too.
  void shell(const std::string& script) {
    const CommandResult result =
        run_command({.path = "/bin/bash",
                     .args = {"bash", "-euc", "cd '" + work_.path() + "'; " + script},
                     .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    ASSERT_EQ(result.wait_status, 0) << script << ": " << result.errors;
  }

  void expect_same(const std::string& archive) {
    apply(read_file(work_.path() + "/" + archive, size_t{64} << 20));
    EXPECT_EQ(compare_trees(open_directory(work_.path() + "/s"), open_directory(layer_path(0))),
              std::vector<std::string>{});
    EXPECT_EQ(notes_, Notes{});
  }

  TempDir work_{"gocker-producers-test"};
};

constexpr const char* kGnuTar = "tar -C s -cf t.tar --numeric-owner ";

TEST_F(ProducersTest, TakesGnuTarsPax) {
  make_source({});
  shell(std::string(kGnuTar) + "--format=posix --xattrs --xattrs-include='*' .");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesGnuTarsOwnFormat) {
  make_source({.nanoseconds = false, .attributes = false});
  shell(std::string(kGnuTar) + "--format=gnu .");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesGnuTarsUstar) {
  make_source({.nanoseconds = false, .long_names = false, .attributes = false, .big_ids = false});
  shell(std::string(kGnuTar) + "--format=ustar .");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesSparseFilesInEveryFormat) {
  for (const char* format : {"gnu", "posix --sparse-version=1.0", "posix --sparse-version=0.1",
                             "posix --sparse-version=0.0"}) {
    make_source({.nanoseconds = false, .long_names = false, .attributes = false, .big_ids = false});
    shell(
        "printf start >s/sparse && truncate -s 10M s/sparse && printf end >>s/sparse &&"
        " truncate -s 20M s/sparse s/hole && touch -d @1600000000 s/sparse s/hole s");
    shell(std::string(kGnuTar) + "--sparse --format=" + format + " .");
    apply(read_file(work_.path() + "/t.tar", size_t{64} << 20));
    const std::string layer = layer_path(layer_count() - 1);
    EXPECT_EQ(compare_trees(open_directory(work_.path() + "/s"), open_directory(layer)),
              std::vector<std::string>{})
        << format;
    struct stat status {};
    ASSERT_EQ(::stat((layer + "/sparse").c_str(), &status), 0);
    EXPECT_EQ(status.st_size, 20 << 20);
    EXPECT_LT(status.st_blocks, 2048) << format;  // blocks of 512 bytes
    shell("rm -r s");
  }
}

// bsdtar is libarchive's writer; it notes attributes in two ways at once.
TEST_F(ProducersTest, TakesBsdtarsPax) {
  make_source({});
  shell("bsdtar -C s -cf t.tar --format=pax --no-acls --xattrs --no-fflags --numeric-owner .");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesBsdtarsOtherFormats) {
  make_source({.nanoseconds = false, .long_names = false, .attributes = false, .big_ids = false});
  shell("bsdtar -C s -cf t.tar --format=ustar --numeric-owner .");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesPythonsPax) {
  make_source({.attributes = false});
  shell(
      "python3 -c 'import tarfile; t = tarfile.open(\"t.tar\", \"w\", format=tarfile.PAX_FORMAT);"
      " t.add(\"s\", \".\"); t.close()'");
  // Python gives times as binary fractions: whole seconds come back.
  shell(
      "find s -depth -exec touch -h -d @1600000000 {} +; python3 -c 'import tarfile;"
      " t = tarfile.open(\"t.tar\", \"w\", format=tarfile.PAX_FORMAT);"
      " t.add(\"s\", \".\"); t.close()'");
  expect_same("t.tar");
}

TEST_F(ProducersTest, TakesPythonsGnuFormat) {
  make_source({.nanoseconds = false, .attributes = false});
  shell(
      "python3 -c 'import tarfile; t = tarfile.open(\"t.tar\", \"w\", format=tarfile.GNU_FORMAT);"
      " t.add(\"s\", \".\"); t.close()'");
  expect_same("t.tar");
}

// In a child, as libtar loses memory on the way.
void write_by_libtar(const std::string& path, std::string source) {
  const pid_t child = ::fork();
  if (child == 0) {
    TAR* tar = nullptr;
    std::string name = ".";
    const bool written =
        ::tar_open(&tar, path.c_str(), nullptr, O_WRONLY | O_CREAT, 0644, 0) == 0 &&
        ::tar_append_tree(tar, source.data(), name.data()) == 0 && ::tar_append_eof(tar) == 0 &&
        ::tar_close(tar) == 0;
    ::_exit(written ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
}

// libtar knows ustar only, and no second name of a file.
TEST_F(ProducersTest, TakesLibtars) {
  make_source({.nanoseconds = false,
               .long_names = false,
               .attributes = false,
               .big_ids = false,
               .hard_links = false});
  write_by_libtar(work_.path() + "/t.tar", work_.path() + "/s");
  expect_same("t.tar");
}

}  // namespace
}  // namespace gocker::tests
