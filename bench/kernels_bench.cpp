// Speed of every kernel of every set that this CPU has, on one thread, beside the limits measured in the same run:
// limit/read_all, limit/int8_peak and limit/f32_peak. decode/: one token times a matrix larger than the caches
// (bytes_per_second counts weights, as reading does); prefill/: 64 tokens (operations: 2 per multiply-add); attention/:
// 512 tokens at once (prefill), one token behind 16,383 (decode; bytes are the cache's), with 1 or 4 query heads to a
// key/value head; store/: numbers written into the cache. gemm/: float32 matrices, m x n x k (T: a transposed).
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>

#include "core/page_buffer.h"
#include "kernels/packing.h"
#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace {

using namespace aurea;
using namespace aurea::kernels;

constexpr size_t kCols = 3072;
constexpr size_t kLargeBytes = size_t{64} << 20;
constexpr size_t kPrefillRows = 384, kPrefillTokens = 64;

struct Weights {
  QuantType type;
  size_t rows, row_bytes;  // as MatmulArgs has it
  PageBuffer bytes;        // as the kernels want them
};

/// Random weights, at least `bytes` as they are stored; the last ones asked for are kept.
const Weights& weights(QuantType type, size_t bytes) {
  static Weights made;
  const size_t stored_row = row_bytes(type, kCols), rows = (bytes + stored_row - 1) / stored_row;
  if (made.rows == rows && made.type == type) return made;
  test::Bytes stored(rows * stored_row);
  test::fill_weights(type, stored, 1);
  if (const Packing* to = packing(type)) {
    made = {type, rows, packed_group_bytes(to->format, kCols), PageBuffer(packed_bytes(type, rows, kCols))};
    pack_groups(type, stored.data(), stored_row, rows, kCols, 0, packed_groups(rows), made.bytes.data());
  } else {
    made = {type, rows, stored_row, PageBuffer(stored.size())};
    std::memcpy(made.bytes.data(), stored.data(), stored.size());
  }
  return made;
}

void multiply(benchmark::State& state, const KernelSet& set, const MatmulKernel& kernel, QuantType type, size_t bytes,
              size_t n_tokens) {
  const Weights& w = weights(type, bytes);
  const test::Bytes x =
      test::pack_activations(set, kernel.activation, test::random_activations(n_tokens, kCols, 2), kCols);
  std::vector<float> out(n_tokens * w.rows);
  const MatmulArgs args = {.weights = w.bytes.data(),
                           .row_bytes = w.row_bytes,
                           .cols = kCols,
                           .x = x.data(),
                           .x_row_bytes = activation_row_bytes(kernel.activation, kCols),
                           .n_tokens = n_tokens,
                           .out = out.data(),
                           .out_stride = w.rows};
  for (auto _ : state) {
    kernel.run(args, 0, w.rows);
    benchmark::DoNotOptimize(out.data());
  }
  const auto iterations = static_cast<double>(state.iterations());
  if (n_tokens == 1) state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(w.bytes.size()));
  state.counters["Gop/s"] = benchmark::Counter(2e-9 * iterations * static_cast<double>(w.rows * kCols * n_tokens),
                                               benchmark::Counter::kIsRate);
}

constexpr std::pair<KvType, const char*> kKvTypes[] = {{KvType::kF32, "F32"},
                                                       {KvType::kF16, "F16"},
                                                       {KvType::kBF16, "BF16"},
                                                       {KvType::kQ8_0, "Q8_0"},
                                                       {KvType::kQ4_0, "Q4_0"}};
constexpr size_t kHeadDim = 96;  // Phi-3.5-mini's

/// Pages of random keys and values as the engine keeps them: [kv head][K, V].
struct Cache {
  size_t block;
  PageBuffer bytes;
  std::vector<const uint8_t*> pages;

  Cache(const KernelSet& set, KvType type, size_t n_tokens, size_t n_heads) : block(kv_block_bytes(type, kHeadDim)) {
    const size_t n_pages = (n_tokens + kKvBlockTokens - 1) / kKvBlockTokens, page = 2 * n_heads * block;
    bytes = PageBuffer(n_pages * page);
    uint8_t* first = bytes.data();
    const std::vector<float> x = test::random_activations(kKvBlockTokens, kHeadDim, 7);
    const KvStoreArgs args{.x = x.data(),
                           .stride = kHeadDim,
                           .n_tokens = kKvBlockTokens,
                           .head_dim = kHeadDim,
                           .type = type,
                           .block = first,
                           .slot = 0};
    set.store_keys(args);
    for (size_t p = 0; p < n_pages; ++p) {
      for (size_t b = 0; b < 2 * n_heads; ++b) {
        if (p + b > 0) std::memcpy(first + p * page + b * block, first, block);
      }
      pages.push_back(first + p * page);
    }
  }
};

