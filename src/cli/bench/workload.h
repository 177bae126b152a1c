// What `aurea bench` measures: one workload is one row of the result.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aurea::cli::bench {

enum class Kind {
  kPrefill,  // one sequence reads a prompt
  kDecode,   // sequences write a token each per step
  kMixed,    // they do so while a further one reads a prompt in pieces, in the same steps
};

/// Sizes that a kind does not have are 0.
struct Workload {
  Kind kind = Kind::kPrefill;
  size_t prompt = 0;    // tokens to read
  size_t chunk = 0;     // of these, in one step of kMixed
  size_t generate = 0;  // tokens that each sequence writes: the number of steps
  size_t batch = 0;     // sequences that write
  size_t depth = 0;     // tokens that each of them has in its context before

  bool operator==(const Workload&) const = default;

  /// Tokens that count in tokens/s: those read by kPrefill, those written by the others.
  [[nodiscard]] size_t tokens() const { return kind == Kind::kPrefill ? prompt : generate * batch; }
  /// Tokens that the longest sequence ends with.
  [[nodiscard]] size_t longest() const;
  /// "prefill 512", "decode 64 x 8 at 4096", "decode x 8 reading 512 by 64".
  [[nodiscard]] std::string name() const;
};

/// "prefill", "decode", "mixed".
std::string_view name(Kind kind);

/// By depth, the most sequences that a workload writes to there.
std::map<size_t, size_t> largest_batches(std::span<const Workload> workloads);

/// The values of the command line.
struct Sweep {
  std::vector<size_t> prompts = {256}, depths = {0}, batches = {1};
  size_t generate = 32;
  size_t chunk = 0;  // 0: nothing mixed

  /// Every prompt, every depth with every batch; mixed: every prompt with these. A size of 0 tokens is no workload.
  [[nodiscard]] std::vector<Workload> workloads() const;
};

/// Of the tokens per second of several runs.
struct Spread {
  double median = 0, min = 0, max = 0;
};
Spread spread_of(std::vector<double> values);

}  // namespace aurea::cli::bench
