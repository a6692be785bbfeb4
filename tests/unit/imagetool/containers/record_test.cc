#include "imagetool/containers/record.h"

#include <fcntl.h>

#include "tests/unit/imagetool/containers/containers_folder.h"

namespace gocker {
namespace {

class RecordTest : public ContainersTest {
 protected:
  // In place of what is there.
  void write(const std::string& id, const std::string& text) const {
    replace_file_at(open_directory(places_.container(id)), "record.json", text, 0600);
  }
};

ContainerRecord full_record(ContainerRecord record) {
  record.name = "web";
  record.image = "alpine:3";
  record.digest = "sha256:1234";
  record.command = {"sh", "-c", "echo \"\xff\""};
  record.hostname = "host";
  record.labels = {{"tier", "web"}};
  record.terminal = record.interactive = record.stdin_once = record.remove = true;
  record.restart = {RestartPolicy::When::on_failure, 3};
  record.stop_signal = "SIGINT";
  record.stop_timeout = 99;
  record.log_size = 1 << 20;
  record.network = {{"back", "front"}, {"db"},      {"10.9.0.5"}, {"8080:80"},
                    {"9.9.9.9"},       {"example"}, {"ndots:2"},  {"h:1.2.3.4"}};
  record.volumes = {{"data", "/data", false}, {"0f", "/tmp", true}};
  record.started = "2026-01-02T00:00:00Z";
  record.finished = "2026-01-03T00:00:00Z";
  record.exit_code = 137;
  record.boot_id = "boot";
  record.restarts = 2;
  record.stopped = record.waits_to_restart = true;
  record.addresses = {{"back", "eth0", "10.9.0.5/24", "10.9.0.1"}};
  record.ports = {"0.0.0.0:8080->80/tcp"};
  return record;
}

TEST_F(RecordTest, IsReadAsItWasWritten) {
  const ContainerRecord written = full_record(add("abc"));
  write_record(places_, written);
  const std::string text = read_file(record_file("abc"));
  const auto read = read_record(places_, "abc");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "web");
  EXPECT_EQ(read->labels, written.labels);
  EXPECT_EQ(to_text(read->restart), "on-failure:3");
  EXPECT_EQ(read->stop_timeout, 99u);
  EXPECT_EQ(read->network.names, written.network.names);
  EXPECT_EQ(read->network.hosts, written.network.hosts);
  EXPECT_EQ(read->volumes.at(1).destination, "/tmp");
  EXPECT_TRUE(read->volumes.at(1).anonymous);
  EXPECT_EQ(read->exit_code, 137);
  EXPECT_EQ(read->addresses.at(0).gateway, "10.9.0.1");
  // Every field: what was read is written as the same bytes.
  write_record(places_, *read);
  EXPECT_EQ(read_file(record_file("abc")), text);
}

TEST_F(RecordTest, HasDefaultsForWhatAnotherVersionDidNotWrite) {
  add("abc");
  write("abc", R"({"id": "abc", "made": true, "ofTomorrow": [1]})");
  const auto read = read_record(places_, "abc");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->stop_signal, "SIGTERM");
  EXPECT_EQ(read->stop_timeout, 10u);
  EXPECT_EQ(read->restart.when, RestartPolicy::When::never);
  EXPECT_FALSE(read->exit_code);
  EXPECT_TRUE(read->volumes.empty());
}

TEST_F(RecordTest, IsToldWhereItIsDamaged) {
  add("abc");
  for (const char* text : {"", "{", "[]", "{}", R"({"id": 1})", R"({"id": "abc", "labels": 1})",
                           R"({"id": "abc", "volumes": [{}]})", R"({"id": "abc", "network": 1})"}) {
    write("abc", text);
    const std::string error = error_of([&] { read_record(places_, "abc"); });
    EXPECT_NE(error.find("container abc: record.json is damaged"), std::string::npos) << text;
    EXPECT_NE(error.find("gocker rm -f abc"), std::string::npos) << text;
    EXPECT_TRUE(records(places_).empty()) << text;
  }
}

TEST_F(RecordTest, IsNothingWhereThereIsNoContainer) {
  EXPECT_FALSE(read_record(places_, "abc"));
  ContainerRecord record;
  record.id = "abc";
  EXPECT_THROW(write_record(places_, record), Error);
}

TEST_F(RecordTest, ListsTheNewestFirstAndLeavesOutWhatIsNotMade) {
  add("old", "2026-01-01T00:00:00Z");
  add("new", "2026-03-01T00:00:00Z");
  add("mid", "2026-02-01T00:00:00Z");
  ContainerRecord half = add("half");
  half.made = false;
  write_record(places_, half);
  std::vector<std::string> ids;
  for (const ContainerRecord& record : records(places_)) ids.push_back(record.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"new", "mid", "old"}));
}

TEST(RestartPolicyTest, IsReadAndWritten) {
  for (const char* text : {"no", "always", "unless-stopped", "on-failure", "on-failure:5"}) {
    EXPECT_EQ(to_text(parse_restart_policy(text)), text);
  }
  EXPECT_EQ(to_text(parse_restart_policy("")), "no");
  EXPECT_EQ(to_text(parse_restart_policy("on-failure:0")), "on-failure");
}

TEST(RestartPolicyTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"on-failure:", "on-failure:-1", "on-failure:x", "on-failures", "Always",
                           "on-failure:99999999999999999999"}) {
    EXPECT_EQ(error_of([&] { parse_restart_policy(text); }),
              std::string("'") + text +
                  "' is no restart policy: no, always, unless-stopped or on-failure[:TIMES]");
  }
}

}  // namespace
}  // namespace gocker