/// One layer's attention: `n_tokens` of which the first has `position` keys before it.
void attend(benchmark::State& state, const KernelSet& set, KvType type, size_t position, size_t n_tokens,
            size_t n_heads, size_t n_kv_heads) {
  const Cache cache(set, type, position + n_tokens, n_kv_heads);
  const size_t width = n_heads * kHeadDim;
  const std::vector<float> q = test::random_activations(n_tokens, n_kv_heads * width, 3);
  std::vector<float> out(q.size());
  const test::Bytes scratch(attention_scratch_bytes(kHeadDim) + 64);
  auto* aligned = const_cast<uint8_t*>(scratch.data()) + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  for (auto _ : state) {
    for (size_t head = 0; head < n_kv_heads; ++head) {
      set.attention({.q = q.data() + head * width,
                     .q_stride = n_kv_heads * width,
                     .out = out.data() + head * width,
                     .out_stride = n_kv_heads * width,
                     .n_tokens = n_tokens,
                     .n_heads = n_heads,
                     .head_dim = kHeadDim,
                     .pages = cache.pages.data(),
                     .k_offset = 2 * head * cache.block,
                     .v_offset = (2 * head + 1) * cache.block,
                     .k_type = type,
                     .v_type = type,
                     .position = position,
                     .window = 0,
                     .scale = 0.1f,
                     .scratch = aligned});
    }
    benchmark::DoNotOptimize(out.data());
  }
  const size_t pairs = n_tokens * position + n_tokens * (n_tokens + 1) / 2;
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["Gop/s"] = benchmark::Counter(4e-9 * iterations * static_cast<double>(pairs * width * n_kv_heads),
                                               benchmark::Counter::kIsRate);
  if (n_tokens == 1) {
    state.SetBytesProcessed(state.iterations() *
                            static_cast<int64_t>(cache.pages.size() * 2 * cache.block * n_kv_heads));
  }
}

/// Keys and values of 512 tokens into the cache.
void store(benchmark::State& state, const KernelSet& set, KvType type) {
  const std::vector<float> x = test::random_activations(kKvBlockTokens, kHeadDim, 9);
  test::Bytes block(kv_block_bytes(type, kHeadDim));
  const KvStoreArgs args{.x = x.data(),
                         .stride = kHeadDim,
                         .n_tokens = kKvBlockTokens,
                         .head_dim = kHeadDim,
                         .type = type,
                         .block = block.data(),
                         .slot = 0};
  for (auto _ : state) {
    set.store_keys(args);
    set.store_values(args);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(2 * x.size()));
}

void quantize(benchmark::State& state, const KernelSet& set, ActivationFormat format) {
  const std::vector<float> x = test::random_activations(1, kCols, 4);
  std::vector<BlockQ8x32> small(kCols / 32);
  std::vector<BlockQ8x256> large(kCols / 256);
  for (auto _ : state) {
    if (format == ActivationFormat::kQ8x32) {
      set.quantize_q8x32(x.data(), small.data(), kCols);
    } else {
      set.quantize_q8x256(x.data(), large.data(), kCols);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCols));
}

void silu(benchmark::State& state, const KernelSet& set) {
  const std::vector<float> gate = test::random_activations(1, kCols, 5), up = test::random_activations(1, kCols, 6);
  std::vector<float> out(kCols);
  for (auto _ : state) {
    set.silu_mul(gate.data(), up.data(), out.data(), kCols);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCols));
}

void read_limit(benchmark::State& state, const KernelSet& set) {
  const test::Bytes& w = weights(QuantType::kQ8_0, kLargeBytes);
  uint64_t sink = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sink += set.read_all(w.data(), w.size()));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(w.bytes.size()));
}

