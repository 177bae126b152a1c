// The blocks of the key/value cache against their description, and attention of every set against a float64 softmax.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::kernels {
namespace {

constexpr size_t kTokens = kKvBlockTokens;
constexpr KvType kTypes[] = {KvType::kF32, KvType::kF16, KvType::kBF16, KvType::kQ8_0, KvType::kQ4_0};
const char* name_of(KvType type) {
  const char* const names[kKvTypeCount] = {"F32", "F16", "BF16", "Q8_0", "Q4_0"};
  return names[static_cast<size_t>(type)];
}

uint16_t half_at(const uint8_t* p) {
  uint16_t half;
  std::memcpy(&half, p, sizeof half);
  return half;
}

/// Number d of a token, as the description in kernel_set.h says.
float read_number(KvType type, bool keys, const uint8_t* block, size_t head_dim, size_t token, size_t d) {
  const size_t dims = kv_padded_dim(type, head_dim), index = keys ? d * kTokens + token : token * dims + d;
  const uint8_t* scale =
      block + kv_code_bytes(type, head_dim) + 2 * (keys ? d / 32 * kTokens + token : token * (dims / 32) + d / 32);
  float value;
  switch (type) {
    case KvType::kF32:
      std::memcpy(&value, block + 4 * index, sizeof value);
      return value;
    case KvType::kF16:
      return f16_to_f32(half_at(block + 2 * index));
    case KvType::kBF16:
      return bf16_to_f32(half_at(block + 2 * index));
    case KvType::kQ8_0:
      return static_cast<float>(static_cast<int8_t>(block[index])) * f16_to_f32(half_at(scale));
    case KvType::kQ4_0:
      break;
  }
  const size_t byte = keys ? d / 2 * kTokens + token : token * (dims / 2) + d / 32 * 16 + d % 16;
  const bool high = keys ? d % 2 == 1 : d % 32 >= 16;
  const int nibble = high ? block[byte] >> 4 : block[byte] & 15;
  return static_cast<float>(nibble < 8 ? nibble : nibble - 16) * f16_to_f32(half_at(scale));
}

/// All numbers of a token, the padding's too.
std::vector<float> read_token(KvType type, bool keys, const uint8_t* block, size_t head_dim, size_t token) {
  std::vector<float> numbers(kv_padded_dim(type, head_dim));
  for (size_t d = 0; d < numbers.size(); ++d) numbers[d] = read_number(type, keys, block, head_dim, token, d);
  return numbers;
}

void store(const KernelSet& set, bool keys, const KvStoreArgs& args) {
  (keys ? set.store_keys : set.store_values)(args);
}

class KvBlocks : public ::testing::TestWithParam<const KernelSet*> {};

TEST_P(KvBlocks, NumbersAreTheNearestOfTheType) {
  const KernelSet& set = *GetParam();
  for (const KvType type : kTypes) {
    for (const bool keys : {true, false}) {
      for (const size_t head_dim : {1, 7, 16, 40, 80, 96, 128}) {
        const size_t stride = head_dim + 5;
        const std::vector<float> x = test::random_activations(kTokens, stride, head_dim);
        test::Bytes block(kv_block_bytes(type, head_dim));
        store(set, keys,
              {.x = x.data(),
               .stride = stride,
               .n_tokens = kTokens,
               .head_dim = head_dim,
               .type = type,
               .block = block.data(),
               .slot = 0});
        for (size_t t = 0; t < kTokens; ++t) {
          const std::vector<float> got = read_token(type, keys, block.data(), head_dim, t);
          for (size_t d = 0; d < got.size(); ++d) {
            const float want = d < head_dim ? x[t * stride + d] : 0;
            float largest = 0;
            for (size_t i = d / 32 * 32; i < head_dim && i < d / 32 * 32 + 32; ++i)
              largest = std::max(largest, std::abs(x[t * stride + i]));
            // Half a step; of the float types from the 24, 11 and 8 bits of their numbers. The scale itself is rounded
            // to 11 bits: that moves the last code, 7 of 8 steps and 127, by no more than its share, and Q4_0's numbers
            // on the side without a code 8 end half a step early.
            const float step = type == KvType::kQ8_0 ? largest / 127 : largest / 8;
            const float tolerance = type == KvType::kF32    ? 0
                                    : type == KvType::kF16  ? std::max(std::abs(want) * 0x1p-11f, 0x1p-25f)
                                    : type == KvType::kBF16 ? std::abs(want) * 0x1p-8f
                                    : type == KvType::kQ8_0
                                        ? step * 0.5f + largest * 0x1p-11f
                                        : step * (std::abs(want) > 7.5f * step ? 1.0f : 0.5f) + largest * 0x1p-11f;
            ASSERT_NEAR(got[d], want, tolerance * 1.0001f)
                << set.name << " " << name_of(type) << (keys ? " keys" : " values") << " head size " << head_dim
                << " token " << t << " number " << d;
          }
        }
      }
    }
  }
}

/// Ordinary numbers, and in later tokens whatever 32 bits can be: ties, subnormals, infinities, NaN.
std::vector<float> all_sorts(size_t n_tokens, size_t head_dim, uint64_t seed) {
  std::vector<float> x = test::random_activations(n_tokens, head_dim, seed);
  test::Random random(seed);
  for (size_t t = 0; t < n_tokens; ++t) {
    for (size_t d = 0; d < head_dim; ++d) {
      float& value = x[t * head_dim + d];
      const uint32_t half = bits_from_f32(f16_to_f32(static_cast<uint16_t>(random.bits())));
      constexpr uint32_t kSteps[] = {0, 1, 0xFFF, 0x1000, 0x1001, 0x1FFF};  // to the neighbours and ties of binary16
      if (t % 8 == 1) value = f32_from_bits(static_cast<uint32_t>(random.bits()));
      if (t % 8 == 2) value = f32_from_bits(half + kSteps[random.below(6)]);
      if (t % 8 == 3) value *= 1e-7f;  // scales become subnormal, or 0
      if (t % 8 == 4)
        value = static_cast<float>(static_cast<int>(random.below(17)) - 8) / 2;  // ties of codes and signs
      if (t % 8 == 5) value *= 1e4f;
      if (t % 8 == 6) value = 0;
      if (t % 8 == 7 && random.below(64) == 0) value = random.below(2) == 0 ? INFINITY : -NAN;
    }
  }
  return x;
}

TEST_P(KvBlocks, BytesAreTheScalarSets) {
  const KernelSet &set = *GetParam(), &scalar = *available_kernel_sets().front();
  ASSERT_STREQ(scalar.name, "scalar");
  for (const KvType type : kTypes) {
    for (const bool keys : {true, false}) {
      for (const size_t head_dim : {1, 15, 16, 32, 72, 80, 96, 130}) {
        for (uint64_t seed = 0; seed < 20; ++seed) {
          const std::vector<float> x = all_sorts(kTokens, head_dim, seed);
          std::vector<uint8_t> got(kv_block_bytes(type, head_dim), 0xA5), want = got;
          store(set, keys,
                {.x = x.data(),
                 .stride = head_dim,
                 .n_tokens = kTokens,
                 .head_dim = head_dim,
                 .type = type,
                 .block = got.data(),
                 .slot = 0});
          store(scalar, keys,
                {.x = x.data(),
                 .stride = head_dim,
                 .n_tokens = kTokens,
                 .head_dim = head_dim,
                 .type = type,
                 .block = want.data(),
                 .slot = 0});
          for (size_t i = 0; i < got.size(); ++i) {
            ASSERT_EQ(got[i], want[i]) << set.name << " " << name_of(type) << (keys ? " keys" : " values")
                                       << " head size " << head_dim << " seed " << seed << " byte " << i;
          }
        }
      }
    }
  }
}

TEST_P(KvBlocks, ATokenIsWrittenWithoutTheOthers) {
  const KernelSet& set = *GetParam();
  for (const KvType type : kTypes) {
    for (const bool keys : {true, false}) {
      for (const size_t head_dim : {3, 80, 96}) {
        const std::vector<float> x = test::random_activations(kTokens, head_dim, 5);
        const auto store_from = [&](test::Bytes& block, size_t slot, size_t n) {
          store(set, keys,
                {.x = x.data() + slot * head_dim,
                 .stride = head_dim,
                 .n_tokens = n,
                 .head_dim = head_dim,
                 .type = type,
                 .block = block.data(),
                 .slot = slot});
        };
        test::Bytes whole(kv_block_bytes(type, head_dim), 1);
        store_from(whole, 0, kTokens);
        for (const size_t n : {1, 2, 5, 8, 15, 16, 17, 100}) {
          test::Bytes parts(whole.size(), 3);
          std::memset(parts.data(), 0xFF, parts.size());
          for (size_t piece = (kTokens + n - 1) / n; piece-- > 0;)
            store_from(parts, piece * n, std::min(n, kTokens - piece * n));  // the last first
          ASSERT_EQ(std::memcmp(parts.data(), whole.data(), whole.size()), 0)
              << set.name << " " << name_of(type) << " head size " << head_dim << " by " << n;
        }
        test::Bytes one(whole.size());
        std::memset(one.data(), 0x3C, one.size());
        const test::Bytes before = [&] {
          test::Bytes copy(one.size());
          std::memcpy(copy.data(), one.data(), one.size());
          return copy;
        }();
        store_from(one, 13, 1);
        for (size_t t = 0; t < kTokens; ++t) {
          ASSERT_EQ(read_token(type, keys, one.data(), head_dim, t),
                    read_token(type, keys, t == 13 ? whole.data() : before.data(), head_dim, t))
              << set.name << " " << name_of(type) << " token " << t;
        }
      }
    }
  }
}

struct Case {
  size_t n_tokens, n_heads, head_dim, position, window;
  KvType k_type, v_type;
  float spread;  // of the scores: large ones make the maximum move and weights vanish
};

constexpr Case kCases[] = {
    {1, 1, 96, 0, 0, KvType::kF16, KvType::kF16, 1},         {1, 1, 96, 63, 0, KvType::kF16, KvType::kF16, 1},
    {1, 1, 96, 64, 0, KvType::kBF16, KvType::kBF16, 1},      {1, 3, 128, 200, 0, KvType::kF16, KvType::kF16, 3},
    {1, 4, 128, 999, 0, KvType::kQ8_0, KvType::kQ8_0, 3},    {1, 1, 80, 99, 0, KvType::kF32, KvType::kF32, 3},
    {1, 2, 64, 77, 72, KvType::kF32, KvType::kF16, 3},       {1, 1, 96, 65, 2, KvType::kQ4_0, KvType::kQ4_0, 1},
    {1, 1, 96, 393, 263, KvType::kF16, KvType::kF16, 10},    {1, 5, 40, 28, 23, KvType::kF32, KvType::kQ8_0, 3},
    {1, 2, 12, 49, 49, KvType::kF16, KvType::kBF16, 3},      {1, 1, 1, 8, 0, KvType::kF32, KvType::kF32, 1},
    {1, 17, 8, 69, 0, KvType::kF16, KvType::kQ4_0, 3},       {1, 1, 100, 128, 0, KvType::kF16, KvType::kF16, 40},
    {1, 33, 24, 60, 42, KvType::kF32, KvType::kF32, 40},     {1, 1, 256, 299, 0, KvType::kF16, KvType::kF16, 3},
    {130, 1, 96, 0, 0, KvType::kF16, KvType::kF16, 3},       {70, 3, 80, 5, 0, KvType::kQ8_0, KvType::kQ4_0, 3},
    {49, 2, 64, 250, 33, KvType::kF32, KvType::kF32, 10},    {40, 8, 32, 120, 1, KvType::kBF16, KvType::kF16, 3},
    {150, 1, 20, 100, 100, KvType::kQ4_0, KvType::kF32, 20}, {9, 7, 36, 31, 0, KvType::kF16, KvType::kF16, 3},
    {3, 2, 128, 127, 0, KvType::kQ4_0, KvType::kQ4_0, 3},    {2, 100, 16, 40, 0, KvType::kF16, KvType::kQ8_0, 3},
    {1, 1, 96, 5000, 0, KvType::kF16, KvType::kF16, 3},      {1, 3, 96, 9000, 8000, KvType::kQ8_0, KvType::kQ8_0, 3},
    {17, 1, 128, 300, 64, KvType::kQ8_0, KvType::kBF16, 3},
};

std::string describe(const Case& c, const char* set) {
  return fmt::format("set {} tokens {} heads {} dim {} position {} window {} keys {} values {} spread {}", set,
                     c.n_tokens, c.n_heads, c.head_dim, c.position, c.window, name_of(c.k_type), name_of(c.v_type),
                     c.spread);
}

/// A cache of random keys and values at odd offsets of its pages. What is not written yet is not a number in any type.
struct Cache {
  size_t head_dim, k_offset = 1, v_offset;
  KvType k_type, v_type;
  std::vector<test::Bytes> pages;
  std::vector<const uint8_t*> pointers;

