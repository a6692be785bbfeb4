#include "imagetool/containers/directory.h"

#include <unistd.h>

#include "tests/unit/imagetool/containers/containers_folder.h"

namespace gocker {
namespace {

class DirectoryTest : public ContainersTest {
 protected:
  void add_named(const std::string& id, const std::string& name) {
    add(id);
    claim_name(places_, name, id);
  }
};

TEST_F(DirectoryTest, FindsById) {
  add("abc123");
  EXPECT_EQ(find_container(places_, "abc123"), "abc123");
}

TEST_F(DirectoryTest, FindsByTheBeginningOfAnId) {
  add("abc123");
  add("abd456");
  EXPECT_EQ(find_container(places_, "abc"), "abc123");
  EXPECT_EQ(error_of([&] { find_container(places_, "ab"); }),
            "'ab' begins the ids of 2 containers; give more of it");
}

TEST_F(DirectoryTest, FindsByNameBeforeTheBeginningOfAnId) {
  add("abc123");
  add_named("fff000", "abc");
  EXPECT_EQ(find_container(places_, "abc"), "fff000");
  EXPECT_EQ(find_container(places_, "abc1"), "abc123");
}

TEST_F(DirectoryTest, SuggestsTheNearestName) {
  add_named("abc123", "webserver");
  EXPECT_EQ(error_of([&] { find_container(places_, "webserve"); }),
            "no container 'webserve'; did you mean 'webserver'?");
  EXPECT_EQ(error_of([&] { find_container(places_, "zzz"); }),
            "no container 'zzz'; gocker ps -a lists them");
}

TEST_F(DirectoryTest, LeavesThePathsOfOthersAlone) {
  for (const char* text : {"", "..", "../names", "/etc", ".hidden", "a/b", "a\nb"}) {
    EXPECT_EQ(error_of([&] { find_container(places_, text); }),
              error_of([&] { throw Error("no container '" + std::string(text) + "'"); }));
    EXPECT_THROW(check_container_name(text), Error) << text;
  }
  EXPECT_NO_THROW(check_container_name("a_B.9-z"));
  EXPECT_THROW(check_container_name(std::string(300, 'a')), Error);
}

TEST_F(DirectoryTest, GivesANameToOneOnly) {
  add_named("abc123", "web");
  add("fff000");
  EXPECT_EQ(error_of([&] { claim_name(places_, "web", "fff000"); }),
            "name 'web' is taken by container abc123; gocker rm web removes it");
  release_name(places_, "web", "fff000");  // not its own
  EXPECT_EQ(find_container(places_, "web"), "abc123");
  release_name(places_, "web", "abc123");
  EXPECT_NO_THROW(claim_name(places_, "web", "fff000"));
}

TEST_F(DirectoryTest, FreesTheNameOfAContainerThatIsGone) {
  add_named("abc123", "web");
  check(::rename(places_.container("abc123").c_str(), (folder_.path() + "/gone").c_str()),
        "rename");
  EXPECT_THROW(find_container(places_, "web"), Error);
  add_named("fff000", "web");
  EXPECT_EQ(find_container(places_, "web"), "fff000");
}

TEST_F(DirectoryTest, MakesIdsThatAreNoNumbers) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = new_container_id(places_);
    EXPECT_EQ(id.size(), 12u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_NE(id.find_first_of("abcdef"), std::string::npos) << id;
  }
}

}  // namespace
}  // namespace gocker
