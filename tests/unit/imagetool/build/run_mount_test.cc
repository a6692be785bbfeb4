#include "imagetool/build/run_mount.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

Instruction run_with(const std::string& mounts) {
  return parse_dockerfile("FROM a\nRUN " + mounts + " true", "D").instructions.back();
}

std::vector<RunMount> mounts_of(const std::string& mounts) {
  const auto expand = [](std::string_view text) {
    return text == "$X" ? std::string("value") : std::string(text);
  };
  return run_mounts(run_with(mounts), expand, "/app");
}

RunMount mount_of(const std::string& mount) {
  return mounts_of(mount).at(0);
}

TEST(RunMountTest, BindIsTheUsualKindAndReadOnly) {
  const RunMount mount = mount_of("--mount=from=x,src=/a/b,dst=/c/../d/");
  EXPECT_EQ(mount.kind, RunMount::Kind::bind);
  EXPECT_EQ(mount.from, "x");
  EXPECT_EQ(mount.source, "/a/b");
  EXPECT_EQ(mount.target, "/d");
  EXPECT_TRUE(mount.readonly);
  EXPECT_FALSE(mount_of("--mount=target=/d,rw").readonly);
  EXPECT_TRUE(mount_of("--mount=target=/d,readwrite=false").readonly);
}

TEST(RunMountTest, TargetsStartAtTheWorkingDirectory) {
  EXPECT_EQ(mount_of("--mount=target=.").target, "/app");
  EXPECT_EQ(mount_of("--mount=target=a/b").target, "/app/a/b");
}

TEST(RunMountTest, ACacheHasAnIdAndAttributes) {
  const RunMount mount =
      mount_of("--mount=type=cache,target=/c,sharing=locked,mode=0700,uid=1,gid=2,ro");
  EXPECT_EQ(mount.id, "/c");
  EXPECT_EQ(mount.sharing, RunMount::Sharing::locked);
  EXPECT_EQ(mount.mode, 0700U);
  EXPECT_EQ(mount.uid, 1U);
  EXPECT_EQ(mount.gid, 2U);
  EXPECT_TRUE(mount.readonly);
  EXPECT_EQ(mount_of("--mount=type=cache,target=/c,id=$X").id, "value");
  EXPECT_FALSE(mount_of("--mount=type=cache,target=/c").readonly);
}

TEST(RunMountTest, ASecretIsFoundByItsIdOrItsTarget) {
  EXPECT_EQ(mount_of("--mount=type=secret,id=key").target, "/run/secrets/key");
  EXPECT_EQ(mount_of("--mount=type=secret,target=/root/.npmrc").id, ".npmrc");
  EXPECT_FALSE(mount_of("--mount=type=secret,id=key").is_required);
  EXPECT_TRUE(mount_of("--mount=type=secret,id=key,required").is_required);
}

TEST(RunMountTest, SeveralStandInTheirOrder) {
  const auto mounts = mounts_of("--mount=type=tmpfs,target=/t,size=64m --mount=target=/b,from=x");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].size, "64m");
  EXPECT_EQ(mounts[1].target, "/b");
  EXPECT_EQ(sources_of_mounts(run_with("--mount=target=. --mount=target=/b,from=x")),
            std::vector<std::string>{"x"});
}

TEST(RunMountTest, WhatMakesNoSenseIsRefused) {
  const auto error = [](const char* text) { return error_of([text] { mounts_of(text); }); };
  EXPECT_EQ(error("--mount=type=secrt,id=x"),
            "--mount=type=secrt,id=x: type 'secrt' is not one of bind, cache, tmpfs and secret");
  EXPECT_EQ(error("--mount=type=cache,traget=/x"),
            "--mount=type=cache,traget=/x: unknown field 'traget' (did you mean target?)");
  EXPECT_EQ(error("--mount=type=cache"), "--mount=type=cache: it needs a target=DIRECTORY");
  EXPECT_EQ(error("--mount=target=/x,id=a"),
            "--mount=target=/x,id=a: 'id' is not supported with this type");
  EXPECT_EQ(error("--mount=target=/"), "--mount=target=/: the target cannot be /");
  EXPECT_EQ(error("--mount=type=secret"), "--mount=type=secret: a secret needs an id");
  EXPECT_EQ(error("--mount=type=cache,target=/x,mode=9"),
            "--mount=type=cache,target=/x,mode=9: mode=9 has no octal digits like 0755");
  EXPECT_EQ(error("--mount=type=cache,target=/x,uid=-1"),
            "--mount=type=cache,target=/x,uid=-1: uid=-1 is no number");
  EXPECT_EQ(error("--mount=type=cache,target=/x,sharing=some"),
            "--mount=type=cache,target=/x,sharing=some: sharing 'some' is not one of shared, "
            "locked and private");
  EXPECT_EQ(error("--mount=target=/x,rw=maybe"),
            "--mount=target=/x,rw=maybe: rw=maybe is neither true nor false");
}

}  // namespace
}  // namespace gocker::tests