void int8_limit(benchmark::State& state, const KernelSet& set) {
  uint32_t sink = 0;
  double operations = 0;
  for (auto _ : state) operations += static_cast<double>(set.int8_peak(100000, &sink));
  benchmark::DoNotOptimize(sink);
  state.counters["Gop/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsRate);
}

void f32_limit(benchmark::State& state, const KernelSet& set) {
  float sink = 0;
  double operations = 0;
  for (auto _ : state) operations += static_cast<double>(set.f32_peak(100000, &sink));
  benchmark::DoNotOptimize(sink);
  state.counters["Gop/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsRate);
}

void gemm(benchmark::State& state, const KernelSet& set, size_t m, size_t n, size_t k, bool a_transposed) {
  const std::vector<float> a = test::random_activations(m, k, 7), b = test::random_activations(k, n, 8);
  std::vector<float> c(m * n);
  for (auto _ : state) {
    set.gemm({.a = a.data(),
              .a_row = a_transposed ? 1 : k,
              .a_col = a_transposed ? m : 1,
              .b = b.data(),
              .b_row = n,
              .b_col = 1,
              .c = c.data(),
              .c_row = n,
              .m = m,
              .n = n,
              .k = k});
    benchmark::DoNotOptimize(c.data());
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["Gop/s"] =
      benchmark::Counter(2e-9 * iterations * static_cast<double>(m * n * k), benchmark::Counter::kIsRate);
}

template <class Function, class... Args>
void add(const std::string& name, Function function, Args... args) {
  benchmark::RegisterBenchmark(name.c_str(), function, args...)->Unit(benchmark::kMicrosecond);
}

void register_all() {
  for (const KernelSet* set : available_kernel_sets()) {
    const std::string name = set->name;
    add("limit/read_all/" + name, [set](benchmark::State& s) { read_limit(s, *set); });
    add("limit/int8_peak/" + name, [set](benchmark::State& s) { int8_limit(s, *set); });
    add("limit/f32_peak/" + name, [set](benchmark::State& s) { f32_limit(s, *set); });
    add("gemm/1024x1024x1024/" + name, [set](benchmark::State& s) { gemm(s, *set, 1024, 1024, 1024, false); });
    add("gemm/16x256x2048/" + name, [set](benchmark::State& s) { gemm(s, *set, 16, 256, 2048, false); });
    add("gemm/T2048x2048x256/" + name, [set](benchmark::State& s) { gemm(s, *set, 2048, 2048, 256, true); });
  }
  for (const QuantTypeInfo& type : kQuantTypes) {
    const size_t prefill_bytes = kPrefillRows * row_bytes(type.type, kCols);
    for (const auto& [kind, bytes, tokens] :
         {std::tuple("decode/", kLargeBytes, size_t{1}), std::tuple("prefill/", prefill_bytes, kPrefillTokens)}) {
      for (const KernelSet* set : available_kernel_sets()) {
        const MatmulKernel& kernel = set->matmul[static_cast<size_t>(type.type)];
        add(kind + std::string(type.name) + "/" + set->name,
            [=, &kernel, bytes = bytes, tokens = tokens](benchmark::State& s) {
              multiply(s, *set, kernel, type.type, bytes, tokens);
            });
      }
    }
  }
  for (const KernelSet* set : available_kernel_sets()) {
    const std::string name = set->name;
    for (const auto& [type, type_name] : kKvTypes) {
      const std::string suffix = std::string(type_name) + "/" + name;
      const KvType t = type;
      add("store/" + suffix, [=](benchmark::State& s) { store(s, *set, t); });
      if (name == "scalar") continue;  // minutes
      add("attention/prefill/heads1/" + suffix, [=](benchmark::State& s) { attend(s, *set, t, 0, 512, 1, 4); });
      add("attention/prefill/heads4/" + suffix, [=](benchmark::State& s) { attend(s, *set, t, 0, 512, 4, 1); });
      add("attention/decode/heads1/" + suffix, [=](benchmark::State& s) { attend(s, *set, t, 16383, 1, 1, 32); });
      add("attention/decode/heads4/" + suffix, [=](benchmark::State& s) { attend(s, *set, t, 16383, 1, 4, 32); });
    }
    add("quantize/q8x32/" + name, [set](benchmark::State& s) { quantize(s, *set, ActivationFormat::kQ8x32); });
    add("quantize/q8x256/" + name, [set](benchmark::State& s) { quantize(s, *set, ActivationFormat::kQ8x256); });
    add("silu_mul/" + name, [set](benchmark::State& s) { silu(s, *set); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
