#include "oci-spec/json_fields.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/oci-spec/refusal.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

constexpr JsonLimits kSmall{.bytes = 1 << 20};

// --- documents -----------------------------------------------------------------------------------

void parse(std::string_view text, JsonLimits limits = kSmall) {
  const JsonDocument document(text, "a.json", limits);
}

struct Refused {
  std::string name;
  std::string text;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Refused& shown) {
    return out << shown.name;
  }
};

class RefusedDocument : public TestWithParam<Refused> {};

TEST_P(RefusedDocument, IsNamedWithItsPlace) {
  EXPECT_EQ(refusal([] { parse(GetParam().text); }), GetParam().error);
}

const std::vector<Refused> kRefused = {
    {"Empty", "", "a.json: line 1, column 1: expected a value, not the end"},
    {"TrailingComma", "{\"a\": 1,}",
     "a.json: line 1, column 9: expected a name in quotes, not \"}\""},
    {"TrailingCommaOfAList", "[1,]", "a.json: line 1, column 4: expected a value, not \"]\""},
    {"ThirdLine", "{\n\"a\": 1\n  \"b\": 2}",
     "a.json: line 3, column 3: expected ',' or '}', not \"\"\""},
    {"NoColon", "{\"a\" 1}", "a.json: line 1, column 6: expected ':', not \"1\""},
    {"OpenList", "[1", "a.json: line 1, column 3: expected ',' or ']', not the end"},
    {"TextBehind", "{} x", "a.json: line 1, column 4: expected the end, not \"x\""},
    {"WordCutShort", "[tru]", "a.json: line 1, column 2: expected a value, not \"t\""},
    {"LoneMinus", "[-]", "a.json: line 1, column 3: expected a digit, not \"]\""},
    {"LeadingZero", "[01]", "a.json: line 1, column 2: a number begins with no needless zero"},
    {"BarePoint", "[1.]", "a.json: line 1, column 4: expected a digit, not \"]\""},
    {"BareExponent", "[1e+]", "a.json: line 1, column 5: expected a digit, not \"]\""},
    {"OpenText", "[\"ab", "a.json: line 1, column 5: a text has no closing quote"},
    {"OpenEscape", "[\"ab\\", "a.json: line 1, column 6: an unknown escape in a text"},
    {"UnknownEscape", "[\"\\x\"]", "a.json: line 1, column 4: an unknown escape in a text"},
    {"ShortEscape", "[\"\\u12\"]", "a.json: line 1, column 4: \\u takes four hexadecimal digits"},
    {"EscapeAtTheEnd", "[\"\\u1", "a.json: line 1, column 4: \\u takes four hexadecimal digits"},
    {"HalfPair", "[\"\\ud83d\"]", "a.json: line 1, column 9: a text has half of a surrogate pair"},
    {"LowHalfFirst", "[\"\\ude00\"]",
     "a.json: line 1, column 9: a text has half of a surrogate pair"},
    {"PairOfHighs", "[\"\\ud83d\\ud83d\"]",
     "a.json: line 1, column 15: a text has half of a surrogate pair"},
    {"ControlCharacter", "[\"a\nb\"]",
     "a.json: line 1, column 4: a control character in a text must be escaped"},
    {"BrokenUtf8", "[\"\xff\"]", "a.json: line 1, column 3: a text is not UTF-8"},
    {"OverlongUtf8", "[\"\xc0\xaf\"]", "a.json: line 1, column 3: a text is not UTF-8"},
    {"SurrogateInUtf8", "[\"\xed\xa0\x80\"]", "a.json: line 1, column 3: a text is not UTF-8"},
    {"PastUnicode", "[\"\xf4\x90\x80\x80\"]", "a.json: line 1, column 3: a text is not UTF-8"},
    {"CutUtf8", "[\"\xe2\x82\"]", "a.json: line 1, column 3: a text is not UTF-8"},
    {"Comment", "// no\n{}", "a.json: line 1, column 1: expected a value, not \"/\""},
    {"NulByte", std::string("{}\0garbage", 10), "a.json: /: has a NUL byte at offset 2"},
    {"RepeatedName", R"({"a": 1, "b": 2, "a": 3})", "a.json: /a: stands twice in the same object"},
    {"RepeatedNameDeepInside", R"({"a": {"x/y": [0, {"c": 1, "d~": 0, "d~": 0}]}})",
     "a.json: /a/x~1y/1/d~0: stands twice in the same object"},
    {"RepeatedNameInAnotherSpelling", R"({"a": 1, "\u0061": 2})",
     "a.json: /a: stands twice in the same object"},
    {"RepeatedLongName",
     R"({"a name past the small string": 1, "a name past the small string": 2})",
     "a.json: /a name past the small string: stands twice in the same object"},
    {"RepeatedObject", R"({"a": {}, "a": {}})", "a.json: /a: stands twice in the same object"},
};

