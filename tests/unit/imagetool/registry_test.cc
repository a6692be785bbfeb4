// The parts of the registry client that need no registry.
#include <gtest/gtest.h>

#include "imagetool/platform.h"
#include "imagetool/registry/architecture.h"
#include "imagetool/registry/auth_file.h"
#include "imagetool/registry/base64.h"
#include "imagetool/registry/challenge.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/retries.h"
#include "imagetool/registry/tag_list.h"
#include "imagetool/registry/url.h"
#include "runtime/base/error.h"

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

TEST(Challenge, ReadsABearerChallenge) {
  const auto challenges = parse_challenges(
      R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull")");
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].parameter("realm"), "https://auth.example/token");
  EXPECT_EQ(challenges[0].parameter("scope"), "repository:a/b:pull");
  EXPECT_EQ(challenges[0].parameter("absent"), "");
}

TEST(Challenge, ReadsSeveralInOneLine) {
  const auto challenges = parse_challenges(R"(Basic realm="a, b" , BEARER Realm=x , foo = "q\"q")");
  ASSERT_EQ(challenges.size(), 2u);
  EXPECT_EQ(challenges[0].parameter("realm"), "a, b");
  EXPECT_EQ(challenges[1].scheme, "bearer");
  EXPECT_EQ(challenges[1].parameter("realm"), "x");
  EXPECT_EQ(challenges[1].parameter("foo"), "q\"q");
}

TEST(Challenge, EndsAtWhatIsMalformed) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges(" , =").empty());
  EXPECT_EQ(parse_challenges("Basic =x").size(), 1u);
  EXPECT_EQ(parse_challenges("Bearer realm=\"never closed").size(), 1u);
}

TEST(Url, ComparesServersByTheirOrigin) {
  EXPECT_EQ(origin_of("https://Example.org/v2/"), "https://example.org:443");
  EXPECT_EQ(origin_of("HTTP://example.org"), "http://example.org:80");
  EXPECT_EQ(origin_of("http://127.0.0.1:5000/x"), "http://127.0.0.1:5000");
  EXPECT_EQ(origin_of("http://[::1]/x"), "http://[::1]:80");
  EXPECT_EQ(origin_of("https://good.example@bad.example/"), "https://bad.example:443");
  EXPECT_EQ(origin_of("https://bad.example?@good.example/"), "https://bad.example:443");
  EXPECT_EQ(origin_of("https://bad.example#@good.example/"), "https://bad.example:443");
  EXPECT_EQ(origin_of("file:///etc/passwd"), "");
  EXPECT_EQ(origin_of("https:///x"), "");
  EXPECT_EQ(origin_of("example.org"), "");
}

TEST(Url, ResolvesWhatAnAnswerNames) {
  const std::string base = "https://r.example:5000/v2/a/blobs/uploads/?mount=x";
  EXPECT_EQ(resolve_url("http://other/x?y", base), "http://other/x?y");
  EXPECT_EQ(resolve_url("/v2/u/1?s=2", base), "https://r.example:5000/v2/u/1?s=2");
  EXPECT_EQ(resolve_url("u1", base), "https://r.example:5000/v2/a/blobs/uploads/u1");
  EXPECT_EQ(resolve_url("?s=2", base), "https://r.example:5000/v2/a/blobs/uploads/?s=2");
  EXPECT_EQ(resolve_url("//other/x", base), "https://other/x");
  EXPECT_EQ(origin_of(resolve_url("file:///etc/passwd", base)), "");
  EXPECT_EQ(origin_of(resolve_url("", base)), "https://r.example:5000");
}

TEST(Url, EncodesWhatHasAMeaning) {
  EXPECT_EQ(percent_encode("repository:a/b:pull"), "repository%3Aa%2Fb%3Apull");
  EXPECT_EQ(percent_encode("a-b.c_d~9"), "a-b.c_d~9");
  EXPECT_EQ(percent_encode("\xC3\xA4 &"), "%C3%A4%20%26");
}

TEST(Base64, GoesThereAndBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "user:p\xC3\xA4ss"}) {
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
  }
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(decode_base64("Zm9vYg"), "foob");
  EXPECT_FALSE(decode_base64("Zm9v!"));
  EXPECT_FALSE(decode_base64("Z"));
}

std::string user_for(std::string_view json, std::string_view host, std::string_view path) {
  const auto found = AuthFile("auth.json", json).find(std::string(host).append("/").append(path));
  return found ? found->user + "/" + found->password : "none";
}

TEST(Credentials, TakesTheLongestKeyThatCoversTheRepository) {
  const std::string json = R"({"auths": {
      "r.example": {"auth": ")" +
                           encode_base64("host:1") + R"("},
      "r.example/team": {"auth": ")" +
                           encode_base64("team:2:x") + R"("}}})";
  EXPECT_EQ(user_for(json, "r.example", "team/app"), "team/2:x");
  EXPECT_EQ(user_for(json, "r.example", "teams/app"), "host/1");
  EXPECT_EQ(user_for(json, "r.example:5000", "team/app"), "none");
  EXPECT_EQ(user_for(json, "other.example", "team/app"), "none");
}

