// Attention of every set against a float64 softmax.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/registry.h"
#include "kernels/test_matrices.h"

namespace aurea::kernels {
namespace {

struct Case {
  size_t n_heads, head_dim, page_tokens, key_begin, key_end;
  KvType type;
  float spread;  // of the scores: large ones make the maximum move and weights vanish
};

constexpr Case kCases[] = {
    {1, 96, 64, 0, 1, KvType::kF16, 1},      {1, 96, 64, 0, 64, KvType::kF16, 1},
    {1, 96, 64, 0, 65, KvType::kF16, 1},     {3, 128, 64, 0, 200, KvType::kF16, 3},
    {4, 128, 256, 0, 1000, KvType::kF16, 3}, {1, 80, 32, 0, 100, KvType::kF32, 3},
    {2, 64, 16, 5, 77, KvType::kF32, 3},     {1, 96, 64, 63, 65, KvType::kF16, 1},
    {1, 96, 64, 130, 393, KvType::kF16, 10}, {5, 40, 7, 6, 29, KvType::kF32, 3},
    {2, 12, 3, 1, 50, KvType::kF16, 3},      {1, 1, 1, 0, 9, KvType::kF32, 1},
    {17, 8, 64, 0, 70, KvType::kF16, 3},     {1, 100, 128, 0, 129, KvType::kF16, 40},
    {33, 24, 20, 19, 61, KvType::kF32, 40},  {1, 256, 64, 0, 300, KvType::kF16, 3},
};

std::string describe(const Case& c, const char* set) {
  return fmt::format("set {} heads {} dim {} page {} keys {}..{} type {} spread {}", set, c.n_heads, c.head_dim,
                     c.page_tokens, c.key_begin, c.key_end, c.type == KvType::kF16 ? "F16" : "F32", c.spread);
}

/// A cache of random keys and values: page p holds keys [page_tokens, head_dim], then values, at odd offsets.
struct Cache {
  size_t k_offset = 1, v_offset;
  std::vector<test::Bytes> pages;
  std::vector<const uint8_t*> pointers;
  std::vector<double> keys, values;  // [token, head_dim], as stored

  Cache(const Case& c, uint64_t seed) {
    const size_t element = kv_element_bytes(c.type), half_bytes = c.page_tokens * c.head_dim * element;
    v_offset = k_offset + half_bytes + 3;
    const size_t n_pages = (c.key_end + c.page_tokens - 1) / c.page_tokens;
    test::Random random(seed);
    for (size_t p = 0; p < n_pages; ++p) pages.emplace_back(v_offset + half_bytes);
    for (const auto& [offset, store] : {std::pair(k_offset, &keys), std::pair(v_offset, &values)}) {
      for (size_t token = 0; token < n_pages * c.page_tokens; ++token) {
        uint8_t* row = pages[token / c.page_tokens].data() + offset + token % c.page_tokens * c.head_dim * element;
        for (size_t d = 0; d < c.head_dim; ++d) {
          float value = random.uniform();
          if (c.type == KvType::kF16) {
            const uint16_t half = f32_to_f16(value);
            value = f16_to_f32(half);
            std::memcpy(row + 2 * d, &half, 2);
          } else {
            std::memcpy(row + 4 * d, &value, 4);
          }
          store->push_back(value);
        }
      }
    }
    for (const test::Bytes& page : pages) pointers.push_back(page.data());
  }
};

std::vector<float> attend(const KernelSet& set, const Case& c, const Cache& cache, const std::vector<float>& q,
                          float scale) {
  std::vector<float> out(q.size(), NAN);  // must not matter
  set.attention({.q = q.data(),
                 .n_heads = q.size() / c.head_dim,
                 .head_dim = c.head_dim,
                 .pages = cache.pointers.data(),
                 .k_offset = cache.k_offset,
                 .v_offset = cache.v_offset,
                 .page_tokens = c.page_tokens,
                 .key_begin = c.key_begin,
                 .key_end = c.key_end,
                 .scale = scale,
                 .kv_type = c.type,
                 .out = out.data()});
  return out;
}

std::vector<double> reference(const Case& c, const Cache& cache, const float* q, float scale) {
  std::vector<double> scores, out(c.head_dim);
  double max = -INFINITY, sum = 0;
  for (size_t key = c.key_begin; key < c.key_end; ++key) {
    double dot = 0;
    for (size_t d = 0; d < c.head_dim; ++d) dot += q[d] * cache.keys[key * c.head_dim + d];
    scores.push_back(dot * static_cast<double>(scale));
    max = std::max(max, scores.back());
  }
  for (double& score : scores) sum += score = std::exp(score - max);
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t d = 0; d < c.head_dim; ++d)
      out[d] += scores[i] / sum * cache.values[(c.key_begin + i) * c.head_dim + d];
  }
  return out;
}

