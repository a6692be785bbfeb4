#include "runtime/base/trace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/trace_file.h"

namespace gocker {
namespace {

// In a process of its own, as a trace can't be stopped. Exit code 0 where `work` says so.
int in_child(bool (*work)()) {
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) exit_now(work() ? 0 : 1);
  return exit_code_of(child->wait());
}

std::string names_of(uint32_t process) {
  std::string names;
  for (const TraceEvent& event : traced_events()) {
    if (event.process != process) continue;
    names.append(event.action).append(" ").append(event.object).append(";");
  }
  return names;
}

TEST(Trace, NothingIsKeptWhereNobodyAskedForIt) {
  EXPECT_EQ(in_child([] {
              { const Doing doing("mount", "/proc"); }
              return traced_events().empty();
            }),
            0);
}

TEST(Trace, HasSpansOfDoingAndStep) {
  EXPECT_EQ(in_child([] {
              start_trace();
              {
                const Step step("command");
                const Doing doing("mount", "/proc");
              }
              const auto events = traced_events();
              return names_of(0) == "mount /proc;command ;" && events[1].begin <= events[0].begin &&
                     events[0].end <= events[1].end;
            }),
            0);
}

TEST(Trace, ChildrenAddTheirOwn) {
  EXPECT_EQ(in_child([] {
              start_trace();
              std::optional<Child> child = clone_child(0, Fd());
              if (!child) {
                set_traced_process(1);
                { const Step step("born"); }
                exit_now(0);
              }
              child->wait();
              return names_of(1) == "born ;" && names_of(0).empty();
            }),
            0);
}

TEST(Trace, MoreThanThereIsRoomForIsLeftOut) {
  EXPECT_EQ(in_child([] {
              start_trace();
              for (int i = 0; i < 10'000; ++i) const Step step("again");
              return traced_events().size() < 10'000 && !traced_events().empty();
            }),
            0);
}

TEST(Trace, FileStaysOneArray) {
  const TempDir folder("gocker-trace-test");
  const std::string path = folder.path() + "/trace.json";
  append_trace(path, "create", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  append_trace(path, "start", "");
  const std::string text = read_file(path);
  EXPECT_TRUE(text.starts_with("[\n{")) << text;
  EXPECT_TRUE(text.ends_with("}\n]\n")) << text;
  EXPECT_EQ(text.find("]\n,"), std::string::npos) << text;
  EXPECT_NE(text.find("gocker-runtime create"), std::string::npos);
  EXPECT_NE(text.find("gocker-runtime start"), std::string::npos);
  EXPECT_NE(text.find("\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""), std::string::npos);
  EXPECT_NE(text.find("\"parent_id\":\"b7ad6b7169203331\""), std::string::npos);
}

TEST(Trace, WhatIsNoTraceIsLeftAlone) {
  const TempDir folder("gocker-trace-test");
  const std::string path = folder.path() + "/passwords";
  replace_file_at(open_directory(folder.path()), "passwords", "root:x\n", 0600);
  EXPECT_THROW(append_trace(path, "run", ""), Error);
  EXPECT_EQ(read_file(path), "root:x\n");
}

}  // namespace
}  // namespace gocker
