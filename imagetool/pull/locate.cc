#include "imagetool/pull/locate.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/platform.h"
#include "imagetool/registry/architecture.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/registries_conf.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr long kUnauthorized = 401;
constexpr long kForbidden = 403;
constexpr long kNotFound = 404;

// What to look for, at each place in the same way.
struct Wish {
  Reference reference;
  oci::Platform platform;
};

// The registry itself has no repository of this name, or does not show it.
class NoRepository : public Error {
 public:
  using Error::Error;
};

// The error's text without the steps that the next error brings along itself.
std::string reason_of(const std::exception& error) {
  std::string_view text = error.what();
  const std::string chain = Doing::chain();
  if (text.starts_with(chain)) text.remove_prefix(chain.size());
  return std::string(text);
}

Repository open_mirror(HttpClient& client, const Endpoint& endpoint, const LocateOptions& options) {
  CredentialSource source = options.credentials;
  source.user_and_password.clear();  // meant for the registry alone
  return {client, endpoint, load_credentials(source, endpoint.host, endpoint.path)};
}

LocatedImage ask(Repository repository, const Wish& wish) {
  ResolvedImage image = resolve(repository, wish.reference.version(), wish.platform);
  return {std::move(repository), std::move(image), wish.reference, wish.platform};
}

// No tag where the repository has none, or where the registry does not tell.
std::string last_tag(Repository& repository) {
  try {
    const std::vector<std::string> tags = repository.tags();
    return tags.empty() ? "" : tags.back();
  } catch (const Refusal&) {
    return {};
  }
}

// The registry did not give the manifest. Docker Hub answers 401 for repositories that are not
// there as for those of others; most answer 404 for a missing tag and for a missing repository.
LocatedImage ask_otherwise(Repository repository, const Wish& wish, const Refusal& refusal,
                           Progress& progress) {
  const bool may_be_absent = refusal.status() == kNotFound || refusal.status() == kUnauthorized ||
                             refusal.status() == kForbidden;
  if (!may_be_absent) throw refusal;
  const std::string tag = last_tag(repository);
  if (tag.empty()) throw NoRepository(reason_of(refusal));
  if (!wish.reference.tag_left_out || refusal.status() != kNotFound) throw refusal;
  Wish other = wish;
  // A registry may list anything: it must be a tag.
  other.reference.tag = parse_reference(wish.reference.repository() + ":" + tag).tag;
  LocatedImage found = ask(std::move(repository), other);
  progress.note(wish.reference.repository() + " has no tag latest: taking " + tag +
                ", the last one that the registry lists");
  return found;
}

LocatedImage ask_registry(HttpClient& client, const Endpoint& endpoint, const Wish& wish,
                          const LocateOptions& options, Progress& progress) {
  Repository repository(client, endpoint,
                        load_credentials(options.credentials, endpoint.host, endpoint.path));
  try {
    return ask(repository, wish);
  } catch (const Refusal& refusal) {
    const bool has_choice =
        wish.reference.tag_left_out || architecture_image(wish.reference).has_value();
    if (!has_choice || !wish.reference.digest.empty()) throw;
    return ask_otherwise(std::move(repository), wish, refusal, progress);
  }
}

std::vector<Endpoint> find_endpoints(const Reference& reference, const LocateOptions& options) {
  std::vector<Endpoint> endpoints = endpoints_of(reference, load_registries_conf());
  if (options.transport != Transport::usual) {
    for (Endpoint& endpoint : endpoints) endpoint.transport = options.transport;
  }
  return endpoints;
}

// The first endpoint that has the image. Where none has, the error tells what each of them said.
LocatedImage find(HttpClient& client, const Wish& wish, const LocateOptions& options,
                  Progress& progress) {
  std::vector<Endpoint> mirrors = find_endpoints(wish.reference, options);
  const Endpoint registry = std::move(mirrors.back());
  mirrors.pop_back();
  std::string reasons;
  for (const Endpoint& mirror : mirrors) {
    try {
      return ask(open_mirror(client, mirror, options), wish);
    } catch (const std::exception& error) {
      reasons += "mirror " + mirror.host + ": " + reason_of(error) + "; ";
    }
  }
  try {
    return ask_registry(client, registry, wish, options, progress);
  } catch (const NoRepository& error) {
    throw NoRepository(reasons + reason_of(error));
  } catch (const std::exception& error) {
    throw Error(reasons + reason_of(error));
  }
}

// The name stays the one that was asked for, so that it is found again by it.
LocatedImage find_general(HttpClient& client, const Wish& wish, const Reference& general,
                          const LocateOptions& options, Progress& progress) {
  const std::string name = wish.reference.repository();
  const std::string other = general.repository();
  const Doing doing("look for it as", other);
  LocatedImage found = find(client, {general, wish.platform}, options, progress);
  progress.note("there is no repository " + name + ": taking " + other + " for " +
                to_text(wish.platform));
  std::string tag = std::move(found.reference.tag);
  found.reference = wish.reference;
  found.reference.tag = std::move(tag);
  return found;
}

}  // namespace

Image image_of(const LocatedImage& located) {
  const Document& document = located.image.manifest;
  oci::Manifest manifest = oci::parse_manifest(document.bytes, document.digest);
  // A manifest need not name its type where the registry has said it.
  if (manifest.media_type.empty()) manifest.media_type = document.media_type;
  return make_image(located.reference.name(), document.digest, std::move(manifest),
                    oci::parse_image_config(located.image.config, "its config"));
}

LocatedImage locate(HttpClient& client, const Reference& reference, const LocateOptions& options,
                    Progress& progress) {
  const std::optional<ArchitectureImage> architecture = architecture_image(reference);
  const oci::Platform named = architecture ? architecture->platform : host_platform();
  const Wish wish{reference, options.platform.value_or(named)};
  try {
    return find(client, wish, options, progress);
  } catch (const NoRepository&) {
    if (!architecture) throw;
  }
  return find_general(client, wish, architecture->general, options, progress);
}

}  // namespace gocker
