#include "oci-spec/image_spec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/oci-spec/refusal.h"

namespace oci {
namespace {

using nlohmann::json;
using testing::TestWithParam;
using testing::ValuesIn;

std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

json descriptor(std::string_view type, char digit, int64_t size) {
  return {{"mediaType", type}, {"digest", digest(digit)}, {"size", size}};
}

json manifest() {
  return {
      {"schemaVersion", 2},
      {"mediaType", media_type::kManifest},
      {"config", descriptor(media_type::kConfig, 'a', 10)},
      {"layers",
       {descriptor(media_type::kLayerGzip, 'b', 20), descriptor(media_type::kLayerZstd, 'c', 30)}},
      {"annotations", {{"org.example", "\u00e9"}}}};
}

json index() {
  json amd64 = descriptor(media_type::kManifest, 'd', 40);
  amd64["platform"] = {{"architecture", "amd64"}, {"os", "linux"}};
  json arm = descriptor(media_type::kManifest, 'e', 50);
  arm["platform"] = {
      {"architecture", "arm64"}, {"os", "linux"}, {"os.version", "1"}, {"variant", "v8"}};
  arm["annotations"] = {{"a", "b"}};
  return {{"schemaVersion", 2},
          {"mediaType", media_type::kIndex},
          {"manifests", {amd64, arm}},
          {"annotations", {{"k", "v"}}}};
}

constexpr std::string_view kConfig = R"({
  "created": "2026-11-22T18:56:51.123456789Z",
  "author": "A",
  "architecture": "arm64",
  "os": "linux",
  "os.version": "1",
  "variant": "v8",
  "config": {
    "User": "1000:1000",
    "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
    "Env": ["PATH=/bin", "A="],
    "Entrypoint": ["/entry"],
    "Cmd": ["a", ""],
    "Volumes": {"/data": {}},
    "WorkingDir": "/work",
    "Labels": {"l": "1", "m": ""},
    "StopSignal": "SIGRTMIN+3",
    "Shell": ["/bin/bash", "-c"],
    "OnBuild": ["RUN x"],
    "Healthcheck": {"Test": ["CMD", "x"], "Interval": 1, "Timeout": 2, "StartPeriod": 3,
                    "StartInterval": 4, "Retries": 5}
  },
  "rootfs": {
    "type": "layers",
    "diff_ids": ["sha256:1111111111111111111111111111111111111111111111111111111111111111"]
  },
  "history": [
    {"created": "2026-11-22T18:56:51Z", "created_by": "ADD x", "author": "B", "comment": "c"},
    {"created_by": "ENV A", "empty_layer": true}
  ]
})";

std::string refused_manifest(const json& document) {
  return refusal([&] { parse_manifest(document.dump(), "reg/x:1"); });
}
std::string refused_index(const json& document) {
  return refusal([&] { parse_index(document.dump(), "reg/x:1"); });
}
std::string refused_config(const json& document) {
  return refusal([&] { parse_image_config(document.dump(), "reg/x:1"); });
}

// --- reading and writing -------------------------------------------------------------------------

TEST(Manifest, LosesNothingFromReadingToWriting) {
  EXPECT_EQ(json::parse(to_json(parse_manifest(manifest().dump(), "x"))), manifest());
}

TEST(Index, LosesNothingFromReadingToWriting) {
  EXPECT_EQ(json::parse(to_json(parse_index(index().dump(), "x"))), index());
}

TEST(ImageConfig, LosesNothingFromReadingToWriting) {
  EXPECT_EQ(json::parse(to_json(parse_image_config(kConfig, "x"))), json::parse(kConfig));
}

TEST(ImageConfig, ReadsEveryFieldIntoItsPlace) {
  const ImageConfig config = parse_image_config(kConfig, "x");
  EXPECT_EQ(config.platform, (Platform{"arm64", "linux", "1", "v8"}));
  EXPECT_EQ(config.config.exposed_ports, (std::vector<std::string>{"53/udp", "80/tcp"}));
  EXPECT_EQ(config.config.volumes, std::vector<std::string>{"/data"});
  EXPECT_EQ(config.config.stop_signal, "SIGRTMIN+3");
  EXPECT_EQ(config.config.healthcheck.value().start_interval, 4);
  EXPECT_EQ(config.diff_ids, std::vector<std::string>{digest('1')});
  EXPECT_EQ(config.history.at(1).empty_layer, true);
}

