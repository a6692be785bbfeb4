#include "imagetool/containers/log_file.h"

#include <fcntl.h>

#include "tests/unit/imagetool/containers/containers_folder.h"

namespace gocker {
namespace {

constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15T08:00:00Z

struct Printed {
  std::string out;
  std::string err;

  bool operator==(const Printed&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Printed& printed) {
  return stream << "'" << printed.out << "', '" << printed.err << "'";
}

class LogFileTest : public ContainersTest {
 protected:
  // Lines without their times: "stdout F text"; the seconds count from 10 on.
  void write_log(const std::vector<std::string>& lines) {
    add("abc");
    std::string text;
    int second = 10;
    for (const std::string& line : lines) {
      text += "2026-01-01T00:00:" + std::to_string(second++) + ".000000000+00:00 " + line + "\n";
    }
    write_all(open_file(places_.log("abc"), O_WRONLY | O_CREAT | O_TRUNC, 0600), text, "log");
  }

  Printed print(const LogOptions& options) const {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    print_log(places_, "abc", options);
    return {testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }
  Printed tail(uint64_t count) const { return print({.tail = count}); }
};

TEST(LogLineTest, IsReadInParts) {
  const auto line = parse_log_line("2026-01-01T00:00:10Z stderr P some text");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time, "2026-01-01T00:00:10Z");
  EXPECT_TRUE(line->is_error);
  EXPECT_TRUE(line->is_partial);
  EXPECT_EQ(line->text, "some text");
  EXPECT_EQ(parse_log_line("T stdout F ")->text, "");
  EXPECT_EQ(parse_log_line("T stdout F")->text, "");
  EXPECT_EQ(parse_log_line("T stdout F  two blanks")->text, " two blanks");
}

TEST(LogLineTest, OfAnotherFormIsNothing) {
  for (const char* line : {"", "T", "T stdout", "T stdout ", "T stdin F x", "T stdout X x"}) {
    EXPECT_FALSE(parse_log_line(line)) << line;
  }
}

TEST(LogTimeTest, IsReadInManyForms) {
  EXPECT_EQ(parse_log_time("10m", kNow), "2027-01-15T07:50:00.000000000Z");
  EXPECT_EQ(parse_log_time("2h", kNow), "2027-01-15T06:00:00.000000000Z");
  EXPECT_EQ(parse_log_time("1d", kNow), "2027-01-14T08:00:00.000000000Z");
  EXPECT_EQ(parse_log_time("2026-11-22T18:56:51Z", kNow), "2026-11-22T18:56:51.000000000Z");
  EXPECT_EQ(parse_log_time("2026-11-22", kNow), "2026-11-22T00:00:00.000000000Z");
  EXPECT_EQ(parse_log_time("1800000000", kNow), "2027-01-15T08:00:00.000000000Z");
  for (const char* text : {"", "soon", "m", "-1m", "2026-13-01", "99999999999999999999"}) {
    EXPECT_NE(error_of([&] { parse_log_time(text, kNow); }).find("is no time"), std::string::npos)
        << text;
  }
}

TEST_F(LogFileTest, GoesWhereItWasWritten) {
  write_log({"stdout F one", "stderr F two", "stdout P thr", "stdout F ee", "stdout P half"});
  EXPECT_EQ(print({}), (Printed{"one\nthree\nhalf", "two\n"}));
}

TEST_F(LogFileTest, HasTheTimeOfEachLineOnce) {
  write_log({"stdout P thr", "stdout F ee"});
  EXPECT_EQ(print({.timestamps = true}).out, "2026-01-01T00:00:10.000000000+00:00 three\n");
}

TEST_F(LogFileTest, HasATailOfWholeLines) {
  write_log({"stdout F one", "stdout P tw", "stdout P o", "stdout F !", "stdout F three"});
  EXPECT_EQ(tail(0).out, "");
  EXPECT_EQ(tail(1).out, "three\n");
  EXPECT_EQ(tail(2).out, "two!\nthree\n");
  EXPECT_EQ(tail(3).out, "one\ntwo!\nthree\n");
  EXPECT_EQ(tail(9).out, "one\ntwo!\nthree\n");
}

TEST_F(LogFileTest, CountsALastLineWithoutItsEnd) {
  write_log({"stdout F one", "stdout P ha", "stdout P lf"});
  EXPECT_EQ(tail(1).out, "half");
  EXPECT_EQ(tail(2).out, "one\nhalf");
  write_log({"stdout P alone"});
  EXPECT_EQ(tail(1).out, "alone");
}

TEST_F(LogFileTest, CountsTheLinesOfBothStreams) {
  write_log({"stdout F one", "stderr F two", "stdout F three"});
  EXPECT_EQ(tail(2), (Printed{"three\n", "two\n"}));
}

TEST_F(LogFileTest, HasATailOfMoreThanAChunk) {
  std::vector<std::string> lines;
  for (int i = 0; i < 89; ++i) lines.push_back("stdout F " + std::string(3000, 'x'));
  lines.emplace_back("stdout F last");
  write_log(lines);
  const std::string line = std::string(3000, 'x') + "\n";
  std::string wanted;
  for (int i = 0; i < 60; ++i) wanted += line;
  EXPECT_EQ(tail(61).out, wanted + "last\n");
  EXPECT_EQ(tail(90).out.size(), 89 * line.size() + 5);
}

TEST_F(LogFileTest, IsCutByTimes) {
  write_log({"stdout F 10", "stdout F 11", "stdout F 12"});
  const std::string eleven = parse_log_time("2026-01-01T00:00:11Z", kNow);
  EXPECT_EQ(print({.since = eleven}).out, "11\n12\n");
  EXPECT_EQ(print({.until = eleven}).out, "10\n11\n");
}

TEST_F(LogFileTest, OfAContainerThatNeverRanIsEmpty) {
  add("abc");
  EXPECT_EQ(print({}), (Printed{"", ""}));
}

}  // namespace
}  // namespace gocker
