#include "quantization/certificate.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "core/utf8.h"

namespace aurea::quantization {
namespace {

using formats::GgufMetadata;
using formats::GgufType;
using formats::GgufValue;

constexpr size_t kReadAtOnce = size_t{4} << 20;

GgufValue f64(double value) { return {GgufType::kFloat64, value}; }
GgufValue u64(uint64_t value) { return {GgufType::kUint64, value}; }

/// Every key of a certificate, in their order, with the field of a Certificate that it stands for: `visit(key, field)`.
/// One list for writing and reading.
template <typename Certificate, typename Visit>
void for_each_key(Certificate& certificate, const Visit& visit) {
  auto& evaluation = certificate.evaluation;
  auto& comparison = *evaluation.comparison;
  visit("aurea.version", certificate.version);
  visit("aurea.recipe", certificate.recipe);
  visit("aurea.source.sha256", certificate.source_sha256);
  visit("aurea.importance.sha256", certificate.importance_sha256);
  visit("aurea.tensors.sha256", certificate.tensors_sha256);
  visit("aurea.text.sha256", certificate.text_sha256);
  visit("aurea.eval.kernels", certificate.kernels);
  visit("aurea.eval.tokens", evaluation.tokens);
  visit("aurea.eval.context", evaluation.context);
  visit("aurea.eval.perplexity", evaluation.perplexity);
  visit("aurea.eval.perplexity_stderr", evaluation.perplexity_stderr);
  visit("aurea.eval.reference_perplexity", comparison.reference_perplexity);
  visit("aurea.eval.kl_divergence", comparison.kl.mean);
  visit("aurea.eval.kl_divergence_stderr", comparison.kl.stderr_of_mean);
  visit("aurea.eval.kl_divergence_p50", comparison.kl.p50);
  visit("aurea.eval.kl_divergence_p90", comparison.kl.p90);
  visit("aurea.eval.kl_divergence_p99", comparison.kl.p99);
  visit("aurea.eval.kl_divergence_p999", comparison.kl.p999);
  visit("aurea.eval.kl_divergence_max", comparison.kl.max);
  visit("aurea.eval.top1_agreement", comparison.top1_agreement);
  visit("aurea.eval.rms_delta_p", comparison.rms_delta_p);
}

void read_value(const GgufMetadata& metadata, const char* key, std::string& value) {
  const bool optional = std::string_view(key) == "aurea.importance.sha256";
  value = optional ? metadata.optional_string(key).value_or("") : metadata.required_string(key);
  if (std::string_view(key).ends_with("sha256") && !(optional && value.empty()) &&
      (value.size() != Sha256::kHexDigits || value.find_first_not_of("0123456789abcdef") != std::string::npos)) {
    fail_file("key '{}': expected {} hexadecimal digits, found '{}'", key, Sha256::kHexDigits, sanitize_utf8(value));
  }
}
void read_value(const GgufMetadata& metadata, const char* key, uint64_t& value) { value = metadata.required_uint(key); }
void read_value(const GgufMetadata& metadata, const char* key, double& value) { value = metadata.required_number(key); }

void hash_data(Sha256& hash, std::span<const std::byte> data, const formats::GgufFile& file,
               const CancelToken* cancel) {
  for (size_t begin = 0; begin < data.size(); begin += kReadAtOnce) {
    if (cancel != nullptr) cancel->check();
    const auto piece = data.subspan(begin, std::min(kReadAtOnce, data.size() - begin));
    hash.update(piece);
    for (const MappedFile& part : file.files()) {
      const auto bytes = part.bytes();
      if (piece.data() >= bytes.data() && piece.data() < bytes.data() + bytes.size()) part.release(piece);
    }
  }
}

}  // namespace

std::optional<Certificate> Certificate::read(const GgufMetadata& metadata) {
  if (!metadata.contains("aurea.version")) return std::nullopt;
  Certificate certificate;
  certificate.evaluation.comparison.emplace();
  for_each_key(certificate, [&](const char* key, auto& value) { read_value(metadata, key, value); });
  return certificate;
}

void Certificate::store(GgufMetadata& metadata) const {
  AUREA_CHECK(evaluation.comparison.has_value());
  for_each_key(*this, [&](const char* key, const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      if (!value.empty()) metadata.set(key, GgufValue::string(value));
    } else if constexpr (std::is_same_v<Value, double>) {
      metadata.set(key, f64(value));
    } else {
      metadata.set(key, u64(value));
    }
  });
}

bool is_certificate_key(std::string_view key) {
  if (key == "aurea.version" || key == "aurea.recipe") return true;
  return std::ranges::any_of(std::initializer_list<std::string_view>{"aurea.source.", "aurea.importance.",
                                                                     "aurea.tensors.", "aurea.text.", "aurea.eval."},
                             [&](std::string_view group) { return key.starts_with(group); });
}

std::string sha256_of_files(std::vector<std::filesystem::path> paths, const CancelToken* cancel) {
  AUREA_CHECK(!paths.empty());
  if (paths.size() == 1) return sha256_of_file(paths.front(), cancel);
  std::ranges::sort(paths, {}, [](const std::filesystem::path& path) { return path.filename().string(); });
  std::string lines;
  for (const auto& path : paths) lines += sha256_of_file(path, cancel) + "\n";
  return sha256_hex(lines);
}

std::string tensors_sha256(const formats::GgufFile& file, ThreadPool& pool, const CancelToken* cancel) {
  std::vector<const formats::GgufTensor*> tensors;
  for (const formats::GgufTensor& tensor : file.tensors()) tensors.push_back(&tensor);
  std::ranges::sort(tensors, {}, &formats::GgufTensor::name);
  std::vector<std::string> lines(tensors.size());
  pool.parallel_for(tensors.size(), 1, [&](size_t begin, size_t end, unsigned) {
    for (size_t i = begin; i < end; ++i) {
      const TensorView& view = tensors[i]->view;
      Sha256 hash;
      hash_data(hash, view.data, file, cancel);
      lines[i] = fmt::format("{} {} {} {}\n", hash.hex(), name(view.type),
                             fmt::join(view.shape.rbegin(), view.shape.rend(), "x"), tensors[i]->name);
    }
  });
  return sha256_hex(fmt::format("{}", fmt::join(lines, "")));
}

std::string importance_sha256(const Importance& importance) {
  Sha256 hash;
  for (const auto& [name, entry] : importance.entries()) {
    hash.update(fmt::format("{} {} {}\n", name, entry.n_mat, entry.n_in()));
    hash.update(std::as_bytes(std::span(entry.sums)));
    hash.update(std::as_bytes(std::span(entry.counts)));
  }
  return hash.hex();
}

std::vector<std::filesystem::path> paths_of(std::span<const MappedFile> files) {
  std::vector<std::filesystem::path> paths;
  for (const MappedFile& file : files) paths.push_back(file.path());
  return paths;
}

}  // namespace aurea::quantization