TEST(ImageConfig, TakesTheNullsOfDocker) {
  const ImageConfig config = parse_image_config(
      R"({"architecture": "amd64", "os": "linux", "container_config": {"Env": 1}, "id": "x",
          "config": {"Hostname": "", "AttachStdin": false, "ExposedPorts": null, "Env": null,
                     "Cmd": null, "Volumes": null, "Entrypoint": null, "OnBuild": null,
                     "Labels": null, "Healthcheck": null},
          "rootfs": {"type": "layers", "diff_ids": null}, "history": null})",
      "x");
  EXPECT_TRUE(config.config.env.empty());
  EXPECT_TRUE(config.config.labels.empty());
  EXPECT_TRUE(config.diff_ids.empty());
  EXPECT_FALSE(config.config.healthcheck.has_value());
}

TEST(ImageConfig, TakesAnImageThatDoesNotNameItsPlatform) {
  const ImageConfig config =
      parse_image_config(R"({"rootfs": {"type": "layers", "diff_ids": []}})", "x");
  EXPECT_EQ(config.platform, Platform());
}

TEST(Manifest, TakesDockersTypes) {
  json document = manifest();
  document["mediaType"] = media_type::kDockerManifest;
  document["config"]["mediaType"] = media_type::kDockerConfig;
  document["layers"][0]["mediaType"] = media_type::kDockerLayerGzip;
  const Manifest parsed = parse_manifest(document.dump(), "x");
  EXPECT_EQ(parsed.media_type, media_type::kDockerManifest);
  EXPECT_EQ(parsed.layers.at(0).media_type, media_type::kDockerLayerGzip);
}

TEST(Manifest, LeavesUnknownLayerTypesToItsUser) {
  json document = manifest();
  document["layers"][0]["mediaType"] = "application/x-odd";
  EXPECT_EQ(parse_manifest(document.dump(), "x").layers.at(0).media_type, "application/x-odd");
}

TEST(Manifest, MayHaveNoLayers) {
  json document = manifest();
  document["layers"] = nullptr;
  EXPECT_TRUE(parse_manifest(document.dump(), "x").layers.empty());
}

TEST(Index, MayHaveNoManifests) {
  EXPECT_TRUE(parse_index(R"({"schemaVersion": 2, "manifests": null})", "x").manifests.empty());
}

TEST(Manifest, IsWrittenWithTheTypeOfOciWhereNoneIsSet) {
  Manifest written = parse_manifest(manifest().dump(), "x");
  written.media_type.clear();
  EXPECT_EQ(json::parse(to_json(written)), manifest());
  EXPECT_EQ(to_json(written).find('\n'), std::string::npos);
}

TEST(ImageConfig, IsNotWrittenWithWhatJsonCannotHold) {
  ImageConfig config = parse_image_config(kConfig, "x");
  config.config.labels["l"] = "\xff";
  EXPECT_EQ(refusal([&] { to_json(config); }), "image config: /: holds a text that is not UTF-8");
}

// --- what is refused -----------------------------------------------------------------------------

struct Refused {
  std::string name;
  std::string pointer;  // where the manifest is changed
  std::string value;    // what is put there, as JSON
  std::string error;    // what the error says behind the name and the pointer
  friend std::ostream& operator<<(std::ostream& out, const Refused& shown) {
    return out << shown.name;
  }
};

class RefusedManifest : public TestWithParam<Refused> {};

TEST_P(RefusedManifest, IsNamedWithItsPath) {
  json document = manifest();
  document[json::json_pointer(GetParam().pointer)] = json::parse(GetParam().value);
  EXPECT_EQ(refused_manifest(document), "reg/x:1: " + GetParam().pointer + ": " + GetParam().error);
}

