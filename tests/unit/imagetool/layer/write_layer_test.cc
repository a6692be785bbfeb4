#include "imagetool/layer/write_layer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "imagetool/digest.h"
#include "imagetool/layer/overlay.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "tests/layers/tree_compare.h"
#include "tests/unit/imagetool/error_of.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

class WriteLayerTest : public LayerTest {
 protected:
  // Runs in the fixture's work directory; its stdout.
  std::string shell(const std::string& script) {
    const CommandResult result =
        run_command({.path = "/bin/sh",
                     .args = {"sh", "-ec", "cd " + work_.path() + "; " + script},
                     .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    EXPECT_EQ(result.wait_status, 0) << script << ": " << result.errors;
    return result.output;
  }

  // The tree `name` of the work directory, written to NAME.gz beside it and unpacked to NAME.tar.
  LayerBlob write(const std::string& name, RootEntry root = RootEntry::no) {
    const std::string path = work_.path() + "/" + name;
    const Fd file = open_file(path + ".gz", O_RDWR | O_CREAT | O_TRUNC, 0600);
    LayerBlob blob = write_layer(open_file(path, O_RDONLY | O_DIRECTORY),
                                 OverlayAttributes::trusted, root, file);
    shell("gzip -dc " + name + ".gz >" + name + ".tar");
    EXPECT_EQ(blob.digest, digest_of(bytes(name + ".gz")));
    EXPECT_EQ(blob.size, bytes(name + ".gz").size());
    EXPECT_EQ(blob.diff_id, digest_of(bytes(name + ".tar")));
    return blob;
  }

  std::string bytes(const std::string& name) const {
    return read_file(work_.path() + "/" + name, size_t{64} << 20);
  }

  TempDir work_{"gocker-write-layer-test"};
};

constexpr const char* kTree =
    "mkdir -p s/dir/sub s/empty && cd s && echo content >dir/file && : >none &&"
    " head -c 700000 /dev/urandom >big && ln -s dir/file link && ln -s /absolute abs &&"
    " mknod null c 1 3 && mknod disk b 8 17 && mknod wide c 300 70000 && mkfifo pipe &&"
    " chown 1000:100 big dir && chmod 1777 empty && chmod 4755 dir/file && chmod 000 none &&"
    " ln big second && ln big dir/third && ln -h abs abs2 2>/dev/null || true;"
    " mkdir -p $(printf '%0200d/%0200d' 1 2) && echo long >$(printf '%0200d/%0250d' 1 3) &&"
    " ln -s $(printf '%0300d' 4) long-target && : >'caf\xc3\xa9' && : >'cafe\xcc\x81' &&"
    " : >'raw\xff\xfe' && : >'new\nline' && : >' blank ' && ln -s 'to\xff' 'link\xfd' &&"
    " echo x >ids && chown 4294967294:3000000000 ids && setfattr -n user.note -v kept dir &&"
    " setcap cap_net_raw+ep big && setfattr -n trusted.mine -v 0x0001ff0a dir/file &&"
    " setfattr -n security.other -v gone none &&"
    " touch -h -d '1969-12-31 23:59:58 UTC' link; touch -d @4102444800.25 none;"
    " cd .. && find s -mindepth 1 -depth ! -name link ! -name none"
    " -exec touch -h -d @1600000000.123456789 {} +";

TEST_F(WriteLayerTest, AppliedAgainItIsTheSameTree) {
  shell(kTree);
  shell("touch -d @1500000000 s && chmod 0711 s");
  write("s", RootEntry::yes);
  apply(bytes("s.tar"));
  shell("setfattr -x security.other s/none");  // it belongs to the machine
  EXPECT_EQ(compare_trees(open_directory(work_.path() + "/s"), open_directory(layer_path(0))),
            std::vector<std::string>{});
  EXPECT_EQ(notes_, Notes{});
}

TEST_F(WriteLayerTest, OtherReadersTakeIt) {
  shell(kTree);
  shell("setfattr -x security.other s/none; touch -d @1500000000 s");
  write("s", RootEntry::yes);
  shell("mkdir t && tar -C t -xpf s.tar --xattrs --xattrs-include='*' --numeric-owner");
  EXPECT_EQ(compare_trees(open_directory(work_.path() + "/s"), open_directory(work_.path() + "/t")),
            std::vector<std::string>{});
  shell("python3 -c 'import tarfile; assert len(tarfile.open(\"s.tar\").getmembers()) > 20'");
}

TEST_F(WriteLayerTest, TheSameTreeGivesTheSameBytes) {
  shell("mkdir a b; cd a; for i in 1 2 3 4; do echo $i >$i; done; mkdir d; echo x >d/x");
  shell("cd b; mkdir d; for i in 4 3 2 1; do echo $i >$i; done; echo x >d/x");
  shell("find a b -mindepth 1 -exec touch -d @1600000000 {} +");
  EXPECT_EQ(write("a").digest, write("b").digest);
}

TEST_F(WriteLayerTest, AnEmptyTreeHasNoEntries) {
  shell("mkdir s");
  EXPECT_EQ(write("s").entries, 0U);
  EXPECT_EQ(shell("tar tf s.tar"), "");
}

TEST_F(WriteLayerTest, WhiteoutsAndOpaqueDirectoriesAreTranslated) {
  apply({{"gone"}, {"dir/", '5'}, {"dir/below"}, {"kept/", '5'}, {"kept/a"}, {"kept/b"}});
  shell(
      "mkdir -p s/dir s/kept && mknod s/gone c 0 0 && mknod s/kept/a c 0 0 && echo n >s/dir/new &&"
      " setfattr -n trusted.overlay.opaque -v y s/dir &&"
      " setfattr -n trusted.overlay.impure -v y s/kept");
  write("s");
  EXPECT_EQ(shell("tar tf s.tar"),
            "dir/\ndir/.wh..wh..opq\ndir/new\n.wh.gone\nkept/\nkept/.wh.a\n");
  apply(bytes("s.tar"));
  EXPECT_EQ(names("/"), (std::vector<std::string>{"dir", "kept"}));
  EXPECT_EQ(names("dir"), std::vector<std::string>{"new"});
  EXPECT_EQ(names("kept"), std::vector<std::string>{"b"});
}

// What the kernel itself writes to an upper directory.
TEST_F(WriteLayerTest, AnOverlaysUpperDirectoryComesBackAsWhatWasDone) {
  apply({{"a"}, {"dir/", '5'}, {"dir/x"}, {"dir/y"}, {"moved/", '5'}, {"moved/z"}});
  shell("mkdir s work");
  OverlayMount mount;
  mount.layers.push_back(open_directory(layer_path(0)));
  mount.upper = open_directory(work_.path() + "/s");
  mount.work = open_directory(work_.path() + "/work");
  {
    const Fd root = mount_overlay(mount);
    const std::string path = descriptor_path(root);
    const CommandResult done = run_command(
        {.path = "/bin/sh",
         .args = {"sh", "-ec",
                  "cd /proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(root.get()) +
                      "; rm a; rm -r dir; mkdir dir; echo new >dir/n; mv moved other;"
                      " ln other/z linked"},
         .env = {"PATH=/usr/bin:/bin"}});
    ASSERT_EQ(done.wait_status, 0) << done.errors;
  }
  write("s");
  apply(bytes("s.tar"));
  EXPECT_EQ(names("/"), (std::vector<std::string>{"dir", "linked", "other"}));
  EXPECT_EQ(names("dir"), std::vector<std::string>{"n"});
  EXPECT_EQ(status("linked").st_nlink, 2U);
}

TEST_F(WriteLayerTest, SocketsAreLeftOut) {
  shell(
      "mkdir -p s/run && python3 -c 'import socket; s = socket.socket(socket.AF_UNIX);"
      " s.bind(\"s/run/socket\")'");
  EXPECT_EQ(write("s").left_out, std::vector<std::string>{"run/socket"});
  EXPECT_EQ(shell("tar tf s.tar"), "run/\n");
}

TEST_F(WriteLayerTest, RefusesWhatNoLayerCanSay) {
  shell("mkdir -p s && : >s/.wh.trick");
  EXPECT_EQ(error_of([this] { write("s"); }),
            "write the layer: write .wh.trick: a name that begins with .wh. would be a whiteout in "
            "the layer");
  shell("rm s/.wh.trick && mkdir s/d && setfattr -n trusted.overlay.redirect -v /other s/d");
  EXPECT_EQ(error_of([this] { write("s"); }),
            "write the layer: write d: the directory was renamed in a way that only overlay knows "
            "(redirect_dir)");
}

TEST_F(WriteLayerTest, AFullDiskIsAnError) {
  shell("mkdir s && head -c 3000000 /dev/urandom >s/big");
  const Fd full = open_file("/dev/full", O_RDWR);
  const std::string error = error_of([&] {
    write_layer(open_file(work_.path() + "/s", O_RDONLY | O_DIRECTORY), OverlayAttributes::trusted,
                RootEntry::no, full);
  });
  EXPECT_NE(error.find("No space left on device"), std::string::npos) << error;
}

}  // namespace
}  // namespace gocker::tests
