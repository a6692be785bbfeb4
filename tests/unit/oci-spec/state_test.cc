#include "oci-spec/state.h"

#include <gtest/gtest.h>

namespace oci {
namespace {

State running() {
  return {.oci_version = "1.3.0",
          .id = "c1",
          .status = Status::running,
          .pid = 4711,
          .bundle = "/run/b\"1",
          .annotations = {{"a/b", "1"}, {"c", ""}}};
}

TEST(State, HasTheSpellingsOfTheSpecification) {
  EXPECT_EQ(name_of(Status::creating), "creating");
  EXPECT_EQ(name_of(Status::created), "created");
  EXPECT_EQ(name_of(Status::running), "running");
  EXPECT_EQ(name_of(Status::paused), "paused");
  EXPECT_EQ(name_of(Status::stopped), "stopped");
}

TEST(State, IsOneLineForHooks) {
  EXPECT_EQ(to_json(running()), R"({"ociVersion":"1.3.0","id":"c1","status":"running","pid":4711,)"
                                R"("bundle":"/run/b\"1","annotations":{"a/b":"1","c":""}})");
}

TEST(State, LeavesOutThePidAndTheAnnotationsThatAreNone) {
  State state = running();
  state.status = Status::stopped;
  state.pid = 0;
  state.annotations.clear();
  EXPECT_EQ(to_json(state),
            R"({"ociVersion":"1.3.0","id":"c1","status":"stopped","bundle":"/run/b\"1"})");
}

TEST(State, CanAlwaysBeWritten) {
  State state = running();
  state.annotations.clear();
  state.bundle = "/b\xff";
  EXPECT_EQ(to_json(state),
            "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"running\",\"pid\":4711,"
            "\"bundle\":\"/b\uFFFD\"}");
}

TEST(StateReport, HasAStableOrderAndThePidAlways) {
  StateReport report{.state = running(),
                     .rootfs = "/run/b/rootfs",
                     .created = "2026-11-22T18:56:51.123456789Z",
                     .owner = "root"};
  report.state.pid = 0;
  report.state.status = Status::stopped;
  EXPECT_EQ(to_json(report), R"({
  "ociVersion": "1.3.0",
  "id": "c1",
  "pid": 0,
  "status": "stopped",
  "bundle": "/run/b\"1",
  "rootfs": "/run/b/rootfs",
  "created": "2026-11-22T18:56:51.123456789Z",
  "annotations": {
    "a/b": "1",
    "c": ""
  },
  "owner": "root"
}
)");
}

}  // namespace
}  // namespace oci