INSTANTIATE_TEST_SUITE_P(All, RefusedDocument, ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

TEST(JsonDocument, TakesTheSameNameInDifferentObjects) {
  EXPECT_NO_THROW(parse(R"({"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {"a": 1}})"));
}

TEST(JsonDocument, TakesTheDepthOfItsLimitAndNoMore) {
  const JsonLimits limits{.bytes = 1000, .depth = 5};
  EXPECT_NO_THROW(parse("[[[[[1]]]]]", limits));
  EXPECT_EQ(refusal([&] { parse("[[[[[[1]]]]]]", limits); }),
            "a.json: /0/0/0/0/0: is nested more than 5 levels deep");
}

TEST(JsonDocument, RefusesDepthTenThousandInOneShortLine) {
  const std::string lists(10'000, '[');
  EXPECT_NE(refusal([&] { parse(lists); }).find("nested more than 128 levels"), std::string::npos);
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += "{\"some name\":";
  const std::string error = refusal([&] { parse(objects); });
  EXPECT_NE(error.find("nested more than 128 levels"), std::string::npos);
  EXPECT_LT(error.size(), 300u);
}

TEST(JsonDocument, TakesTheSizeOfItsLimitAndNoMore) {
  for (const JsonLimits limits : {kConfigLimits, kImageLimits}) {
    std::string text = "{\"a\": \"" + std::string(limits.bytes - 9, 'x') + "\"}";
    ASSERT_EQ(text.size(), limits.bytes);
    EXPECT_NO_THROW(parse(text, limits));
    text += ' ';
    EXPECT_EQ(refusal([&] { parse(text, limits); }),
              "a.json: /: has " + std::to_string(limits.bytes + 1) + " bytes; at most " +
                  std::to_string(limits.bytes) + " are accepted");
  }
  EXPECT_EQ(kConfigLimits.bytes, 16u << 20);
  EXPECT_EQ(kImageLimits.bytes, 4u << 20);
}

TEST(JsonDocument, TakesTheNumberOfValuesOfItsLimitAndNoMore) {
  const JsonLimits limits{.bytes = 1000, .values = 4};
  EXPECT_NO_THROW(parse("[1, 2, 3]", limits));
  EXPECT_EQ(refusal([&] { parse("[1, 2, 3, 4]", limits); }), "a.json: /: has more than 4 values");
}

TEST(JsonDocument, MustBeAnObjectWhereFieldsAreAskedFor) {
  for (const std::string text : {"[]", "1", "\"a\"", "null", "true"}) {
    const JsonDocument document(text, "a.json", kSmall);
    EXPECT_NE(refusal([&] { document.fields(); }).find("a.json: /: must be an object, not "),
              std::string::npos)
        << text;
  }
}

// --- integers ------------------------------------------------------------------------------------

template <class T, class... Bounds>
std::string read_integer(const std::string& value, T& out, Bounds... bounds) {
  const std::string text = "{\"n\": " + value + "}";
  const JsonDocument document(text, "a.json", kSmall);
  return refusal([&] { document.fields().required("n", out, bounds...); });
}

template <class T>
void expect_read(const std::string& value, T expected) {
  T out{};
  EXPECT_EQ(read_integer(value, out), "nothing was refused") << value;
  EXPECT_EQ(out, expected);
}

template <class T>
void expect_refused(const std::string& value, const std::string& from, const std::string& to,
                    const std::string& shown) {
  T out = 77;
  EXPECT_EQ(read_integer(value, out),
            "a.json: /n: must be an integer from " + from + " to " + to + ", not " + shown);
  EXPECT_EQ(out, T{77}) << value;
}

TEST(Integer, IsReadUpToTheEndsOfItsType) {
  expect_read<uint16_t>("65535", 65535);
  expect_read<uint32_t>("0", 0);
  expect_read<uint32_t>("4294967295", 4294967295);
  expect_read<uint64_t>("18446744073709551615", 18446744073709551615u);
  expect_read<int32_t>("-2147483648", -2147483647 - 1);
  expect_read<int32_t>("2147483647", 2147483647);
  expect_read<int64_t>("-9223372036854775808", std::numeric_limits<int64_t>::min());
  expect_read<int64_t>("9223372036854775807", std::numeric_limits<int64_t>::max());
  expect_read<int64_t>("-0", 0);
}

TEST(Integer, IsNeverWrapped) {
  expect_refused<uint16_t>("65536", "0", "65535", "65536");
  expect_refused<uint32_t>("-5", "0", "4294967295", "-5");
  expect_refused<uint32_t>("-1", "0", "4294967295", "-1");
  expect_refused<uint32_t>("4294967296", "0", "4294967295", "4294967296");
  expect_refused<uint64_t>("-1", "0", "18446744073709551615", "-1");
  expect_refused<uint64_t>("18446744073709551616", "0", "18446744073709551615",
                           "18446744073709551616");
  expect_refused<int32_t>("2147483648", "-2147483648", "2147483647", "2147483648");
  expect_refused<int32_t>("-2147483649", "-2147483648", "2147483647", "-2147483649");
  expect_refused<int32_t>("4294967291", "-2147483648", "2147483647", "4294967291");
  expect_refused<int64_t>("9223372036854775808", "-9223372036854775808", "9223372036854775807",
                          "9223372036854775808");
  expect_refused<int64_t>("18446744073709551615", "-9223372036854775808", "9223372036854775807",
                          "18446744073709551615");
}

TEST(Integer, IsNeverConverted) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"1.0", "1.0"},   {"1e3", "1e3"},      {"\"1\"", "\"1\""}, {"true", "true"},
      {"[]", "a list"}, {"{}", "an object"}, {"-0.0", "-0.0"},
  };
  for (const auto& [value, shown] : values) {
    expect_refused<uint32_t>(value, "0", "4294967295", shown);
    expect_refused<int32_t>(value, "-2147483648", "2147483647", shown);
  }
}

