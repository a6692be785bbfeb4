#include "runtime/command_line/options.h"

#include <gtest/gtest.h>

#include <array>

namespace gocker::cli {
namespace {

constexpr std::array kOptions{Option{"bundle", 'b', "DIR", "the bundle"},
                              Option{"all", 'a', "", "all"}, Option{"no-subreaper", 0, "", "none"},
                              Option{"preserve-fds", 0, "N", "descriptors"}};

Arguments parse_all(std::vector<std::string> words) {
  std::span<const std::string> rest = words;
  return parse(kOptions, rest, StopAt::end);
}

std::string failure_of(const std::vector<std::string>& words) {
  try {
    parse_all(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Options, EverySpellingOfAValue) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--bundle", "/x"},
                                                {"--bundle=/x"},
                                                {"-b", "/x"},
                                                {"-b=/x"},
                                                {"-b/x"},
                                                {"-ab", "/x"},
                                                {"-ab/x"},
                                                {"-bundle", "/x"},
                                                {"-bundle=/x"},
                                                {"--bundle", "/old", "--bundle", "/x"}}) {
    EXPECT_EQ(parse_all(words).value("bundle"), "/x") << words[0];
  }
}

TEST(Options, FlagsShortLongAndWithOneDash) {
  EXPECT_TRUE(parse_all({"-a"}).has("all"));
  EXPECT_TRUE(parse_all({"--all", "--all"}).has("all"));
  EXPECT_TRUE(parse_all({"--all=true"}).has("all"));
  EXPECT_FALSE(parse_all({"--all=false"}).has("all"));
  EXPECT_FALSE(parse_all({"--all", "--all=false"}).has("all"));
  EXPECT_TRUE(parse_all({"-no-subreaper"}).has("no-subreaper"));
  EXPECT_TRUE(parse_all({"-ab/x"}).has("all"));
}

TEST(Options, StandAnywhereBetweenArguments) {
  const Arguments arguments = parse_all({"c1", "-a", "KILL", "-b", "-x"});
  EXPECT_EQ(arguments.positionals(), (std::vector<std::string>{"c1", "KILL"}));
  EXPECT_EQ(arguments.value("bundle"), "-x");
}

TEST(Options, ADoubleDashEndsThem) {
  EXPECT_EQ(parse_all({"--", "-a", "--bundle"}).positionals(),
            (std::vector<std::string>{"-a", "--bundle"}));
}

TEST(Options, TheFirstArgumentEndsTheGlobalOnes) {
  const std::vector<std::string> words{"-a", "--bundle", "x", "run", "-b", "y"};
  std::span<const std::string> rest = words;
  parse(kOptions, rest, StopAt::first_positional);
  EXPECT_EQ(rest.front(), "run");
  EXPECT_EQ(rest.size(), 3U);
}

TEST(Options, ErrorsSayWhatIsMeant) {
  EXPECT_EQ(failure_of({"--bundel", "x"}), "unknown option \"--bundel\" (did you mean --bundle?)");
  EXPECT_EQ(failure_of({"--bundle"}), "flag needs an argument: --bundle");
  EXPECT_EQ(failure_of({"-z"}), "unknown option \"-z\"");
  EXPECT_EQ(failure_of({"-azzz"}), "unknown option \"-azzz\"");
  EXPECT_EQ(failure_of({"-ab"}), "flag needs an argument: -ab");
  EXPECT_EQ(failure_of({"--all=maybe"}), "--all: \"maybe\" is neither true nor false");
}

TEST(Options, HelpHasALineForEach) {
  EXPECT_EQ(help_text(kOptions),
            "  -b, --bundle DIR      the bundle\n"
            "  -a, --all             all\n"
            "      --no-subreaper    none\n"
            "      --preserve-fds N  descriptors\n");
}

TEST(Options, NumbersAreChecked) {
  EXPECT_EQ(parse_all({"--preserve-fds", "3"}).number("preserve-fds"), 3U);
  EXPECT_EQ(parse_all({}).number("preserve-fds"), 0U);
  for (const char* bad : {"-1", "x", "", "4294967296", "1e3", " 1"}) {
    const Arguments arguments = parse_all({std::string("--preserve-fds=") + bad});
    EXPECT_THROW(arguments.number("preserve-fds"), UsageError) << bad;
  }
}

}  // namespace
}  // namespace gocker::cli
