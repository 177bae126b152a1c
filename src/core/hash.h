// Check values: XXH3 answers "is this still what was written here", SHA-256 "is this the same file as over there".
// XXH3: xxHash 0.8, 128 bits, stable since that release. SHA-256: FIPS 180-4, by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/cancel.h"

struct XXH3_state_s;
struct evp_md_ctx_st;

namespace aurea {

/// Tens of gigabytes per second; says nothing about changes made on purpose.
class FastHash {
 public:
  FastHash();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text.data(), text.size()))); }
  /// 32 hexadecimal digits of everything so far.
  [[nodiscard]] std::string hex() const;
  void reset();

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

class Sha256 {
 public:
  static constexpr size_t kHexDigits = 64;

  Sha256();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text.data(), text.size()))); }
  /// 64 lower-case hexadecimal digits; ends the hash, nothing may be added afterwards.
  [[nodiscard]] std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256_hex(std::string_view text);

/// What `sha256sum PATH` prints, read with a small buffer. Throws kBadFile naming the path, kCancelled.
std::string sha256_of_file(const std::filesystem::path& path, const CancelToken* cancel = nullptr);

}  // namespace aurea