TEST(Integer, StaysWithinItsBounds) {
  int32_t out = 0;
  for (const std::string value : {"-20", "0", "19"}) {
    EXPECT_EQ(read_integer(value, out, Between{-20, 19}), "nothing was refused") << value;
  }
  EXPECT_EQ(read_integer("-21", out, Between{-20, 19}),
            "a.json: /n: must be an integer from -20 to 19, not -21");
  EXPECT_EQ(read_integer("20", out, Between{-20, 19}),
            "a.json: /n: must be an integer from -20 to 19, not 20");
  std::vector<uint32_t> list;
  EXPECT_EQ(read_integer("[1, 2, 9]", list, Between{0u, 5u}),
            "a.json: /n/2: must be an integer from 0 to 5, not 9");
}

// --- strings, lists, maps ------------------------------------------------------------------------

TEST(String, IsReadAsItIs) {
  const JsonDocument document(R"({"s": "a\u00e9\n\ud83d\ude00", "empty": ""})", "a.json", kSmall);
  std::string out;
  document.fields().required("s", out);
  EXPECT_EQ(out, "a\u00e9\n\U0001F600");
  document.fields().required("empty", out);
  EXPECT_EQ(out, "");
}

TEST(String, MustNotContainNul) {
  const JsonDocument document(R"({"s": "a\u0000b", "l": ["x", "\u0000"], "m": {"a\u0000": "b"}})",
                              "a.json", kSmall);
  const Fields fields = document.fields();
  std::string text;
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
  EXPECT_EQ(refusal([&] { fields.required("s", text); }),
            "a.json: /s: must not contain a NUL character");
  EXPECT_EQ(refusal([&] { fields.required("l", list); }),
            "a.json: /l/1: must not contain a NUL character");
  EXPECT_EQ(refusal([&] { fields.required("m", map); }),
            "a.json: /m/a?: has a name with a NUL character");
}