TEST(Credentials, KnowsDockerHubByAllItsNames) {
  const std::string json =
      R"({"auths": {"https://index.docker.io/v1/": {"username": "u", "password": "p"}}})";
  for (const char* host : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
    EXPECT_EQ(user_for(json, host, "library/alpine"), "u/p");
  }
}

TEST(Credentials, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(error_of([] { user_for("[]", "r.example", "x"); }),
            "read credentials from auth.json: it is no JSON object");
  EXPECT_NE(error_of([] {
              user_for(R"({"auths":{"r.example":{"auth":"!"}}})", "r.example", "x");
            }).find("no base64 of USER:PASSWORD"),
            std::string::npos);
  EXPECT_EQ(
      error_of([] { user_for(R"({"credHelpers":{"r.example":"no-such"}})", "r.example", "x"); }),
      "read credentials from auth.json: call docker-credential-no-such get: there is no such "
      "program in $PATH");
  EXPECT_EQ(error_of([] {
              user_for(R"({"credHelpers":{"r.example":"../../bin/sh"}})", "r.example", "x");
            }),
            "read credentials from auth.json: '../../bin/sh' is no name of a credential helper");
}

TEST(Credentials, AHelperForAllThatIsNotInstalledCountsOnlyAfterALogin) {
  EXPECT_EQ(user_for(R"({"credsStore": "no-such"})", "r.example", "x"), "none");
  EXPECT_NE(error_of([] {
              user_for(R"({"credsStore": "no-such", "auths": {"r.example": {}}})", "r.example",
                       "x");
            }).find("no such program"),
            std::string::npos);
}

TEST(Architecture, EachOrganisationIsForItsPlatform) {
  const auto platform = [](std::string_view name) {
    const auto image = architecture_image(parse_reference(name));
    return image ? to_text(image->platform) : std::string();
  };
  EXPECT_EQ(platform("amd64/alpine"), "linux/amd64");
  EXPECT_EQ(platform("arm32v5/alpine"), "linux/arm/v5");
  EXPECT_EQ(platform("arm32v6/alpine"), "linux/arm/v6");
  EXPECT_EQ(platform("arm32v7/alpine"), "linux/arm/v7");
  EXPECT_EQ(platform("arm64v8/alpine"), "linux/arm64/v8");
  EXPECT_EQ(platform("i386/alpine"), "linux/386");
  EXPECT_EQ(platform("mips64le/alpine"), "linux/mips64le");
  EXPECT_EQ(platform("ppc64le/alpine"), "linux/ppc64le");
  EXPECT_EQ(platform("riscv64/alpine"), "linux/riscv64");
  EXPECT_EQ(platform("s390x/alpine"), "linux/s390x");
  for (const char* other :
       {"alpine", "library/amd64", "arm64/alpine", "amd64", "quay.io/a/amd64/b"}) {
    EXPECT_EQ(platform(other), "") << other;
  }
}

TEST(Architecture, LeadsToTheGeneralRepository) {
  const auto general = [](std::string_view name) {
    return architecture_image(parse_reference(name))->general.name();
  };
  EXPECT_EQ(general("arm64v8/alpine"), "docker.io/library/alpine:latest");
  EXPECT_EQ(general("arm64v8/grafana/loki:3"), "docker.io/grafana/loki:3");
  EXPECT_EQ(general("127.0.0.1:5000/i386/alpine:3"), "127.0.0.1:5000/alpine:3");
}

TEST(TagList, TakesTheTagsOfAPage) {
  std::vector<std::string> tags{"0"};
  append_tags(R"({"name": "a/b", "tags": ["1", "2"]})", tags);
  append_tags(R"({"name": "a/b", "tags": null})", tags);
  EXPECT_EQ(tags, (std::vector<std::string>{"0", "1", "2"}));
  for (const char* wrong : {"", "[]", R"({"tags": {}})", R"({"tags": ["a", 1]})"}) {
    EXPECT_NE(error_of([&] { append_tags(wrong, tags); }), "no error") << wrong;
  }
}

TEST(TagList, FindsTheNextPage) {
  EXPECT_EQ(next_page(R"(</v2/a/tags/list?last=b&n=1>; rel="next")"), "?last=b&n=1");
  EXPECT_EQ(next_page(R"(<https://other.example/v2/a/tags/list?last=b>; rel=next)"), "?last=b");
  EXPECT_EQ(next_page(R"(</x?y>; rel="prev", </v2/a/tags/list?last=c>; rel="next")"), "?last=c");
  for (const char* none :
       {"", "<>", R"(</v2/a?x>; rel="first")", "</v2/a?x", R"(</v2>; rel="next")"}) {
    EXPECT_EQ(next_page(none), "") << none;
  }
}