  Cache(const Case& c, size_t n_tokens)
      : head_dim(c.head_dim),
        v_offset(k_offset + kv_block_bytes(c.k_type, c.head_dim) + 3),
        k_type(c.k_type),
        v_type(c.v_type) {
    for (size_t p = 0; p * kKvBlockTokens < n_tokens; ++p) {
      pages.emplace_back(v_offset + kv_block_bytes(c.v_type, c.head_dim));
      std::memset(pages.back().data(), 0xFF, pages.back().size());
    }
    for (const test::Bytes& page : pages) pointers.push_back(page.data());
  }
  Cache(const KernelSet& set, const Case& c, uint64_t seed) : Cache(c, c.position + c.n_tokens) {
    test::Random random(seed);
    std::vector<float> x(head_dim);
    for (size_t token = 0; token < c.position + c.n_tokens; ++token) {
      for (const bool keys : {true, false}) {
        for (float& value : x) value = random.uniform();
        write(set, keys, token, x);
      }
    }
  }
  void write(const KernelSet& set, bool keys, size_t token, const std::vector<float>& x) {
    uint8_t* block = pages[token / kKvBlockTokens].data() + (keys ? k_offset : v_offset);
    store(set, keys,
          {.x = x.data(),
           .stride = head_dim,
           .n_tokens = 1,
           .head_dim = head_dim,
           .type = keys ? k_type : v_type,
           .block = block,
           .slot = token % kKvBlockTokens});
  }
  [[nodiscard]] double read(bool keys, size_t token, size_t d) const {
    const uint8_t* block = pages[token / kKvBlockTokens].data() + (keys ? k_offset : v_offset);
    return read_number(keys ? k_type : v_type, keys, block, head_dim, token % kKvBlockTokens, d);
  }
};

constexpr float kScale = 0.17f;

/// Tokens [begin, begin + n) and heads [head, head + n_heads) of the case, whose queries are `q`, in one call.
std::vector<float> attend(const KernelSet& set, const Case& c, const Cache& cache, const std::vector<float>& q,
                          size_t begin, size_t n, size_t head, size_t n_heads) {
  const size_t stride = c.n_heads * c.head_dim, out_stride = n_heads * c.head_dim + 3;
  std::vector<float> out(n * out_stride, NAN);  // must not matter
  std::vector<uint8_t> scratch(attention_scratch_bytes(c.head_dim) + 64, 0xFF);
  auto* aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  set.attention({.q = q.data() + begin * stride + head * c.head_dim,
                 .q_stride = stride,
                 .out = out.data(),
                 .out_stride = out_stride,
                 .n_tokens = n,
                 .n_heads = n_heads,
                 .head_dim = c.head_dim,
                 .pages = cache.pointers.data(),
                 .k_offset = cache.k_offset,
                 .v_offset = cache.v_offset,
                 .k_type = c.k_type,
                 .v_type = c.v_type,
                 .position = c.position + begin,
                 .window = c.window,
                 .scale = kScale,
                 .scratch = aligned});
  std::vector<float> rows;
  for (size_t t = 0; t < n; ++t) {
    rows.insert(rows.end(), out.begin() + static_cast<ptrdiff_t>(t * out_stride),
                out.begin() + static_cast<ptrdiff_t>(t * out_stride + n_heads * c.head_dim));
  }
  return rows;
}

std::vector<float> attend(const KernelSet& set, const Case& c, const Cache& cache, const std::vector<float>& q) {
  return attend(set, c, cache, q, 0, c.n_tokens, 0, c.n_heads);
}

size_t first_key(const Case& c, size_t token) {
  const size_t end = c.position + token + 1;
  return c.window != 0 && end > c.window ? end - c.window : 0;
}

std::vector<double> reference(const Case& c, const Cache& cache, size_t token, const float* q) {
  std::vector<double> scores, out(c.head_dim);
  double max = -INFINITY, sum = 0;
  const size_t first = first_key(c, token);
  for (size_t key = first; key <= c.position + token; ++key) {
    double dot = 0;
    for (size_t d = 0; d < c.head_dim; ++d) dot += q[d] * cache.read(true, key, d);
    scores.push_back(dot * static_cast<double>(kScale));
    max = std::max(max, scores.back());
  }
  for (double& score : scores) sum += score = std::exp(score - max);
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t d = 0; d < c.head_dim; ++d) out[d] += scores[i] / sum * cache.read(false, first + i, d);
  }
  return out;
}