std::string as_json(const std::string& text) {
  return json(text).dump();
}

std::string no_digest(const std::string& shown) {
  return "must be \"sha256:\" and 64 lower-case hexadecimal digits, not \"" + shown + "\"";
}

const std::vector<Refused> kRefused = {
    {"DigestShort", "/config/digest", "\"sha256:abc\"", no_digest("sha256:abc")},
    {"DigestUpperCase", "/layers/0/digest", as_json("sha256:" + std::string(64, 'A')),
     no_digest("sha256:" + std::string(64, 'A'))},
    {"DigestLong", "/layers/1/digest", as_json("sha256:" + std::string(65, 'a')),
     no_digest("sha256:" + std::string(65, 'a'))},
    {"DigestPath", "/layers/1/digest", "\"sha256:../../etc/passwd\"",
     no_digest("sha256:../../etc/passwd")},
    {"DigestWithoutAlgorithm", "/layers/1/digest", as_json(std::string(64, 'a')),
     no_digest(std::string(64, 'a'))},
    {"DigestEmpty", "/layers/1/digest", "\"\"", no_digest("")},
    {"DigestSha512", "/layers/0/digest", as_json("sha512:" + std::string(128, 'a')),
     "unsupported digest algorithm \"sha512\": only sha256 is supported"},
    {"SizeNegative", "/layers/0/size", "-1",
     "must be an integer from 0 to 9223372036854775807, not -1"},
    {"SizeTooLarge", "/layers/0/size", "9223372036854775808",
     "must be an integer from 0 to 9223372036854775807, not 9223372036854775808"},
    {"SizeFraction", "/layers/0/size", "1.5",
     "must be an integer from 0 to 9223372036854775807, not 1.5"},
    {"SizeMissing", "/layers/0/size", "null", "is required"},
    {"TypeMissing", "/config/mediaType", "null", "is required"},
    {"ConfigMissing", "/config", "null", "is required"},
    {"LayersNoList", "/layers", "{}", "must be a list, not an object"},
    {"AnnotationNumber", "/annotations/org.example", "1", "must be a string, not a number"},
    {"NulInType", "/layers/0/mediaType", R"("a\u0000b")", "must not contain a NUL character"},
    {"SchemaMissing", "/schemaVersion", "null", "is required"},
    {"SchemaThree", "/schemaVersion", "3", "must be 2, not 3"},
    {"SchemaOne", "/schemaVersion", "1",
     "is a Docker schema 1 manifest, which is obsolete and not supported; push the image again "
     "with a current tool"},
};

