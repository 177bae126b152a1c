// The reader of importance matrices, both layouts, on any bytes; what it accepts must survive being written and read
// again.
#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <optional>

#include "quantization/importance.h"
#include "tests/fuzz/fuzz_support.h"

namespace {

using namespace aurea;
using quantization::Importance;

bool equal(const Importance& a, const Importance& b) {
  const auto same_entry = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.n_mat == y.second.n_mat && x.second.sums == y.second.sums &&
           x.second.counts == y.second.counts;
  };
  return a.datasets == b.datasets && a.chunk_count == b.chunk_count && a.unfinished == b.unfinished &&
         std::equal(a.entries().begin(), a.entries().end(), b.entries().begin(), b.entries().end(), same_entry);
}

/// Every matrix's columns are finite and positive, or refused.
void check_columns(const Importance& importance) {
  for (const auto& [name, entry] : importance.entries()) {
    for (uint64_t part = 0; part < std::min<uint64_t>(entry.n_mat, 4); ++part) {
      for (const float value : importance.column_importance(name, part, entry.n_mat, entry.n_in())) {
        fuzz::require(std::isfinite(value) && value >= 0);
      }
    }
  }
}

void check_rewriting(const Importance& importance) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("fuzz_importance." + std::to_string(::getpid()));
  importance.write(path, true);
  const Importance again = Importance::read(path);
  std::filesystem::remove(path);
  fuzz::require(equal(importance, again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::optional<Importance> importance;
  fuzz::allow_refusal([&] { importance = Importance::parse(fuzz::as_bytes(data, size), "input"); });
  if (!importance) return 0;
  check_columns(*importance);
  check_rewriting(*importance);
  fuzz::allow_refusal([&] {  // sums may overflow
    const Importance copy = *importance;
    importance->merge(copy);
    check_columns(*importance);
  });
  return 0;
}