TEST(Fields, ReadsListsAndMaps) {
  const JsonDocument document(
      R"({"l": ["a", "", "b"], "n": [3, 1], "m": {"k": "v", "": "e"}, "set": {"b": {}, "a": null}})",
      "a.json", kSmall);
  const Fields fields = document.fields();
  std::vector<std::string> list;
  std::vector<uint32_t> numbers;
  std::map<std::string, std::string> map;
  std::vector<std::string> set;
  std::optional<std::vector<std::string>> maybe;
  fields.required("l", list);
  fields.optional("l", maybe);
  fields.required("n", numbers);
  fields.required("m", map);
  fields.optional_set("set", set);
  EXPECT_EQ(list, (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(maybe, list);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{3, 1}));
  EXPECT_EQ(map, (std::map<std::string, std::string>{{"", "e"}, {"k", "v"}}));
  EXPECT_EQ(set, (std::vector<std::string>{"a", "b"}));
}

TEST(Fields, TakesNullForAbsent) {
  const JsonDocument document(R"({"s": null, "l": null, "n": null, "o": null})", "a.json", kSmall);
  const Fields fields = document.fields();
  std::string text = "before";
  std::vector<std::string> list = {"before"};
  std::optional<uint32_t> number;
  std::vector<std::string> set;
  fields.optional("s", text);
  fields.optional("l", list);
  fields.optional("n", number);
  fields.optional("o", list, [](const Fields&, std::string&) { FAIL(); });
  fields.optional_set("l", set);
  EXPECT_EQ(text, "before");
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(number, std::nullopt);
  EXPECT_TRUE(fields.has("s"));
  EXPECT_FALSE(fields.has("absent"));
  EXPECT_EQ(refusal([&] { fields.required("s", text); }), "a.json: /s: is required");
  EXPECT_EQ(refusal([&] { fields.required("absent", text); }), "a.json: /absent: is required");
}

TEST(Fields, AreFoundByTheirExactSpellingOnly) {
  const JsonDocument document(R"({"Path": "a", "PATH": "b", "pa": "c"})", "a.json", kSmall);
  std::string text;
  document.fields().optional("path", text);
  EXPECT_EQ(text, "");
}

template <class T>
std::string reading_as(T out, const std::string& value) {
  const std::string text = "{\"v\": " + value + "}";
  const JsonDocument document(text, "a.json", kSmall);
  return refusal([&] { document.fields().required("v", out); });
}

TEST(Fields, RefuseEveryOtherType) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"true", "a boolean"}, {"7", "a number"}, {"0.5", "a number"},
      {"\"x\"", "a string"}, {"[1]", "a list"}, {"{\"a\": 1}", "an object"}};
  for (const auto& [value, type] : values) {
    if (type != "a string") {
      EXPECT_EQ(reading_as(std::string(), value), "a.json: /v: must be a string, not " + type);
      EXPECT_EQ(reading_as(std::vector<std::string>(), "[" + value + "]"),
                "a.json: /v/0: must be a string, not " + type);
    }
    if (type != "a list") {
      EXPECT_EQ(reading_as(std::vector<std::string>(), value),
                "a.json: /v: must be a list, not " + type);
    }
    if (type != "an object") {
      EXPECT_EQ(reading_as(std::map<std::string, std::string>(), value),
                "a.json: /v: must be an object, not " + type);
    }
  }
  EXPECT_EQ(reading_as(false, "1"), "a.json: /v: must be true or false, not 1");
  EXPECT_EQ(reading_as(false, "\"true\""), "a.json: /v: must be true or false, not \"true\"");
}

