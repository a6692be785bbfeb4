#include "imagetool/push/copy.h"

#include <set>
#include <utility>
#include <vector>

#include "imagetool/platform.h"
#include "imagetool/pull/resolve.h"
#include "imagetool/push/copy_blobs.h"
#include "imagetool/push/source.h"
#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

// Children first, what the name is to lead to last.
std::vector<Document> wanted_documents(SourceImage& source, const ImageCopyOptions& options) {
  if (options.platforms == ImageCopyOptions::Platforms::all) {
    return all_documents(source.repository, source.top);
  }
  if (!is_index(source.top)) return {source.top};
  const oci::Platform wanted = options.platform.value_or(host_platform());
  return {resolve(source.repository, source.top.digest, wanted).manifest};
}

void put(Repository& source, Repository& target, const Document& document,
         const std::string& version, std::set<std::string>& done, Progress& progress) {
  if (!is_index(document)) {
    const oci::Manifest manifest =
        oci::parse_manifest(document.bytes, "manifest " + document.digest);
    copy_blobs(source, target, manifest, done, progress);
  }
  target.put_manifest(version, document);
}

std::string copy_checked(const Reference& from, const Reference& to,
                         const ImageCopyOptions& options, Progress& progress) {
  HttpClient client(options.certificates);
  SourceImage source = open_source(client, from, options.source);
  const std::vector<Document> documents = wanted_documents(source, options);
  const std::string& digest = documents.back().digest;
  if (!to.digest.empty() && to.digest != digest) throw Error("the image's digest is " + digest);

  Repository target = open_target(client, to, options.target);
  if (target.digest_of_manifest(to.version()) == digest) {
    progress.finished("all of it: already there");
    return digest;
  }
  std::set<std::string> done;
  for (const Document& document : documents) {
    const bool is_named = document.digest == digest;
    put(source.repository, target, document, is_named ? to.version() : document.digest, done,
        progress);
  }
  return digest;
}

}  // namespace

std::string copy_image(const Reference& source, const Reference& target,
                       const ImageCopyOptions& options, Progress& progress) {
  const std::string from = source.name();
  const Doing doing("copy", from);
  const std::string to = target.name();
  const Doing aiming("to", to);
  try {
    return copy_checked(source, target, options, progress);
  } catch (const oci::SpecError& error) {
    throw Error(error.what());
  }
}

}  // namespace gocker
