#include "core/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <fstream>
#include <new>
#include <vector>

#include "core/error.h"

namespace aurea {
namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

void FastHash::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

FastHash::FastHash() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  reset();
}

void FastHash::update(std::span<const std::byte> bytes) {
  AUREA_CHECK(XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()) == XXH_OK);
}

std::string FastHash::hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  return to_hex(canonical.digest);
}

void FastHash::reset() { AUREA_CHECK(XXH3_128bits_reset(state_.get()) == XXH_OK); }

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw std::bad_alloc();
  AUREA_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(std::span<const std::byte> bytes) {
  AUREA_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, kHexDigits / 2> digest;
  unsigned size = 0;
  AUREA_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1 && size == digest.size());
  return to_hex(digest);
}

std::string sha256_hex(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hash.hex();
}

std::string sha256_of_file(const std::filesystem::path& path, const CancelToken* cancel) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_file("{}: cannot open", path.string());
  Sha256 hash;
  std::vector<char> buffer(size_t{1} << 20);
  while (file) {
    if (cancel != nullptr) cancel->check();
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update(std::string_view(buffer.data(), static_cast<size_t>(file.gcount())));
  }
  if (!file.eof()) fail_file("{}: cannot read", path.string());
  return hash.hex();
}

}  // namespace aurea