std::vector<float> random_queries(const Case& c, uint64_t seed) {
  test::Random random(seed);
  std::vector<float> q(c.n_heads * c.head_dim);
  for (float& value : q) value = c.spread * random.uniform();
  return q;
}

class Attention : public ::testing::TestWithParam<const KernelSet*> {};

/// Values are below 1, so the error comes from the weights: that of a score (2^-24 of its size, a few of them) and of
/// exp.
TEST_P(Attention, IsTheSoftmaxWeightedSumOfTheValues) {
  const KernelSet& set = *GetParam();
  for (const Case& c : kCases) {
    const Cache cache(c, 21);
    const std::vector<float> q = random_queries(c, 22);
    const float scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
    const std::vector<float> out = attend(set, c, cache, q, scale);
    const double largest_score = c.spread * std::sqrt(static_cast<double>(c.head_dim));
    for (size_t h = 0; h < c.n_heads; ++h) {
      const std::vector<double> want = reference(c, cache, q.data() + h * c.head_dim, scale);
      for (size_t d = 0; d < c.head_dim; ++d) {
        ASSERT_NEAR(out[h * c.head_dim + d], want[d], 1e-6 + 2e-7 * largest_score)
            << "head " << h << " element " << d << ": " << describe(c, set.name);
      }
    }
  }
}

TEST_P(Attention, AHeadDoesNotDependOnTheOthers) {
  const KernelSet& set = *GetParam();
  for (const Case& c : kCases) {
    const Cache cache(c, 31);
    const std::vector<float> q = random_queries(c, 32), all = attend(set, c, cache, q, 0.1f);
    for (size_t h = 0; h < c.n_heads; ++h) {
      const auto first = static_cast<ptrdiff_t>(h * c.head_dim), last = static_cast<ptrdiff_t>((h + 1) * c.head_dim);
      const std::vector<float> one = attend(set, c, cache, {q.begin() + first, q.begin() + last}, 0.1f);
      ASSERT_TRUE(std::equal(one.begin(), one.end(), all.begin() + first))
          << "head " << h << ": " << describe(c, set.name);
    }
  }
}

TEST_P(Attention, NeitherReadsNorNeedsKeysOutsideTheRange) {
  const KernelSet& set = *GetParam();
  const Case c = {.n_heads = 2,
                  .head_dim = 96,
                  .page_tokens = 64,
                  .key_begin = 70,
                  .key_end = 100,
                  .type = KvType::kF32,
                  .spread = 3};
  const std::vector<float> q = random_queries(c, 42);
  Cache cache(c, 41);
  const std::vector<float> before = attend(set, c, cache, q, 0.1f);
  for (size_t token = 0; token < 128; ++token) {
    if (token >= c.key_begin && token < c.key_end) continue;
    for (const size_t offset : {cache.k_offset, cache.v_offset}) {
      uint8_t* row = cache.pages[token / 64].data() + offset + token % 64 * c.head_dim * 4;
      std::memset(row, 0xFF, c.head_dim * 4);  // not a number
    }
  }
  cache.pointers[0] = nullptr;  // the first page is not touched at all
  EXPECT_EQ(attend(set, c, cache, q, 0.1f), before) << describe(c, set.name);
}

INSTANTIATE_TEST_SUITE_P(Sets, Attention,
                         ::testing::ValuesIn(available_kernel_sets().begin(), available_kernel_sets().end()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace aurea::kernels
