#include "imagetool/lifeline.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/base/file.h"

namespace gocker {
namespace {

TEST(Lifeline, LeadsToWhoWaitsAtItsOtherEnd) {
  const TempDir run;
  const Fd directory = open_file(run.path(), O_RDONLY | O_DIRECTORY);
  EXPECT_FALSE(is_users(run.path()));
  EXPECT_FALSE(open_lifeline_at(directory));
  ASSERT_EQ(::mkfifoat(directory.get(), kLifelineFifo, 0600), 0);
  EXPECT_TRUE(is_users(run.path()));
  EXPECT_FALSE(open_lifeline_at(directory)) << "nobody reads";
  Fd holder = open_file_at(directory, kLifelineFifo, O_RDONLY | O_NONBLOCK);
  EXPECT_TRUE(open_lifeline_at(directory));
  EXPECT_TRUE(open_lifeline(run.path()));
  holder.reset();
  EXPECT_FALSE(open_lifeline(run.path()));
  EXPECT_FALSE(open_lifeline(run.path() + "/no-such-place"));
}

}  // namespace
}  // namespace gocker
