#include "imagetool/containers/keeper.h"

#include <unistd.h>

#include <thread>

#include "runtime/base/process.h"
#include "tests/unit/imagetool/containers/containers_folder.h"

namespace gocker {
namespace {

class KeeperTest : public ContainersTest {};

TEST_F(KeeperTest, IsAProcessThatLives) {
  EXPECT_FALSE(has_keeper(places_, "abc"));
  set_keeper(places_, "abc", ::getpid());
  EXPECT_TRUE(has_keeper(places_, "abc"));
  EXPECT_EQ(kept_containers(places_), std::vector<std::string>{"abc"});
  announce_end(places_, "abc", 0);
  EXPECT_FALSE(has_keeper(places_, "abc"));
  EXPECT_TRUE(kept_containers(places_).empty());
}

TEST_F(KeeperTest, IsNotAnotherProcessOfTheSameNumber) {
  // As if the number had been given to us after the keeper's end.
  replace_file_at(open_directory(places_.keepers()), "abc", std::to_string(::getpid()) + " 1\n",
                  0600);
  EXPECT_FALSE(has_keeper(places_, "abc"));
  const EndWatch::End end = EndWatch(places_, "abc").wait();
  EXPECT_FALSE(end.was_announced);
}

TEST_F(KeeperTest, TellsTheExitCodeToWhoWaits) {
  for (const std::optional<int> code : {std::optional(7), std::optional<int>()}) {
    set_keeper(places_, "abc", ::getpid());
    const EndWatch watch(places_, "abc");
    std::thread keeper([&] { announce_end(places_, "abc", code); });
    const EndWatch::End end = watch.wait();
    keeper.join();
    EXPECT_TRUE(end.was_announced);
    EXPECT_EQ(end.exit_code, code);
  }
}

TEST_F(KeeperTest, ThatDiesWakesWhoWaits) {
  std::optional<Child> keeper = clone_child(0, Fd());
  if (!keeper) {
    ::pause();
    exit_now(0);
  }
  set_keeper(places_, "abc", keeper->pid());
  const EndWatch watch(places_, "abc");
  ASSERT_TRUE(watch);
  keeper->kill_and_reap();
  EXPECT_FALSE(watch.wait().was_announced);
}

}  // namespace
}  // namespace gocker
