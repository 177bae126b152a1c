#include "quantization/importance.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/checked_math.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "formats/byte_reader.h"
#include "formats/gguf/gguf_file.h"
#include "formats/gguf/gguf_limits.h"
#include "formats/gguf/gguf_writer.h"
#include "formats/name_check.h"

namespace aurea::quantization {
namespace {

using formats::GgufValue;

constexpr std::string_view kSumsSuffix = ".in_sum2";
constexpr std::string_view kCountsSuffix = ".counts";
constexpr std::string_view kType = "imatrix";
constexpr const char* kDatasetsKey = "imatrix.datasets";
constexpr const char* kChunkCountKey = "imatrix.chunk_count";
constexpr const char* kChunkSizeKey = "imatrix.chunk_size";
constexpr const char* kUnfinishedKey = "aurea.imatrix.unfinished";
constexpr uint64_t kMaxNameBytes = formats::kGgufMaxTensorNameBytes - kSumsSuffix.size();
constexpr uint64_t kMaxDatasetBytes = 4096;

void check_text(std::string_view text, uint64_t max_bytes, const char* what) {
  if (const auto problem = formats::name_problem(text, max_bytes); !problem.empty()) fail_file("{}: {}", what, problem);
}

uint32_t checked_chunks(uint64_t value, std::string_view what) {
  if (value > UINT32_MAX) fail_file("{}: at most {} are possible, found {}", what, UINT32_MAX, value);
  return static_cast<uint32_t>(value);
}

std::vector<float> floats_of(const formats::GgufTensor& tensor) {
  if (tensor.view.type != QuantType::kF32)
    fail_file("tensor '{}': expected F32, found {}", tensor.name, name(tensor.view.type));
  std::vector<float> values(tensor.view.elements());
  std::memcpy(values.data(), tensor.view.data.data(), values.size() * sizeof(float));
  return values;
}

/// The pair of tensors of a weight as an entry.
ImportanceEntry entry_of(const formats::GgufTensor& sums, const formats::GgufTensor& counts) {
  ImportanceEntry entry{.n_mat = sums.view.rows(), .sums = floats_of(sums), .counts = floats_of(counts)};
  if (entry.counts.size() != 1 && entry.counts.size() != entry.n_mat) {
    fail_file("tensor '{}': expected a count for each of {} matrices, found {}", counts.name, entry.n_mat,
              entry.counts.size());
  }
  entry.counts.resize(entry.n_mat, entry.counts.front());
  for (float& count : entry.counts) count = std::round(count);
  return entry;
}

Importance from_gguf(const formats::GgufFile& file) {
  const formats::GgufMetadata& metadata = file.metadata();
  if (const auto type = metadata.optional_string("general.type"); type && *type != kType) {
    fail_file(
        "this GGUF file is of type '{}'; expected an importance matrix (type 'imatrix', as 'aurea imatrix' writes)",
        *type);
  }
  Importance result;
  const auto* datasets = metadata.optional_strings(kDatasetsKey);
  if (datasets == nullptr)
    fail_file("key '{}' is missing; expected an importance matrix as 'aurea imatrix' writes", kDatasetsKey);
  for (const std::string& dataset : *datasets) check_text(dataset, kMaxDatasetBytes, kDatasetsKey);
  result.datasets = *datasets;
  result.chunk_count = checked_chunks(metadata.required_uint(kChunkCountKey), kChunkCountKey);
  result.chunk_size = checked_chunks(metadata.required_uint(kChunkSizeKey), kChunkSizeKey);
  if (metadata.contains(kUnfinishedKey)) result.unfinished = metadata.required_uint(kUnfinishedKey);

  for (const formats::GgufTensor& tensor : file.tensors()) {
    const std::string_view full = tensor.name;
    const bool is_sums = full.ends_with(kSumsSuffix);
    if (!is_sums && !full.ends_with(kCountsSuffix))
      fail_file("tensor '{}': expected names that end in '{}' or '{}'", full, kSumsSuffix, kCountsSuffix);
    const std::string weight(full.substr(0, full.size() - (is_sums ? kSumsSuffix : kCountsSuffix).size()));
    const std::string partner = weight + std::string(is_sums ? kCountsSuffix : kSumsSuffix);
    const formats::GgufTensor* other = file.find(partner);
    if (other == nullptr) fail_file("tensor '{}': its partner '{}' is missing", full, partner);
    if (is_sums) result.add(weight, entry_of(tensor, *other));
  }
  return result;
}

/// A count or length of the older layout.
uint64_t read_size(formats::ByteReader& reader, std::string_view what, int32_t least) {
  const auto value = reader.read<int32_t>(what);
  if (value < least)
    fail_file("offset {}: {}: expected at least {}, found {}", reader.position() - sizeof(value), what, least, value);
  return static_cast<uint64_t>(value);
}

/// value = (sum / count) * n_calls, n_calls counting chunks. Sum and count come back in units of rows.
ImportanceEntry legacy_entry(formats::ByteReader& reader) {
  const uint64_t n_calls = read_size(reader, "number of calls", 0);
  const uint64_t n_values = read_size(reader, "number of values", 1);
  const auto bytes = reader.take(n_values * sizeof(float), "values");  // 2^31 * 4: no overflow
  ImportanceEntry entry{.n_mat = 1, .sums = std::vector<float>(n_values), .counts = {}};
  std::memcpy(entry.sums.data(), bytes.data(), bytes.size());
  for (float& value : entry.sums) value *= static_cast<float>(Importance::kDefaultChunkSize);
  entry.counts = {static_cast<float>(std::max<uint64_t>(n_calls, 1) * Importance::kDefaultChunkSize)};
  return entry;
}

Importance from_legacy(std::span<const std::byte> bytes) {
  formats::ByteReader reader(bytes);
  Importance result;
  const uint64_t n_entries = read_size(reader, "number of entries", 1);
  for (uint64_t i = 0; i < n_entries; ++i) {
    const std::string_view name = reader.text(read_size(reader, "length of a name", 1), "name");
    check_text(name, kMaxNameBytes, "name of an entry");
    if (result.has(name)) fail_file("entry '{}' appears twice", name);
    result.add(name, legacy_entry(reader));
  }
  if (reader.remaining() == 0) return result;  // files of before 2024 end here
  result.chunk_count = checked_chunks(read_size(reader, "number of the last chunk", 0), "number of the last chunk");
  const std::string_view dataset =
      reader.text(read_size(reader, "length of the data set's name", 0), "name of the data set");
  check_text(dataset, kMaxDatasetBytes, "name of the data set");
  if (!dataset.empty()) result.datasets = {std::string(dataset)};
  if (reader.remaining() > 0) fail_file("{} bytes behind the end", reader.remaining());
  return result;
}

bool is_gguf(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "GGUF", 4) == 0;
}

/// One entry per matrix where the other has that: the sums are the same numbers in the same order.
void split(ImportanceEntry& entry, uint64_t n_mat) {
  entry.counts.resize(n_mat, entry.counts.front());
  entry.n_mat = n_mat;
}

void check_values(std::span<const float> values, const char* what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]) || values[i] < 0)
      fail_file("{} {} is {}; expected a finite number from 0", what, i, values[i]);
  }
}

}  // namespace

