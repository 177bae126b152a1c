// The importance matrix: how strongly each input column of each weight is driven by real text. A quantizer weights the
// squared error of column j by the mean of x_j^2. File: llama.cpp v0.5.0's GGUF layout (tools/imatrix), read and
// written; its older .dat layout, read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aurea::quantization {

/// What was seen of one weight. float32 because the file has it so: a saved and a continued collection are the same.
struct ImportanceEntry {
  uint64_t n_mat = 1;         // matrices stacked in the weight (experts)
  std::vector<float> sums;    // [n_mat, n_in]: x_j^2 summed over the rows that were multiplied
  std::vector<float> counts;  // [n_mat]: rows summed, whole numbers

  [[nodiscard]] uint64_t n_in() const { return sums.size() / n_mat; }
};

class Importance {
 public:
  /// What the older layout, which has no such number, is taken to have been collected with: llama.cpp's default.
  static constexpr uint32_t kDefaultChunkSize = 512;

  Importance() = default;
  /// Reads either layout. Throws kBadFile, naming the path and what is wrong, on anything that is not one of them.
  static Importance read(const std::filesystem::path& path);
  /// The same of bytes in memory; `source` names them in errors.
  static Importance parse(std::span<const std::byte> bytes, const std::string& source);

  /// Writes the GGUF layout: sorted by name, whole or not at all. Throws kBadArgument as OutputFile does.
  void write(const std::filesystem::path& path, bool overwrite) const;

  /// Adds the other's sums, counts and chunks. An entry without a split into experts meets one with: its count holds
  /// for all. Throws kBadFile, naming both sources and the tensor, when the shapes differ.
  void merge(const Importance& other);

  /// Adds an entry to that of the same name, or as a new one. `name` is the weight's in GGUF, ".weight" included.
  /// Throws kBadFile when a sum or a count is negative or not finite, or the shapes differ.
  void add(std::string_view name, const ImportanceEntry& entry);

  /// Drops the entries whose names `keeps` refuses.
  void filter(const std::function<bool(std::string_view)>& keeps);

  [[nodiscard]] bool has(std::string_view name) const { return entries_.contains(name); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const std::map<std::string, ImportanceEntry, std::less<>>& entries() const { return entries_; }

  /// Weights [n_in] of part `part` of a weight of `n_parts` matrices with rows of `n_in`: the mean of x_j^2; all 1 for
  /// a matrix that no row reached. Columns that stayed at zero get kFloor of the mean, so that none is lost where
  /// everything around it is zero too. There must be an entry of that name (has()). Throws kBadFile, naming source and
  /// tensor, when the entry is not of this shape.
  [[nodiscard]] std::vector<float> column_importance(std::string_view name, uint64_t part, uint64_t n_parts,
                                                     uint64_t n_in) const;
  static constexpr float kFloor = 1e-6f;

  std::string source = "importance matrix";  // names it in errors
  std::vector<std::string> datasets;         // what it was collected on
  uint32_t chunk_count = 0;
  uint32_t chunk_size = kDefaultChunkSize;  // tokens
  /// Set while a collection is under way: the fingerprint of what is collected on, so that only the same one is
  /// continued. A finished file has nothing but llama.cpp's own keys.
  std::optional<uint64_t> unfinished;

 private:
  std::map<std::string, ImportanceEntry, std::less<>> entries_;
};

}  // namespace aurea::quantization
