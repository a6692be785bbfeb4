#include "imagetool/registry/repository.h"

#include "imagetool/digest.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/tag_list.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kAcceptManifests =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

[[noreturn]] void wrong_digest(const std::string& actual, std::string_view expected) {
  throw Error("its content has the digest " + actual + ", not " + std::string(expected));
}

constexpr size_t kTagsAtOnce = 1000;
constexpr size_t kMostPages = 1000;
constexpr size_t kMostTagBytes = 4 << 20;  // a page; registries may ignore how many were asked for

void check_digest(const std::string& actual, std::string_view expected) {
  if (actual != expected) wrong_digest(actual, expected);
}

}  // namespace

Repository::Repository(HttpClient& client, Endpoint endpoint,
                       std::optional<Credentials> credentials, Access access)
    : connection_(client, std::move(endpoint), std::move(credentials), access) {}

Document Repository::manifest(const std::string& version, size_t limit) {
  const Doing doing("get manifest", version);
  HttpResponse response = get("/manifests/" + version, {kAcceptManifests}, limit);
  Document document;
  document.bytes = std::move(response.body);
  document.digest = digest_of(document.bytes);
  const std::string_view type = response.header("content-type");
  document.media_type = to_lower(trim(type.substr(0, type.find(';'))));
  if (version.starts_with("sha256:")) check_digest(document.digest, version);
  const std::string_view announced = response.header("docker-content-digest");
  if (announced.starts_with("sha256:")) check_digest(document.digest, announced);
  return document;
}

std::optional<std::string> Repository::digest_of_manifest(const std::string& version) {
  const Doing doing("look for manifest", version);
  const auto make = [&] {
    HttpRequest request = connection_.repository_request("/manifests/" + version);
    request.method = "HEAD";
    request.headers = {kAcceptManifests};
    return request;
  };
  const HttpResponse response = connection_.call(make, kMostTagBytes);
  const std::string digest(response.header("docker-content-digest"));
  if (!response.success() || !oci::is_digest(digest)) return std::nullopt;
  return digest;
}

void Repository::put_manifest(const std::string& version, const Document& document) {
  const Doing doing("put manifest", version);
  const auto make = [&] {
    HttpRequest request = connection_.repository_request("/manifests/" + version);
    request.method = "PUT";
    request.headers = {"Content-Type: " + document.media_type};
    request.body = text_body(document.bytes);
    return request;
  };
  const HttpResponse response = connection_.call(make, kMostTagBytes);
  if (!response.success()) throw Refusal(connection_.explain(response), response.status);
  const std::string_view announced = response.header("docker-content-digest");
  if (announced.starts_with("sha256:")) check_digest(std::string(announced), document.digest);
}

std::vector<std::string> Repository::tags() {
  const Doing doing("list the tags of", endpoint().path);
  std::vector<std::string> tags;
  std::string query = "?n=" + std::to_string(kTagsAtOnce);
  for (size_t page = 0; page < kMostPages && !query.empty(); ++page) {
    const HttpResponse response = get("/tags/list" + query, {}, kMostTagBytes);
    append_tags(response.body, tags);
    query = next_page(response.header("link"));
  }
  return tags;
}

std::string Repository::blob(const oci::Descriptor& descriptor, size_t limit) {
  const Doing doing("get blob", descriptor.digest);
  if (descriptor.size > limit) {
    throw Error("it has " + std::to_string(descriptor.size) + " bytes; at most " +
                std::to_string(limit) + " are taken");
  }
  HttpResponse response = get("/blobs/" + descriptor.digest, {}, limit);
  if (response.body.size() != descriptor.size) {
    throw Error("it has " + std::to_string(response.body.size()) + " bytes, not " +
                std::to_string(descriptor.size));
  }
  check_digest(digest_of(response.body), descriptor.digest);
  return std::move(response.body);
}

HttpResponse Repository::get(const std::string& path, const std::vector<std::string>& headers,
                             size_t limit) {
  const auto make = [&] {
    HttpRequest request = connection_.repository_request(path);
    request.headers = headers;
    return request;
  };
  HttpResponse response = connection_.call(make, limit);
  if (!response.success()) throw Refusal(connection_.explain(response), response.status);
  return response;
}

}  // namespace gocker