TEST(Platform, ReadsWhatPeopleWrite) {
  EXPECT_EQ(to_text(parse_platform("linux/arm64")), "linux/arm64");
  EXPECT_EQ(to_text(parse_platform("aarch64")), "linux/arm64");
  EXPECT_EQ(to_text(parse_platform("armhf")), "linux/arm/v7");
  EXPECT_EQ(to_text(parse_platform("linux/x86_64")), "linux/amd64");
  EXPECT_EQ(to_text(parse_platform("Linux/ARM/V6")), "linux/arm/v6");
  for (const char* bad : {"", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v8"}) {
    EXPECT_NE(error_of([&] { parse_platform(bad); }).find("is no platform"), std::string::npos)
        << bad;
  }
}

oci::Index index_of(const std::vector<std::string>& platforms) {
  oci::Index index;
  for (const std::string& platform : platforms) {
    oci::Descriptor descriptor;
    descriptor.digest = platform;
    if (!platform.empty()) descriptor.platform = parse_platform(platform);
    index.manifests.push_back(descriptor);
  }
  return index;
}

std::string chosen(const std::vector<std::string>& offered, std::string_view wanted) {
  const oci::Index index = index_of(offered);
  const oci::Descriptor* descriptor = choose(index, parse_platform(wanted));
  return descriptor == nullptr ? "none" : descriptor->digest;
}

TEST(Platform, ChoosesTheVariantOrTheNextOlderOne) {
  const std::vector<std::string> arms = {"linux/amd64", "linux/arm/v5", "linux/arm/v6",
                                         "linux/arm/v7"};
  EXPECT_EQ(chosen(arms, "linux/arm/v7"), "linux/arm/v7");
  EXPECT_EQ(chosen(arms, "linux/arm/v6"), "linux/arm/v6");
  EXPECT_EQ(chosen(arms, "linux/arm"), "linux/arm/v7");
  EXPECT_EQ(chosen({"linux/arm/v5", "linux/arm/v6"}, "linux/arm/v7"), "linux/arm/v6");
  EXPECT_EQ(chosen({"linux/arm/v7"}, "linux/arm/v6"), "none");
  EXPECT_EQ(chosen({"linux/arm64/v8"}, "linux/arm64"), "linux/arm64/v8");
  EXPECT_EQ(chosen({"linux/arm64"}, "linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(chosen({"linux/arm64/v9"}, "linux/arm64"), "none");
  EXPECT_EQ(chosen({"linux/amd64/v3", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/amd64", "linux/amd64/v3"}, "linux/amd64/v3"), "linux/amd64/v3");
  EXPECT_EQ(chosen({"windows/amd64"}, "linux/amd64"), "none");
}

TEST(Platform, TakesAnEntryWithoutOneOnlyWhereItIsAlone) {
  EXPECT_EQ(chosen({""}, "linux/amd64"), "");
  EXPECT_EQ(chosen({"", "linux/arm64"}, "linux/amd64"), "none");
}

TEST(Platform, ListsWhatThereIsWithoutAttestations) {
  oci::Index index = index_of({"linux/amd64", "linux/amd64", "linux/arm/v7"});
  oci::Descriptor attestation;
  attestation.platform = oci::Platform{"unknown", "unknown", "", ""};
  index.manifests.push_back(attestation);
  EXPECT_EQ(platforms_of(index), "linux/amd64, linux/arm/v7");
  EXPECT_EQ(platforms_of({}), "none");
}

TEST(Retries, GiveUpAfterFourFruitlessOnes) {
  using std::chrono::milliseconds;
  Retries retries;
  EXPECT_EQ(retries.next(), milliseconds(250));
  EXPECT_EQ(retries.next(), milliseconds(500));
  EXPECT_EQ(retries.next(), milliseconds(1000));
  EXPECT_EQ(retries.next(), milliseconds(2000));
  EXPECT_FALSE(retries.next());
}

TEST(Retries, CountAnewAfterProgressUpToALimit) {
  Retries retries;
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(retries.next(i)) << i;
  EXPECT_FALSE(retries.next(101));
}

TEST(Retries, WaitAsLongAsTheServerAsksWithinReason) {
  Retries retries;
  EXPECT_EQ(retries.next(0, "3"), std::chrono::seconds(3));
  EXPECT_EQ(retries.next(0, "3600"), std::chrono::seconds(30));
  EXPECT_EQ(retries.next(0, "Wed, 21 Oct 2026 07:28:00 GMT"), std::chrono::seconds(1));
}

HttpResponse refusal(long status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.url = "http://r.example:5000/v2/x";
  response.body = std::move(body);
  return response;
}

TEST(Refusal, TellsTheRegistrysOwnWords) {
  EXPECT_EQ(describe_refusal(refusal(404, R"({"errors":[{"code":"NAME_UNKNOWN",
                "message":"repository name not known"},{"code":"X"}]})")),
            "registry r.example:5000 answers 404: repository name not known, X");
  EXPECT_EQ(describe_refusal(refusal(500, "<html>")), "registry r.example:5000 answers 500");
  EXPECT_EQ(describe_refusal(refusal(403, R"({"errors":[7]})")),
            "registry r.example:5000 answers 403: access denied");
}

TEST(Refusal, StaysOneShortLine) {
  const std::string text = describe_refusal(
      refusal(400, R"({"message":"a\nb\u001b[2J)" + std::string(5000, 'x') + "\"}"));
  EXPECT_LT(text.size(), 400u);
  EXPECT_EQ(text.find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace gocker