/// Scores of about `spread` whatever the head's size.
std::vector<float> random_queries(const Case& c, uint64_t seed) {
  test::Random random(seed);
  std::vector<float> q(c.n_tokens * c.n_heads * c.head_dim);
  for (float& value : q) value = c.spread / kScale / std::sqrt(static_cast<float>(c.head_dim)) * random.uniform();
  return q;
}

class Attention : public ::testing::TestWithParam<const KernelSet*> {};

/// Values are below 1, so the error comes from the weights: that of a score (2^-24 of its size, a few of them) and of
/// exp.
TEST_P(Attention, IsTheSoftmaxWeightedSumOfTheValues) {
  const KernelSet& set = *GetParam();
  for (const Case& c : kCases) {
    const Cache cache(set, c, 21);
    const std::vector<float> q = random_queries(c, 22), out = attend(set, c, cache, q);
    const double largest_score = c.spread * std::sqrt(static_cast<double>(c.head_dim));
    for (size_t token = 0; token < c.n_tokens; token += 1 + c.n_tokens / 23) {
      for (size_t h = 0; h < c.n_heads; ++h) {
        const size_t at = (token * c.n_heads + h) * c.head_dim;
        const std::vector<double> want = reference(c, cache, token, q.data() + at);
        for (size_t d = 0; d < c.head_dim; ++d) {
          ASSERT_NEAR(out[at + d], want[d], 1e-6 + 2e-7 * largest_score)
              << "token " << token << " head " << h << " element " << d << ": " << describe(c, set.name);
        }
      }
    }
  }
}

