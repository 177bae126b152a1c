// The GGUF keys that several architectures share: `<arch>.*`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/gguf/gguf_file.h"
#include "models/hyperparams.h"

namespace aurea::models {

/// Reads `<arch>.<key>`; errors name the whole key.
class GgufKeys {
 public:
  GgufKeys(const formats::GgufFile& file, std::string_view architecture) : file_(file), prefix_(std::string(architecture) + ".") {}

  [[nodiscard]] uint64_t count(const char* key) const { return file_.metadata().required_uint(full(key)); }
  [[nodiscard]] std::optional<uint64_t> optional_count(const char* key) const { return file_.metadata().optional_uint(full(key)); }
  [[nodiscard]] double number(const char* key) const { return file_.metadata().required_number(full(key)); }
  [[nodiscard]] std::optional<double> optional_number(const char* key) const { return file_.metadata().optional_number(full(key)); }
  [[nodiscard]] std::optional<std::string> optional_string(const char* key) const { return file_.metadata().optional_string(full(key)); }
  [[nodiscard]] std::string full(const char* key) const { return prefix_ + key; }

  /// Sizes, heads, context, rope dimensions and theta, tied embeddings. Throws kBadFile for what is missing, kUnsupported for
  /// keys that ask for another computation: scaled rope of another type, values of another size than keys.
  [[nodiscard]] Hyperparams common() const;
  /// Adds LongRoPE's lists and its magnitude, if the file has them.
  void read_longrope(Hyperparams& params) const;

 private:
  const formats::GgufFile& file_;
  std::string prefix_;
};

/// Writes `<arch>.<key>`.
class GgufKeyWriter {
 public:
  GgufKeyWriter(formats::GgufMetadata& metadata, std::string_view architecture) : metadata_(metadata), prefix_(std::string(architecture) + ".") {}

  void count(const char* key, uint64_t value);
  void number(const char* key, double value);
  /// What GgufKeys::common reads, but for theta.
  void common(const Hyperparams& params);

 private:
  formats::GgufMetadata& metadata_;
  std::string prefix_;
};

}  // namespace aurea::models
