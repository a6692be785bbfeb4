// References to images as people type them: [HOST[:PORT]/]PATH[:TAG][@DIGEST].
#pragma once

#include <string>
#include <string_view>

namespace gocker {

// A reference in full. Docker's short forms are widened: "alpine" is
// docker.io/library/alpine:latest.
struct Reference {
  std::string host;           // "docker.io", "localhost:5000", "[::1]:5000"
  std::string path;           // "library/alpine"
  std::string tag;            // empty only where there is a digest
  std::string digest;         // "sha256:...", or empty
  bool tag_left_out = false;  // the tag is "latest" because nobody named one

  std::string repository() const;  // "docker.io/library/alpine"
  // What the image is called in the store: REPOSITORY@DIGEST, or else REPOSITORY:TAG. Where both
  // are given the digest decides, and the tag says nothing.
  std::string name() const;
  // What a registry is asked for: the digest, or else the tag.
  const std::string& version() const { return digest.empty() ? tag : digest; }

  bool operator==(const Reference&) const = default;
};

// Throws Error "'TEXT' is no image reference: ..." (distribution-spec, "Pulling manifests", for
// paths and tags; only sha256 digests).
Reference parse_reference(std::string_view text);

// Whether `host` (with or without a port) is this machine by its name: localhost, 127.0.0.0/8,
// [::1]. Such registries speak plain HTTP unless they are told otherwise.
bool is_loopback(std::string_view host);

}  // namespace gocker