TEST_P(Attention, ARowDoesNotDependOnTheOthersOfTheCall) {
  const KernelSet& set = *GetParam();
  for (const Case& c : kCases) {
    const Cache cache(set, c, 31);
    const std::vector<float> q = random_queries(c, 32), all = attend(set, c, cache, q);
    const auto expect_equal = [&](size_t begin, size_t n, size_t head, size_t n_heads) {
      const std::vector<float> part = attend(set, c, cache, q, begin, n, head, n_heads);
      for (size_t t = 0; t < n; ++t) {
        const float* want = all.data() + ((begin + t) * c.n_heads + head) * c.head_dim;
        ASSERT_EQ(std::memcmp(part.data() + t * n_heads * c.head_dim, want, n_heads * c.head_dim * sizeof(float)), 0)
            << "token " << begin + t << " in " << begin << "+" << n << " heads " << head << "+" << n_heads << ": "
            << describe(c, set.name);
      }
    };
    for (size_t h = 0; h < c.n_heads; ++h) expect_equal(c.n_tokens / 2, 1, h, 1);
    for (size_t n_heads = 1; n_heads <= std::min<size_t>(8, c.n_heads); ++n_heads)
      expect_equal(c.n_tokens - 1, 1, c.n_heads - n_heads, n_heads);
    for (const size_t n : {1, 2, 3, 7, 8, 11, 16, 48, 50}) {
      for (size_t begin = 0; begin < c.n_tokens; begin += n)
        expect_equal(begin, std::min(n, c.n_tokens - begin), 0, c.n_heads);
    }
  }
}

