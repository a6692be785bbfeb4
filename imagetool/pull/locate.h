// Where an image is to be had: which registry or mirror has it, under which name and tag, for which
// platform.
#pragma once

#include <optional>

#include "imagetool/pull/progress.h"
#include "imagetool/pull/resolve.h"
#include "imagetool/reference.h"
#include "imagetool/registry/certificates.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/repository.h"
#include "imagetool/store/image.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct LocateOptions {
  std::optional<oci::Platform> platform;  // else the one that the name says, else this machine's
  Transport transport = Transport::usual;
  CertificateDirectories certificates;
  CredentialSource credentials;
};

struct LocatedImage {
  Repository repository;  // at the mirror or registry that has it
  ResolvedImage image;
  Reference reference;     // what it goes by here: the tag may be another one than was asked for
  oci::Platform platform;  // that was looked for
};

// Its documents joined. Throws where they disagree.
Image image_of(const LocatedImage& located);

// Asks the mirrors that registries.conf names, then the registry. Where the tag was left out and
// there is no "latest", the last tag that the registry lists is taken; where the path begins with
// an architecture's organisation (architecture.h) and there is no such repository, the general
// image for that platform. Both are said by progress.note(). Throws with what each place answered.
LocatedImage locate(HttpClient& client, const Reference& reference, const LocateOptions& options,
                    Progress& progress);

}  // namespace gocker