Importance Importance::read(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse(file.bytes(), path.string());
}

Importance Importance::parse(std::span<const std::byte> bytes, const std::string& source) {
  Importance result;
  if (is_gguf(bytes)) {
    const formats::GgufFile file = formats::GgufFile::parse(bytes, source);
    try {
      result = from_gguf(file);
    } catch (Error& error) {
      throw error.add_context(source);
    }
  } else {
    try {
      result = from_legacy(bytes);
    } catch (Error& error) {
      throw error.add_context(source + ": neither a GGUF file nor an importance matrix of the older layout");
    }
  }
  result.source = source;
  return result;
}

void Importance::write(const std::filesystem::path& path, bool overwrite) const {
  formats::GgufMetadata metadata;
  metadata.set("general.type", GgufValue::string(std::string(kType)));
  metadata.set(kDatasetsKey, GgufValue::strings(datasets));
  metadata.set(kChunkCountKey, GgufValue::u32(chunk_count));
  metadata.set(kChunkSizeKey, GgufValue::u32(chunk_size));
  if (unfinished) metadata.set(kUnfinishedKey, {formats::GgufType::kUint64, *unfinished});
  std::vector<formats::GgufTensorSpec> specs;
  for (const auto& [name, entry] : entries_) {
    specs.push_back({name + std::string(kSumsSuffix), QuantType::kF32, {entry.n_mat, entry.n_in()}});
    specs.push_back({name + std::string(kCountsSuffix), QuantType::kF32, {entry.n_mat, 1}});
  }
  formats::GgufWriter writer(path, overwrite, metadata, std::move(specs));
  for (const auto& [name, entry] : entries_) {
    writer.write(std::as_bytes(std::span(entry.sums)));
    writer.write(std::as_bytes(std::span(entry.counts)));
  }
  writer.commit();
}

