#include "imagetool/registry/repository.h"

#include "imagetool/digest.h"
#include "imagetool/interrupt.h"
#include "imagetool/reference.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/retries.h"
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
                       std::optional<Credentials> credentials)
    : client_(client),
      endpoint_(std::move(endpoint)),
      authorization_(client, endpoint_.path, std::move(credentials)) {
  const std::string rest = "://" + endpoint_.host + "/v2/" + endpoint_.path;
  if (endpoint_.insecure) {
    ways_ = {{"https" + rest, Trust::unverified}, {"http" + rest, Trust::unverified}};
  } else if (is_loopback(endpoint_.host)) {
    ways_ = {{"http" + rest, Trust::verified}};
  } else {
    ways_ = {{"https" + rest, Trust::verified}};
  }
}

Document Repository::manifest(const std::string& version, size_t limit) {
  const Doing doing("get manifest", version);
  HttpResponse response = get("/manifests/" + version, {kAcceptManifests}, limit);
  if (!response.success()) throw Refusal(explain(response), response.status);
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

std::vector<std::string> Repository::tags() {
  const Doing doing("list the tags of", endpoint_.path);
  std::vector<std::string> tags;
  std::string query = "?n=" + std::to_string(kTagsAtOnce);
  for (size_t page = 0; page < kMostPages && !query.empty(); ++page) {
    const HttpResponse response = get("/tags/list" + query, {}, kMostTagBytes);
    if (!response.success()) throw Refusal(explain(response), response.status);
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
  if (!response.success()) throw Refusal(explain(response), response.status);
  if (response.body.size() != descriptor.size) {
    throw Error("it has " + std::to_string(response.body.size()) + " bytes, not " +
                std::to_string(descriptor.size));
  }
  check_digest(digest_of(response.body), descriptor.digest);
  return std::move(response.body);
}

HttpRequest Repository::blob_request(std::string_view digest, uint64_t offset) const {
  HttpRequest blob = request(std::string("/blobs/").append(digest));
  blob.offset = offset;
  return blob;
}

bool Repository::answer_challenge(const HttpResponse& refusal, std::string_view used) {
  return authorization_.answer(refusal, used, ways_.front().trust);
}

std::string Repository::explain(const HttpResponse& refusal) const {
  const std::string text = describe_refusal(refusal);
  return refusal.status == 401 || refusal.status == 403 ? text + authorization_.hint() : text;
}

HttpRequest Repository::request(const std::string& path) const {
  HttpRequest request;
  request.url = ways_.front().base + path;
  request.trust = ways_.front().trust;
  request.authorization = authorization_.value();
  return request;
}

HttpResponse Repository::get(const std::string& path, const std::vector<std::string>& headers,
                             size_t limit) {
  Retries retries;
  while (true) {
    HttpRequest next = request(path);
    next.headers = headers;
    const std::string used = next.authorization;
    std::optional<HttpResponse> response = try_get(std::move(next), limit, retries);
    if (!response) continue;
    if (response->status == 401 && answer_challenge(*response, used)) continue;
    if (response->success()) authorization_.succeeded();
    if (is_passing(response->status)) {
      const auto delay = retries.next(0, response->header("retry-after"));
      if (delay) {
        pause_for(*delay);
        continue;
      }
    }
    return std::move(*response);
  }
}

// Nothing where it is to be tried again, maybe in another way.
std::optional<HttpResponse> Repository::try_get(HttpRequest request, size_t limit,
                                                Retries& retries) {
  try {
    HttpResponse response = client_.fetch(std::move(request), limit);
    ways_.erase(ways_.begin() + 1, ways_.end());  // a host that has answered once stays with it
    return response;
  } catch (const HttpFailure& failure) {
    if (!failure.transient() && ways_.size() > 1) {
      ways_.erase(ways_.begin());
      return std::nullopt;
    }
    const auto delay = failure.transient() ? retries.next() : std::nullopt;
    if (!delay) throw;
    pause_for(*delay);
    return std::nullopt;
  }
}

}  // namespace gocker
