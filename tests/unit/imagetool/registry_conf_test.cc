#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "imagetool/registry/registries_conf.h"
#include "imagetool/registry/toml.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

template <class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// "host/path host/path!" with ! for insecure ones.
std::string places(std::string_view conf, std::string_view reference) {
  std::string text;
  for (const Endpoint& endpoint :
       endpoints_of(parse_reference(reference), parse_registries_conf(conf, "r.conf"))) {
    text += (text.empty() ? "" : " ") + endpoint.repository() +
            (endpoint.transport == Transport::insecure ? "!" : "");
  }
  return text;
}

TEST(Toml, ReadsSectionsStringsAndFlags) {
  const auto sections = parse_toml(
      "top = \"a\\\"b\" # comment\n[[x]]\nk = 'raw\\n'\nyes=true\n[x.\"y.z\"]\r\nno = false\r\n",
      "f");
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_EQ(sections[0].text("top"), "a\"b");
  EXPECT_EQ(sections[1].name, "x");
  EXPECT_EQ(sections[1].text("k"), "raw\\n");
  EXPECT_TRUE(sections[1].flag("yes"));
  EXPECT_EQ(sections[2].name, "x.y.z");
  EXPECT_FALSE(sections[2].flag("no"));
  EXPECT_EQ(sections[2].text("no"), "");
}

TEST(Toml, StepsOverWhatItDoesNotNeed) {
  const auto sections = parse_toml(
      "a = [ \"x\", # one\n 'y', [1, 2],\n]\nb = { c = 1, d = \"}\" }\ne = 1979-05-27T07:32:00Z\n"
      "f = -1.5e3\ng = \"\"\"\ntwo\nlines\"\"\"\nh = \"kept\"\n",
      "f");
  EXPECT_EQ(sections[0].text("h"), "kept");
  EXPECT_EQ(sections[0].text("g"), "\ntwo\nlines");
}

TEST(Toml, NamesTheLineOfAnError) {
  EXPECT_EQ(error_of([] { parse_toml("a = 1\nb\n", "r.conf"); }),
            "r.conf:2: expected '=' after 'b'");
  EXPECT_EQ(error_of([] { parse_toml("a = \"x\nb = 1", "r.conf"); }),
            "r.conf:2: a string is not closed on its line");
  EXPECT_EQ(error_of([] { parse_toml("[a\n", "r.conf"); }),
            "r.conf:1: the header of a table is not closed");
  EXPECT_EQ(error_of([] { parse_toml("a = true x\n", "r.conf"); }),
            "r.conf:1: more on the line than one value");
  EXPECT_EQ(error_of([] { parse_toml("a = 1\na = true\na = true\n", "r.conf"); }),
            "r.conf:3: 'a' is given twice");
  EXPECT_NE(error_of([] { parse_toml("a = [", "r.conf"); }).find("the file ends"),
            std::string::npos);
  EXPECT_NE(error_of([] {
              parse_toml("a = " + std::string(9999, '['), "r.conf");
            }).find("nested too deeply"),
            std::string::npos);
}

TEST(RegistriesConf, LeavesUnnamedRegistriesAlone) {
  EXPECT_EQ(places("", "quay.io/a/b"), "quay.io/a/b");
  EXPECT_EQ(places("", "alpine"), "registry-1.docker.io/library/alpine");
  EXPECT_EQ(places("unqualified-search-registries = [\"quay.io\"]\n", "alpine"),
            "registry-1.docker.io/library/alpine");
}

TEST(RegistriesConf, AsksMirrorsFirst) {
  EXPECT_EQ(places("[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
                   "[[registry.mirror]]\nlocation = \"127.0.0.1:5000\"\n"
                   "[[registry.mirror]]\nlocation = \"m.example/hub\"\ninsecure = true\n",
                   "alpine"),
            "127.0.0.1:5000/library/alpine m.example/hub/library/alpine! "
            "registry-1.docker.io/library/alpine");
}

TEST(RegistriesConf, AsksSomeMirrorsForDigestsOnly) {
  const std::string conf =
      "[[registry]]\nlocation = \"r.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\n"
      "pull-from-mirror = \"digest-only\"\n";
  EXPECT_EQ(places(conf, "r.example/a:1"), "r.example/a");
  EXPECT_EQ(places(conf, "r.example/a@sha256:" + std::string(64, 'a')), "m.example/a r.example/a");
}

TEST(RegistriesConf, LetsTheLongestPrefixDecide) {
  const std::string conf =
      "[[registry]]\nprefix = \"*.example\"\nlocation = \"wild.example\"\n"
      "[[registry]]\nprefix = \"r.example/team\"\nlocation = \"moved.example:99/t\"\n"
      "insecure = true\n";
  EXPECT_EQ(places(conf, "r.example/team/app"), "moved.example:99/t/app!");
  EXPECT_EQ(places(conf, "r.example/teams/app"), "wild.example/teams/app");
  EXPECT_EQ(places(conf, "example/x"), "registry-1.docker.io/example/x");
}

TEST(RegistriesConf, Blocks) {
  EXPECT_EQ(error_of([] {
              places("[[registry]]\nprefix = \"r.example\"\nblocked = true\n", "r.example/a");
            }),
            "registries.conf blocks r.example");
}

TEST(RegistriesConf, NamesTheLineOfAnError) {
  EXPECT_EQ(error_of([] { places("\n[[registry]]\ninsecure = true\n", "a"); }),
            "r.conf:2: a registry needs a prefix or a location");
  EXPECT_EQ(error_of([] { places("[[registry.mirror]]\nlocation = \"m\"\n", "a"); }),
            "r.conf:1: a mirror stands before any registry");
}

TEST(RegistriesConf, IsReadFromTheFileThatTheEnvironmentNames) {
  const TempDir directory;
  const std::string path = directory.path() + "/r.conf";
  const Fd file = open_file(path, O_WRONLY | O_CREAT, 0600);
  write_all(file, "[[registry]]\nprefix = \"a.example\"\n", path);
  ::setenv("GOCKER_REGISTRIES_CONF", path.c_str(), 1);
  const auto rules = load_registries_conf();
  ::setenv("GOCKER_REGISTRIES_CONF", "/no/such/file", 1);
  EXPECT_THROW(load_registries_conf(), Error);
  ::unsetenv("GOCKER_REGISTRIES_CONF");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].prefix, "a.example");
}

}  // namespace
}  // namespace gocker
