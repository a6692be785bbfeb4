#include "oci-spec/json_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace oci {
namespace {

void fill(JsonWriter& json) {
  json.add("text", "a\"\\\n\t\x01é\x7f");
  json.add("number", -5);
  json.add("flag", true);
  json.add("none", std::vector<std::string>{});
  json.add("list", std::vector<std::string>{"a", "b"});
  json.add("map", StringMap{{"k\n", "v"}, {"l", ""}});
  json.add_objects("objects", std::vector<int>{1, 2}, [&](int value) { json.add("v", value); });
  json.add_objects("no objects", std::vector<int>{}, [](int) {});
}

std::string written(Layout layout) {
  JsonWriter json(layout);
  fill(json);
  return json.finish();
}

TEST(JsonWriter, WritesAsAnotherWriterDoes) {
  const auto same = nlohmann::ordered_json::parse(written(Layout::one_line));
  EXPECT_EQ(written(Layout::one_line), same.dump());
  EXPECT_EQ(written(Layout::two_blanks), same.dump(2) + "\n");
  EXPECT_EQ(same["text"], "a\"\\\n\t\x01é\x7f");
  EXPECT_EQ(same["map"]["k\n"], "v");
  EXPECT_EQ(same["objects"][1]["v"], 2);
}

TEST(JsonWriter, AnObjectMayBeEmpty) {
  EXPECT_EQ(JsonWriter(Layout::one_line).finish(), "{}");
  EXPECT_EQ(JsonWriter(Layout::two_blanks).finish(), "{}\n");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  JsonWriter json(Layout::one_line);
  json.add("a", "x\xffy\xe2\x82");
  EXPECT_EQ(json.finish(), "{\"a\":\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace oci
