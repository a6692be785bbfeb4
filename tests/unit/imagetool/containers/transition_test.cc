#include "imagetool/containers/transition.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/imagetool/containers/containers_folder.h"

namespace gocker {
namespace {

class TransitionTest : public ContainersTest {
 protected:
  // What a command that is killed leaves behind.
  void begin_and_die(const std::string& id) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const Transition transition(places_, id, "start");
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }
};

TEST_F(TransitionTest, IsInTheJournalWhileItLasts) {
  {
    const Transition transition(places_, "abc", "start");
    EXPECT_EQ(open_transitions(places_), std::vector<std::string>{"abc"});
    EXPECT_EQ(read_file(places_.transitions() + "/abc"), "start");
    EXPECT_FALSE(transition.was_cut_off());
  }
  EXPECT_TRUE(open_transitions(places_).empty());
}

TEST_F(TransitionTest, KeepsOthersOut) {
  Transition transition(places_, "abc", "start");
  EXPECT_FALSE(Transition::try_begin(places_, "abc", "stop"));
  EXPECT_TRUE(Transition::try_begin(places_, "other", "stop"));
  transition.finish();
  EXPECT_TRUE(Transition::try_begin(places_, "abc", "stop"));
}

TEST_F(TransitionTest, OfAKilledCommandIsThereForTheNext) {
  begin_and_die("abc");
  EXPECT_EQ(open_transitions(places_), std::vector<std::string>{"abc"});
  auto next = Transition::try_begin(places_, "abc", "settle");
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->was_cut_off());
  EXPECT_EQ(next->cut_off(), "start");
  next->hand_over();
  EXPECT_EQ(open_transitions(places_), std::vector<std::string>{"abc"}) << "it was not settled";
  Transition::try_begin(places_, "abc", "settle")->finish();
  EXPECT_TRUE(open_transitions(places_).empty());
}

TEST_F(TransitionTest, WaitsForOthersAndDoesNotTakeTheirFile) {
  auto first = std::make_unique<Transition>(places_, "abc", "start");
  std::thread second([&] {
    const Transition transition(places_, "abc", "stop");
    EXPECT_FALSE(transition.was_cut_off()) << "the first one has finished";
    EXPECT_EQ(open_transitions(places_), std::vector<std::string>{"abc"});
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  first.reset();
  second.join();
  EXPECT_TRUE(open_transitions(places_).empty());
}

}  // namespace
}  // namespace gocker
