// What all attacks rest on. It comes first: where it fails, the rest of the table means nothing.
#include "tests/cve/attack.h"

namespace gocker::test {
namespace {

class Control : public Attack {};

TEST_F(Control, PlainContainerRuns) {
  row("-", "a container that attacks nothing runs, and so does an exec in it");
  EXPECT_TRUE(succeeds(start_sleeping()));
  EXPECT_EQ(exec({}, {"/inside", "try", "read", "/no/such"}).out, "[\"ENOENT\"]\n");
  expect_outside_untouched();
}

}  // namespace
}  // namespace gocker::test
