// SHA-256 as images use it: digests of blobs and the chain ids of layers.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct SHA256state_st;

namespace gocker {

// A running SHA-256.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  // "sha256:" and 64 hexadecimal digits. The object starts afresh afterwards.
  std::string finish();

 private:
  struct Free {
    void operator()(SHA256state_st* state) const;
  };
  std::unique_ptr<SHA256state_st, Free> state_;
};

std::string digest_of(std::string_view bytes);

// The 64 digits of "sha256:..."; throws where `digest` is anything else, so that a digest from
// outside never becomes part of a path unchecked.
std::string digest_hex(std::string_view digest);

// The chain id of a layer on top of the chain `parent` (empty: it is the base), both in the form
// "sha256:..." (image-spec, config.md, "Layer ChainID").
std::string chain_id(std::string_view parent, std::string_view diff_id);

}  // namespace gocker
