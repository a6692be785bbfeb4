// Our parser beside nlohmann's: of thousands of texts, sound ones and damaged ones, both take the
// same and read the same out of it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "oci-spec/error.h"
#include "oci-spec/json_value.h"

namespace oci {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.bytes = 1 << 20};

constexpr std::string_view kSeeds[] = {
    R"({"a": [1, -2, 0, -0, 1.5e-3, true, false, null, "x"], "b": {"c": {}, "d": []}})",
    R"(["\u00e9\ud83d\ude00\n\/\\\"", "é€😀", "", "\u0000"])",
    R"([18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809])",
    "\t[ 1 ,\r\n{ \"z\" : 0 , \"a\" : 1 } ] \n",
    "1e999",
};
// What damage is made of: whatever means something in JSON, and bytes of broken UTF-8.
constexpr std::string_view kPieces =
    "{}[]:,\"\\/ux019.eE+-tfn \n\x01\x7f\x80\xbf\xc0\xe2\xed\xf0\xf4\xff";

// Theirs refuses that; nobody reads ours.
struct PastDouble {};

json as_nlohmann(const JsonValue& value) {
  if (const auto* list = value.as<JsonList>()) {
    json items = json::array();
    for (const JsonValue& item : *list) items.push_back(as_nlohmann(item));
    return items;
  }
  if (const auto* object = value.as<JsonObject>()) {
    json members = json::object();
    for (const JsonMember& member : *object) {
      members[std::string(member.name)] = as_nlohmann(member.value);
    }
    return members;
  }
  if (const auto* real = value.as<JsonReal>()) {
    const double number = std::strtod(std::string(real->text).c_str(), nullptr);
    if (std::isinf(number)) throw PastDouble();
    return number;
  }
  if (const auto* text = value.as<std::string_view>()) return std::string(*text);
  if (const auto* flag = value.as<bool>()) return *flag;
  if (const auto* number = value.as<uint64_t>()) return *number;
  if (const auto* number = value.as<int64_t>()) return *number;
  return nullptr;
}

bool is_ours_to_refuse(const std::string& problem) {
  return problem.find("stands twice") != std::string::npos || problem.starts_with("has a NUL");
}

void expect_same_reading(const std::string& text) {
  std::pmr::monotonic_buffer_resource memory;
  const json theirs = json::parse(text, nullptr, false);
  try {
    const json ours = as_nlohmann(parse_json(text, "a.json", kLimits, memory));
    ASSERT_FALSE(theirs.is_discarded()) << text;
    EXPECT_EQ(ours, theirs) << text;
  } catch (const PastDouble&) {
    EXPECT_TRUE(theirs.is_discarded()) << text;
  } catch (const SpecError& error) {
    EXPECT_TRUE(theirs.is_discarded() || is_ours_to_refuse(error.problem()))
        << text << ": " << error.what();
  }
}

TEST(JsonParser, ReadsWhatAnotherParserReads) {
  std::mt19937 random(7);
  const auto up_to = [&](size_t most) {
    return std::uniform_int_distribution<size_t>(0, most)(random);
  };
  for (const std::string_view seed : kSeeds) {
    expect_same_reading(std::string(seed));
    for (int i = 0; i < 20'000; ++i) {
      std::string text(seed);
      for (size_t changes = up_to(2); changes < 3; ++changes) {
        const std::string piece(1, kPieces[up_to(kPieces.size() - 1)]);
        text.replace(up_to(text.size()), up_to(2), piece);
      }
      expect_same_reading(text);
    }
  }
}

}  // namespace
}  // namespace oci
