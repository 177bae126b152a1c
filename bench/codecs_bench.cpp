// Speed of every codec of the table on rows of gaussian weights: decoding, encoding, encoding with importance.
// items_per_second counts weights; the counter ns_per_weight is its inverse.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "codecs/codec.h"

namespace {

using namespace aurea;

constexpr size_t kRows = 16, kCols = 3072;

struct Matrix {
  std::vector<float> values, importance;
};

const Matrix& matrix() {
  static const Matrix made = [] {
    Matrix m{std::vector<float>(kRows * kCols), std::vector<float>(kCols)};
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal;
    for (float& v : m.values) v = normal(random) / 64;
    for (float& v : m.importance) v = std::exp(normal(random));
    return m;
  }();
  return made;
}

void finish(benchmark::State& state) {
  const auto weights = static_cast<double>(state.iterations()) * kRows * kCols;
  state.SetItemsProcessed(static_cast<int64_t>(weights));
  state.counters["ns_per_weight"] =
      benchmark::Counter(weights * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void encode_rows(const codecs::Codec& codec, const float* importance, std::byte* dst) {
  const size_t bytes = row_bytes(codec.type, kCols);
  for (size_t row = 0; row < kRows; ++row) {
    codec.encode(matrix().values.data() + row * kCols, dst + row * bytes, kCols, importance);
  }
}

void encode(benchmark::State& state, QuantType type, bool with_importance) {
  const codecs::Codec& codec = codecs::codec(type);
  std::vector<std::byte> blocks(kRows * row_bytes(type, kCols));
  for (auto _ : state) {
    encode_rows(codec, with_importance ? matrix().importance.data() : nullptr, blocks.data());
    benchmark::DoNotOptimize(blocks.data());
  }
  finish(state);
}

void decode(benchmark::State& state, QuantType type) {
  const codecs::Codec& codec = codecs::codec(type);
  const size_t bytes = row_bytes(type, kCols);
  std::vector<std::byte> blocks(kRows * bytes);
  encode_rows(codec, nullptr, blocks.data());
  std::vector<float> values(kCols);
  for (auto _ : state) {
    for (size_t row = 0; row < kRows; ++row) {
      codec.decode(blocks.data() + row * bytes, values.data(), kCols);
      benchmark::DoNotOptimize(values.data());
    }
  }
  finish(state);
}

}  // namespace

int main(int argc, char** argv) {
  for (const QuantTypeInfo& type : kQuantTypes) {
    const std::string name(type.name);
    benchmark::RegisterBenchmark(("decode/" + name).c_str(), decode, type.type);
    benchmark::RegisterBenchmark(("encode/" + name).c_str(), encode, type.type, false);
    if (codecs::codec(type.type).uses_importance) {
      benchmark::RegisterBenchmark(("encode_weighted/" + name).c_str(), encode, type.type, true);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
