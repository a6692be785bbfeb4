#include "imagetool/digest.h"

// OpenSSL 3 would rather be asked for a digest by its name, through providers and a configuration
// file: 0.7 ms that every short command would pay for the same function.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "oci-spec/image_spec.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr std::string_view kPrefix = "sha256:";

std::string hexadecimal(const unsigned char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (size_t i = 0; i < count; ++i) {
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

void require(int result) {
  if (result != 1) throw Error("compute a SHA-256: OpenSSL refuses");
}

}  // namespace

void Sha256::Free::operator()(SHA256state_st* state) const {
  delete state;
}

Sha256::Sha256() : state_(new SHA256state_st) {
  require(::SHA256_Init(state_.get()));
}

void Sha256::update(std::string_view bytes) {
  require(::SHA256_Update(state_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  require(::SHA256_Final(hash.data(), state_.get()));
  require(::SHA256_Init(state_.get()));
  return std::string(kPrefix).append(hexadecimal(hash.data(), hash.size()));
}

std::string digest_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string digest_hex(std::string_view digest) {
  if (!oci::is_digest(digest)) {
    throw Error(std::string(digest).append(": not a digest of the form sha256:HEX"));
  }
  return std::string(digest.substr(kPrefix.size()));
}

std::string chain_id(std::string_view parent, std::string_view diff_id) {
  if (parent.empty()) return std::string(diff_id);
  return digest_of(std::string(parent).append(" ").append(diff_id));
}

}  // namespace gocker
