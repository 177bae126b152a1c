#include "cli/bench/workload.h"

#include <fmt/format.h>

#include <algorithm>

namespace aurea::cli::bench {

size_t Workload::longest() const { return std::max(prompt, depth + generate); }

std::string Workload::name() const {
  if (kind == Kind::kPrefill) return fmt::format("prefill {}", prompt);
  std::string text = kind == Kind::kDecode ? fmt::format("decode {}", generate) : "decode";
  if (batch > 1 || kind == Kind::kMixed) text += fmt::format(" x {}", batch);
  if (depth > 0) text += fmt::format(" at {}", depth);
  if (kind == Kind::kMixed) text += fmt::format(" reading {} by {}", prompt, chunk);
  return text;
}

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::kPrefill:
      return "prefill";
    case Kind::kDecode:
      return "decode";
    case Kind::kMixed:
      break;
  }
  return "mixed";
}

std::map<size_t, size_t> largest_batches(std::span<const Workload> workloads) {
  std::map<size_t, size_t> batches;
  for (const Workload& work : workloads) {
    if (work.kind != Kind::kPrefill) batches[work.depth] = std::max(batches[work.depth], work.batch);
  }
  return batches;
}

std::vector<Workload> Sweep::workloads() const {
  std::vector<Workload> workloads;
  const auto add = [&](const Workload& work) {
    if (std::ranges::find(workloads, work) == workloads.end()) workloads.push_back(work);
  };
  for (const size_t prompt : prompts) {
    if (prompt > 0) add({.kind = Kind::kPrefill, .prompt = prompt});
  }
  for (const size_t depth : depths) {
    if (generate == 0) break;
    for (const size_t batch : batches)
      add({.kind = Kind::kDecode, .generate = generate, .batch = batch, .depth = depth});
  }
  if (chunk == 0) return workloads;
  for (const size_t prompt : prompts) {
    if (prompt == 0) continue;
    for (const size_t depth : depths) {
      for (const size_t batch : batches) {
        const size_t steps = prompt / chunk + (prompt % chunk > 0);
        add({.kind = Kind::kMixed,
             .prompt = prompt,
             .chunk = chunk,
             .generate = steps,
             .batch = batch,
             .depth = depth});
      }
    }
  }
  return workloads;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const size_t n = values.size();
  return {(values[n / 2] + values[(n - 1) / 2]) / 2, values.front(), values.back()};
}

}  // namespace aurea::cli::bench
