#include "runtime/container/container.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

class ContainerTest : public testing::Test {
 protected:
  static ContainerRecord record(const std::string& id) {
    ContainerRecord record;
    record.id = id;
    return record;
  }
  Container make(const std::string& id) { return Container::make(root_, record(id), "{}"); }

  TempDir temporary_;
  StateRoot root_{temporary_.path() + "/state"};
};

TEST(ContainerId, IsAPlainFileName) {
  for (const std::string id : {"a", "A-b_c+d.e", "0"}) EXPECT_NO_THROW(check_container_id(id));
  EXPECT_NO_THROW(check_container_id(std::string(255, 'x')));
  for (const std::string id : {"", ".", "..", ".a", "a/b", "a b", "a\n", "\xC3\xA4"}) {
    EXPECT_THROW(check_container_id(id), Error) << id;
  }
  EXPECT_THROW(check_container_id(std::string(256, 'x')), Error);
  EXPECT_THROW(check_container_id(std::string("a\0b", 3)), Error);
}

TEST_F(ContainerTest, AStateRootThatOthersMayWriteToIsRefused) {
  const std::string path = temporary_.path() + "/open";
  check(::mkdir(path.c_str(), 0700), "mkdir");
  check(::chmod(path.c_str(), 0777), "chmod");
  EXPECT_THROW(StateRoot{path}, Error);
}

TEST_F(ContainerTest, IsFoundAgain) {
  make("c1").unlock();
  EXPECT_EQ(Container::load(root_, "c1", Locking::none).record().id, "c1");
  EXPECT_EQ(root_.ids(), std::vector<std::string>{"c1"});
}

TEST_F(ContainerTest, AnAbsentOneDoesNotExist) {
  EXPECT_FALSE(Container::load_if_exists(root_, "c1", Locking::exclusive));
  try {
    Container::load(root_, "c1", Locking::none);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "container \"c1\" does not exist");
  }
}

TEST_F(ContainerTest, AnIdIsTakenWhileItsContainerIsBeingMade) {
  const Container held = make("c1");
  EXPECT_THROW(make("c1"), Error);
}

TEST_F(ContainerTest, AHalfMadeOneWhoseCreatorDiedGivesWay) {
  { make("c1"); }  // its lock is gone, its record still says "creating"
  EXPECT_NO_THROW(make("c1"));
}

TEST_F(ContainerTest, OneWithAProcessDoesNotGiveWay) {
  {
    Container container = make("c1");
    ContainerRecord with_process = container.record();
    with_process.pid = ::getpid();
    with_process.start_time = *process_start_time(::getpid());
    container.save(with_process);
  }
  EXPECT_THROW(make("c1"), Error);
}

TEST_F(ContainerTest, APidThatAnotherProcessGotMeansStopped) {
  Container container = make("c1");
  ContainerRecord reused = container.record();
  reused.pid = ::getpid();
  reused.start_time = *process_start_time(::getpid()) + 1;
  container.save(reused);
  EXPECT_EQ(container.status(), oci::Status::stopped);
  EXPECT_EQ(container.state().pid, 0);
  EXPECT_FALSE(container.open_process());
}

TEST_F(ContainerTest, DestroyingLeavesNothingAndTwiceIsFine) {
  Container container = make("c1");
  container.destroy();
  EXPECT_TRUE(root_.ids().empty());
  container.destroy();
}

}  // namespace
}  // namespace gocker