TEST(Fields, DoNotTakeNullInsideLists) {
  const JsonDocument document(R"({"l": ["a", null]})", "a.json", kSmall);
  std::vector<std::string> list;
  EXPECT_EQ(refusal([&] { document.fields().required("l", list); }),
            "a.json: /l/1: must be a string, not null");
}

// --- enumerations and objects --------------------------------------------------------------------

enum class Colour { red, green };
constexpr std::array<std::string_view, 2> kColours = {"red", "green"};

TEST(Fields, ReadEnumerationsAndNameWhatIsAllowed) {
  const JsonDocument document(R"({"c": "green", "bad": "Green", "n": 1, "l": ["red", "blue"]})",
                              "a.json", kSmall);
  const Fields fields = document.fields();
  Colour colour = Colour::red;
  std::vector<Colour> list;
  fields.required_one_of("c", colour, kColours);
  EXPECT_EQ(colour, Colour::green);
  EXPECT_EQ(refusal([&] { fields.required_one_of("bad", colour, kColours); }),
            "a.json: /bad: must be one of red, green, not \"Green\"");
  EXPECT_EQ(refusal([&] { fields.optional_one_of("n", colour, kColours); }),
            "a.json: /n: must be a string, not a number");
  EXPECT_EQ(refusal([&] { fields.optional_one_of("l", list, kColours); }),
            "a.json: /l/1: must be one of red, green, not \"blue\"");
}

struct Point {
  int32_t x = 0;
};
void read_point(const Fields& fields, Point& point) {
  fields.required("x", point.x);
}

TEST(Fields, ReadObjectsAndKeepTheWholePath) {
  const JsonDocument document(
      R"({"one": {"x": 1}, "list": [{"x": 2}, {}], "map": {"a/b": {"x": "3"}}, "no": 4})", "a.json",
      kSmall);
  const Fields fields = document.fields();
  Point point;
  std::optional<Point> maybe;
  std::vector<Point> list;
  std::map<std::string, Point> map;
  fields.required("one", point, read_point);
  fields.optional("one", maybe, read_point);
  EXPECT_EQ(point.x, 1);
  EXPECT_EQ(maybe.value().x, 1);
  EXPECT_EQ(refusal([&] { fields.required("list", list, read_point); }),
            "a.json: /list/1/x: is required");
  EXPECT_EQ(refusal([&] { fields.required("map", map, read_point); }),
            "a.json: /map/a~1b/x: must be an integer from -2147483648 to 2147483647, not \"3\"");
  EXPECT_EQ(refusal([&] { fields.required("no", point, read_point); }),
            "a.json: /no: must be an object, not a number");
}

// --- texts of errors -----------------------------------------------------------------------------

TEST(Quote, StaysOnOneLineAndShort) {
  EXPECT_EQ(quote("plain"), "\"plain\"");
  EXPECT_EQ(quote("two\nlines\x1b[31m\x7f"), "\"two?lines?[31m?\"");
  EXPECT_EQ(quote(std::string(1000, 'x')), "\"" + std::string(100, 'x') + "...\"");
}

TEST(Quote, IsCutBetweenCharacters) {
  EXPECT_EQ(quote(std::string(99, 'x') + "\u00e9\u00e9"), "\"" + std::string(99, 'x') + "...\"");
}

TEST(SpecError, StaysOnOneLineWhateverTheNames) {
  const JsonDocument document("{\"a\\nb\": 1}", "a.json", kSmall);
  std::string text;
  EXPECT_EQ(refusal([&] { document.fields().required("a\nb", text); }),
            "a.json: /a?b: must be a string, not a number");
}

}  // namespace
}  // namespace oci
