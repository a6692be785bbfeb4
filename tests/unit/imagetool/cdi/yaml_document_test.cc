#include "imagetool/cdi/yaml_document.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

std::string read(std::string_view text) {
  return json_of_yaml(text, "f.yaml");
}

TEST(YamlTest, ReadsCollections) {
  EXPECT_EQ(read("a: 1\nb:\n- x\n- y: z\n  w: []\nc: {d: e}\n"),
            R"({"a":1,"b":["x",{"y":"z","w":[]}],"c":{"d":"e"}})");
  EXPECT_EQ(read("---\n# a comment\n- a\n"), R"(["a"])");
}

TEST(YamlTest, TellsPlainScalarsApart) {
  EXPECT_EQ(read("[1, -7, +7, 0, 0660, 0o17, 0x1b, 0.5.0, 1.5, 08]"),
            R"([1,-7,7,0,432,15,27,"0.5.0","1.5","08"])");
  EXPECT_EQ(read("[true, False, null, ~, yes, A=B, 18446744073709551616]"),
            R"([true,false,null,null,"yes","A=B","18446744073709551616"])");
}

TEST(YamlTest, TakesQuotedScalarsAndKeysAsStrings) {
  EXPECT_EQ(read("1: \"0\"\ntrue: 'null'\n"), R"({"1":"0","true":"null"})");
  EXPECT_EQ(read("a: |\n  one\n  two\n"), R"({"a":"one\ntwo\n"})");
  EXPECT_EQ(read("a: \"x\\\"\\u00e9\"\n"), "{\"a\":\"x\\\"\u00e9\"}");
}

TEST(YamlTest, RefusesWhatJsonCannotSay) {
  EXPECT_EQ(error_of([] { read("a: &x 1\nb: *x\n"); }),
            "f.yaml: line 1, column 4: anchors are not supported");
  EXPECT_EQ(error_of([] { read("a: *x\n"); }),
            "f.yaml: line 1, column 4: aliases are not supported");
  EXPECT_EQ(error_of([] { read("a: !!str 1\n"); }),
            "f.yaml: line 1, column 4: tags are not supported");
  EXPECT_EQ(error_of([] { read("? [a]\n: b\n"); }),
            "f.yaml: line 1, column 3: a key must be a string");
  EXPECT_EQ(error_of([] { read("a: 1\n---\nb: 2\n"); }),
            "f.yaml: line 2, column 1: there must be one document alone");
  EXPECT_EQ(error_of([] { read(std::string(70, '[')); }),
            "f.yaml: line 1, column 65: it is nested too deep");
}

TEST(YamlTest, NamesThePlaceOfBrokenSyntax) {
  EXPECT_EQ(error_of([] { read("a: b\n c: d\n"); }),
            "f.yaml: line 2, column 3: mapping values are not allowed in this context");
  EXPECT_EQ(error_of([] { read("a: \"b\n"); }),
            "f.yaml: line 2, column 1: found unexpected end of stream");
}

}  // namespace
}  // namespace gocker::tests
