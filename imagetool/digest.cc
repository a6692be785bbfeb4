#include "imagetool/digest.h"

#include <openssl/evp.h>

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

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  ::EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(::EVP_MD_CTX_new()) {
  require(context_ ? ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr) : 0);
}

void Sha256::update(std::string_view bytes) {
  require(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> hash{};
  require(::EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr));
  require(::EVP_DigestInit_ex(context_.get(), nullptr, nullptr));
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
