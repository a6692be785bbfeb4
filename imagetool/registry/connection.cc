#include "imagetool/registry/connection.h"

#include <utility>

#include "imagetool/interrupt.h"
#include "imagetool/reference.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/url.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr long kUnauthorized = 401;
constexpr long kForbidden = 403;

}  // namespace

RegistryConnection::RegistryConnection(HttpClient& client, Endpoint endpoint,
                                       std::optional<Credentials> credentials, Access access)
    : client_(client),
      endpoint_(std::move(endpoint)),
      authorization_(client, endpoint_.path, std::move(credentials), access) {
  const std::string rest = "://" + endpoint_.host + "/v2/";
  const bool has_certificates = !client.certificates(endpoint_.host).directory.empty();
  if (endpoint_.transport == Transport::insecure) {
    ways_ = {{"https" + rest, Trust::unverified}, {"http" + rest, Trust::unverified}};
  } else if (endpoint_.transport == Transport::usual && is_loopback(endpoint_.host) &&
             !has_certificates) {
    ways_ = {{"http" + rest, Trust::verified}};
  } else {
    ways_ = {{"https" + rest, Trust::verified}};
  }
}

HttpRequest RegistryConnection::request(const std::string& path) const {
  HttpRequest request;
  request.url = ways_.front().base + path;
  request.trust = ways_.front().trust;
  request.authorization = authorization_.value();
  return request;
}

HttpRequest RegistryConnection::repository_request(const std::string& path) const {
  return request(endpoint_.path + path);
}

HttpRequest RegistryConnection::request_to(std::string_view address,
                                           const std::string& from) const {
  HttpRequest request;
  request.url = resolve_url(address, from);
  const std::string origin = origin_of(request.url);
  if (origin.empty()) {
    throw Error(
        std::string("the registry names '").append(address).append("' as the next address"));
  }
  const std::string own = origin_of(ways_.front().base);
  if (own.starts_with("https:") && !origin.starts_with("https:")) {
    throw Error("the registry leads from https to plain http (" + host_of(request.url) + ")");
  }
  request.trust = ways_.front().trust;
  if (origin == own) request.authorization = authorization_.value();
  return request;
}

HttpResponse RegistryConnection::call(const std::function<HttpRequest()>& make, size_t limit) {
  Retries retries;
  while (true) {
    HttpRequest next = make();
    const std::string used = next.authorization;
    std::optional<HttpResponse> response = try_once(std::move(next), limit, retries);
    if (!response) continue;
    if (response->status == kUnauthorized && answer_challenge(*response, used)) continue;
    if (response->status != kUnauthorized) let_through();
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
std::optional<HttpResponse> RegistryConnection::try_once(HttpRequest request, size_t limit,
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

bool RegistryConnection::answer_challenge(const HttpResponse& refusal, std::string_view used) {
  return authorization_.answer(refusal, used, ways_.front().trust);
}

std::string RegistryConnection::explain(const HttpResponse& refusal) const {
  const std::string text = describe_refusal(refusal);
  const bool is_denied = refusal.status == kUnauthorized || refusal.status == kForbidden;
  return is_denied ? text + authorization_.hint() : text;
}

}  // namespace gocker
