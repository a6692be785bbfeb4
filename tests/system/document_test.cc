// config.json as a document: what is no configuration at all, and what is more than one.
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Documents : public SystemTest {
 protected:
  Outcome run_text(const std::string& text) {
    std::ofstream(box.bundle.path() + "/config.json") << text;
    return runtime.call({"run", "--bundle", box.bundle.path(), box.id()});
  }
};

TEST_F(Documents, MissingBundleIsNamed) {
  EXPECT_TRUE(fails_with(runtime.call({"run", "--bundle", "/no/such/bundle", box.id()}),
                         "/no/such/bundle"));
}

TEST_F(Documents, MissingConfigurationIsNamed) {
  EXPECT_TRUE(
      fails_with(runtime.call({"run", "--bundle", box.bundle.path(), box.id()}), "config.json"));
}

TEST_F(Documents, TextThatIsNoJsonIsRefused) {
  const std::string whole = box.config().dump();
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        whole.substr(0, whole.size() / 2), std::string("\xff\xfe{}")}) {
    EXPECT_TRUE(fails_with(run_text(text), "config.json")) << text.substr(0, 40);
    expect_nothing_left();
  }
}

TEST_F(Documents, TextAfterTheConfigurationIsRefused) {
  KNOWN_GAP(kRunc, "it reads no further than the closing brace");
  EXPECT_TRUE(fails_with(run_text(box.config().dump() + "x"), "config.json"));
}

TEST_F(Documents, KeyThatIsGivenTwiceIsRefused) {
  KNOWN_GAP(kRunc, "the last one counts there");
  std::string text = box.config().dump();
  text.insert(1, R"("hostname": "other",)");
  EXPECT_TRUE(fails_with(run_text(text), "config.json.*hostname"));
}

TEST_F(Documents, AbsurdDepthIsRefused) {
  const std::string text = "{\"annotations\":" + std::string(200000, '[') + "}";
  EXPECT_TRUE(fails_with(run_text(text), "config.json"));
}

TEST_F(Documents, UnknownPropertiesAreIgnored) {
  box.config().set("/futureProperty", R"({"a": [1, 2, {"b": null}]})"_json);
  box.config().set("/process/futureProperty", "x");
  box.config().set("/linux/futureProperty", 5);
  EXPECT_EQ(box.report()["/pid"], 1);
}

}  // namespace
}  // namespace gocker::test