INSTANTIATE_TEST_SUITE_P(All, RefusedManifest, ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

TEST(Manifest, RefusesAnAbsurdNumberOfLayers) {
  json document = manifest();
  document["layers"] = json::array();
  for (size_t i = 0; i < kMostLayers; ++i) {
    document["layers"].push_back(descriptor(media_type::kLayer, 'a', 1));
  }
  EXPECT_EQ(refused_manifest(document), "nothing was refused");
  document["layers"].push_back(descriptor(media_type::kLayer, 'a', 1));
  EXPECT_EQ(refused_manifest(document),
            "reg/x:1: /layers: has 1001 entries; at most 1000 are accepted");
}

TEST(Index, RefusesAnAbsurdNumberOfManifests) {
  json document = index();
  document["manifests"] = json::array();
  for (size_t i = 0; i <= kMostManifests; ++i) {
    document["manifests"].push_back(descriptor(media_type::kManifest, 'a', 1));
  }
  EXPECT_EQ(refused_index(document),
            "reg/x:1: /manifests: has 10001 entries; at most 10000 are accepted");
}

TEST(ImageConfig, RefusesAbsurdNumbersOfLayersAndHistory) {
  json document = json::parse(kConfig);
  document["rootfs"]["diff_ids"] = std::vector<std::string>(1001, digest('a'));
  EXPECT_EQ(refused_config(document),
            "reg/x:1: /rootfs/diff_ids: has 1001 entries; at most 1000 are accepted");
  document = json::parse(kConfig);
  document["history"] = std::vector<json>(10'001, json::object());
  EXPECT_EQ(refused_config(document),
            "reg/x:1: /history: has 10001 entries; at most 10000 are accepted");
}

TEST(ImageConfig, RefusesWhatItCannotUnpack) {
  json document = json::parse(kConfig);
  document["rootfs"]["type"] = "squashfs";
  EXPECT_EQ(refused_config(document),
            "reg/x:1: /rootfs/type: must be \"layers\", not \"squashfs\"");
  document = json::parse(kConfig);
  document["rootfs"]["diff_ids"].push_back("sha256:x");
  EXPECT_EQ(refused_config(document), "reg/x:1: /rootfs/diff_ids/1: " + no_digest("sha256:x"));
  document = json::parse(kConfig);
  document.erase("rootfs");
  EXPECT_EQ(refused_config(document), "reg/x:1: /rootfs: is required");
  document = json::parse(kConfig);
  document["rootfs"].erase("diff_ids");
  EXPECT_EQ(refused_config(document), "reg/x:1: /rootfs/diff_ids: is required");
}

TEST(ImageConfig, RefusesAnotherTypeInEveryField) {
  std::vector<json::json_pointer> pointers;
  for (const std::string_view pointer : {"/created",
                                         "/author",
                                         "/architecture",
                                         "/os",
                                         "/os.version",
                                         "/variant",
                                         "/config",
                                         "/config/User",
                                         "/config/ExposedPorts",
                                         "/config/Env",
                                         "/config/Env/0",
                                         "/config/Entrypoint",
                                         "/config/Cmd",
                                         "/config/Volumes",
                                         "/config/WorkingDir",
                                         "/config/Labels",
                                         "/config/Labels/l",
                                         "/config/StopSignal",
                                         "/config/Shell",
                                         "/config/OnBuild",
                                         "/config/Healthcheck",
                                         "/config/Healthcheck/Test",
                                         "/config/Healthcheck/Interval",
                                         "/config/Healthcheck/Timeout",
                                         "/config/Healthcheck/StartPeriod",
                                         "/config/Healthcheck/StartInterval",
                                         "/config/Healthcheck/Retries",
                                         "/rootfs",
                                         "/rootfs/diff_ids",
                                         "/rootfs/diff_ids/0",
                                         "/history",
                                         "/history/0",
                                         "/history/0/created",
                                         "/history/0/created_by",
                                         "/history/0/author",
                                         "/history/0/comment",
                                         "/history/1/empty_layer"}) {
    json document = json::parse(kConfig);
    document[json::json_pointer(std::string(pointer))] = 0.5;
    EXPECT_TRUE(
        refused_config(document).starts_with("reg/x:1: " + std::string(pointer) + ": must "))
        << pointer << ": " << refused_config(document);
  }
}

TEST(Documents, AreNotTakenForEachOther) {
  EXPECT_EQ(refused_manifest(index()), "reg/x:1: /: must be a manifest, not an image index");
  EXPECT_EQ(refused_index(manifest()), "reg/x:1: /: must be an image index, not a manifest");
  json both = manifest();
  both["manifests"] = json::array();
  constexpr std::string_view kBoth =
      "reg/x:1: /: is an index (manifests) and a manifest (config, layers) at once";
  EXPECT_EQ(refused_manifest(both), kBoth);
  EXPECT_EQ(refused_index(both), kBoth);
  both = index();
  both["layers"] = nullptr;
  EXPECT_EQ(refused_index(both), kBoth);
}

TEST(Documents, AreRefusedPastFourMebibytes) {
  json document = manifest();
  document["annotations"]["a"] = std::string(4 << 20, 'x');
  EXPECT_NE(refused_manifest(document).find("bytes; at most 4194304 are accepted"),
            std::string::npos);
}

// --- which of the two ----------------------------------------------------------------------------

DocumentKind kind(const json& document, std::string_view content_type) {
  return kind_of(document.dump(), content_type, "reg/x:1");
}

TEST(KindOf, IsDecidedByTypeOrFields) {
  json plain_index = index();
  plain_index.erase("mediaType");
  json plain_manifest = manifest();
  plain_manifest.erase("mediaType");
  for (const std::string_view general :
       {"", "application/json", "text/plain; charset=utf-8", "application/octet-stream"}) {
    EXPECT_EQ(kind(index(), general), DocumentKind::index);
    EXPECT_EQ(kind(plain_index, general), DocumentKind::index);
    EXPECT_EQ(kind(manifest(), general), DocumentKind::manifest);
    EXPECT_EQ(kind(plain_manifest, general), DocumentKind::manifest);
  }
  EXPECT_EQ(kind(index(), media_type::kIndex), DocumentKind::index);
  EXPECT_EQ(kind(plain_index, media_type::kDockerList), DocumentKind::index);
  EXPECT_EQ(kind(plain_manifest, media_type::kDockerManifest), DocumentKind::manifest);
  EXPECT_EQ(kind(manifest(), std::string(media_type::kManifest) + " ; charset=utf-8"),
            DocumentKind::manifest);
}

std::string refused_kind(const json& document, std::string_view content_type) {
  return refusal([&] { kind(document, content_type); });
}

TEST(KindOf, RefusesWhatTheRegistryAndTheDocumentSayDifferently) {
  EXPECT_EQ(refused_kind(manifest(), media_type::kIndex),
            "reg/x:1: /mediaType: is \"application/vnd.oci.image.manifest.v1+json\", but the "
            "registry says \"application/vnd.oci.image.index.v1+json\"");
  json plain = manifest();
  plain.erase("mediaType");
  EXPECT_EQ(refused_kind(plain, media_type::kDockerList),
            "reg/x:1: /: is a manifest, but its media type is "
            "\"application/vnd.docker.distribution.manifest.list.v2+json\"");
  json lying = index();
  lying["mediaType"] = media_type::kManifest;
  EXPECT_EQ(refused_kind(lying, ""),
            "reg/x:1: /: is an image index, but its media type is "
            "\"application/vnd.oci.image.manifest.v1+json\"");
}

TEST(KindOf, RefusesBothAtOnceAndNeither) {
  json both = manifest();
  both["manifests"] = json::array();
  for (const std::string_view type : {std::string_view(), media_type::kManifest}) {
    EXPECT_EQ(refused_kind(both, type),
              "reg/x:1: /: is an index (manifests) and a manifest (config, layers) at once");
  }
  EXPECT_EQ(refused_kind({{"schemaVersion", 2}}, ""),
            "reg/x:1: /: is neither an image index (manifests) nor a manifest (config, layers)");
}

TEST(KindOf, RefusesSchemaOneByName) {
  const std::string problem =
      "is a Docker schema 1 manifest, which is obsolete and not supported; push the image again "
      "with a current tool";
  const json old = {{"schemaVersion", 1}, {"name", "x"}, {"fsLayers", json::array()}};
  EXPECT_EQ(refused_kind(old, ""), "reg/x:1: /schemaVersion: " + problem);
  for (const std::string_view type :
       {"application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws"}) {
    EXPECT_EQ(refused_kind(old, type), "reg/x:1: /: " + problem);
  }
}

// --- digests -------------------------------------------------------------------------------------

TEST(IsDigest, TakesSha256InLowerCaseOnly) {
  EXPECT_TRUE(is_digest(digest('0')));
  EXPECT_TRUE(is_digest(digest('f')));
  for (const std::string& text :
       {std::string(), std::string("sha256:"), digest('g'), digest('A'), digest('0') + "0",
        digest('0').substr(0, 70), " " + digest('0'), digest('0') + "\n",
        "sha512:" + std::string(64, '0'), "SHA256:" + std::string(64, '0')}) {
    EXPECT_FALSE(is_digest(text)) << text;
  }
}

}  // namespace
}  // namespace oci