void Importance::add(std::string_view name, const ImportanceEntry& added) {
  AUREA_CHECK(added.n_mat > 0 && added.counts.size() == added.n_mat && !added.sums.empty() &&
              added.sums.size() % added.n_mat == 0);
  try {
    check_values(added.sums, "sum");
    check_values(added.counts, "count");
    const auto [found, is_new] = entries_.try_emplace(std::string(name), added);
    if (is_new) return;
    ImportanceEntry& mine = found->second;
    ImportanceEntry theirs = added;
    if (mine.sums.size() == theirs.sums.size() && mine.n_mat == 1) split(mine, theirs.n_mat);
    if (mine.sums.size() == theirs.sums.size() && theirs.n_mat == 1) split(theirs, mine.n_mat);
    if (mine.n_mat != theirs.n_mat || mine.sums.size() != theirs.sums.size()) {
      fail_file("expected {} x {} values as before, found {} x {}", mine.n_mat, mine.n_in(), theirs.n_mat,
                theirs.n_in());
    }
    for (size_t i = 0; i < mine.sums.size(); ++i) mine.sums[i] += theirs.sums[i];
    for (size_t i = 0; i < mine.n_mat; ++i) mine.counts[i] += theirs.counts[i];
    check_values(mine.sums, "sum");
    check_values(mine.counts, "count");
  } catch (Error& error) {
    throw error.add_context(fmt::format("'{}'", name));
  }
}

void Importance::merge(const Importance& other) {
  try {
    for (const auto& [name, entry] : other.entries_) add(name, entry);
    chunk_count = checked_chunks(checked_add(chunk_count, other.chunk_count, kChunkCountKey), kChunkCountKey);
  } catch (Error& error) {
    throw error.add_context(fmt::format("{} and {} cannot be merged", source, other.source));
  }
  for (const std::string& dataset : other.datasets) {
    if (!std::ranges::count(datasets, dataset)) datasets.push_back(dataset);
  }
}

void Importance::filter(const std::function<bool(std::string_view)>& keeps) {
  std::erase_if(entries_, [&](const auto& entry) { return !keeps(entry.first); });
}

std::vector<float> Importance::column_importance(std::string_view name, uint64_t part, uint64_t n_parts,
                                                 uint64_t n_in) const {
  const auto found = entries_.find(name);
  AUREA_CHECK(found != entries_.end() && part < n_parts);
  const ImportanceEntry& entry = found->second;
  const uint64_t wanted = checked_mul(n_parts, n_in, "size of a tensor");
  if (entry.sums.size() != wanted || (entry.n_mat != 1 && entry.n_mat != n_parts)) {
    fail_file(
        "{}: '{}': expected {} x {} values as the model has, found {} x {}; this importance matrix belongs to another "
        "model",
        source, name, n_parts, n_in, entry.n_mat, entry.n_in());
  }
  const float count = entry.counts[entry.n_mat == 1 ? 0 : part];
  if (count == 0) return std::vector<float>(n_in, 1.0f);
  const auto first = entry.sums.begin() + static_cast<std::ptrdiff_t>(part * n_in);
  std::vector<float> importance(first, first + static_cast<std::ptrdiff_t>(n_in));
  double sum = 0;
  for (float& value : importance) sum += value /= count;
  if (sum == 0) return std::vector<float>(n_in, 1.0f);
  const auto least = static_cast<float>(sum / static_cast<double>(n_in) * kFloor);
  for (float& value : importance) value = std::max(value, least);
  return importance;
}

}  // namespace aurea::quantization