/// Tokens written later, keys before the window, and slots that nobody wrote are not numbers: nothing of them shows.
/// One call has rows that see a key and rows that do not.
TEST_P(Attention, NothingOutsideARowsKeysMatters) {
  const KernelSet& set = *GetParam();
  for (const Case& c : kCases) {
    Cache cache(set, c, 41);
    const std::vector<float> q = random_queries(c, 42), before = attend(set, c, cache, q);
    ASSERT_TRUE(std::ranges::all_of(before, [](float value) { return std::isfinite(value); })) << describe(c, set.name);
    const std::vector<float> bad(c.head_dim, NAN);
    const size_t middle = c.position + c.n_tokens / 2, earliest = first_key(c, 0);
    for (size_t p = 0; p < earliest / kKvBlockTokens; ++p) cache.pointers[p] = nullptr;  // not touched at all
    for (size_t key = 0; key < cache.pages.size() * kKvBlockTokens; ++key) {
      // Keys that the middle token does not see, and those that the last one does not see any more.
      if (key >= first_key(c, c.n_tokens / 2) && key <= middle) continue;
      cache.write(set, true, key, bad);
      cache.write(set, false, key, bad);
    }
    const std::vector<float> after = attend(set, c, cache, q);
    const size_t row = c.n_heads * c.head_dim;
    for (size_t token = 0; token < c.n_tokens; ++token) {
      const bool sees_bad = first_key(c, token) < first_key(c, c.n_tokens / 2) || c.position + token > middle;
      for (size_t i = token * row; i < (token + 1) * row; ++i) {
        if (sees_bad) {
          ASSERT_TRUE(std::isnan(after[i])) << "token " << token << ": " << describe(c, set.name);
        } else {
          ASSERT_EQ(after[i], before[i]) << "token " << token << ": " << describe(c, set.name);
        }
      }
    }
  }
}

/// Weights that vanish, scores beyond float32's exponents, and the first key alone.
TEST_P(Attention, ExtremeScores) {
  const KernelSet& set = *GetParam();
  const Case c = {.n_tokens = 1,
                  .n_heads = 1,
                  .head_dim = 16,
                  .position = 299,
                  .window = 0,
                  .k_type = KvType::kF32,
                  .v_type = KvType::kF32,
                  .spread = 1};
  for (const size_t largest : {0, 5, 31, 127, 128, 200, 299}) {
    Cache cache(set, c, 51);
    std::vector<float> x(16), q(16);
    q[0] = 1e18f;
    for (size_t key = 0; key < 300; ++key) {
      x[0] = key == largest ? 1e15f : -1e15f * static_cast<float>(key % 3 + 1);
      cache.write(set, true, key, x);
    }
    const std::vector<float> out = attend(set, c, cache, q);
    for (size_t d = 0; d < 16; ++d) {
      ASSERT_EQ(out[d], static_cast<float>(cache.read(false, largest, d))) << set.name << " key " << largest;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, KvBlocks,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });
INSTANTIATE_TEST_SUITE_P(Sets, Attention,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace aurea::kernels
