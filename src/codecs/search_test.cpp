// The builds of the searches for newer CPUs give the bytes of the baseline build.
#include "codecs/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "codecs/codebook_tables.h"
#include "codecs/fp4_values.h"
#include "codecs/iq1_grid.h"
#include "codecs/iq4_values.h"
#include "core/cpu_features.h"
#include "core/half.h"

namespace aurea::codecs {
namespace {

std::vector<const SearchSet*> wider_sets() {
  std::vector<const SearchSet*> sets;
#if defined(__x86_64__)
  if (cpu_features().avx2) sets.push_back(&kSearchAvx2);
  if (cpu_features().avx512) sets.push_back(&kSearchAvx512);
#endif
  return sets;
}

struct Data {
  std::vector<float> x, w;
};

/// Groups of very different size: some constant, zero, sparse, subnormal or with heavy tails, some with weights of
/// zero.
Data make_data(int n_groups, int n, uint64_t seed, bool positive) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Data data;
  for (int g = 0; g < n_groups; ++g) {
    const int kind = static_cast<int>(random() % 16);
    const float size = std::pow(10.0f, 3 * normal(random)), level = size * normal(random);
    for (int i = 0; i < n; ++i) {
      float x = size * normal(random);
      if (kind == 0) x = 0;
      if (kind == 1) x = level;
      if (kind == 3) x = random() % 8 == 0 ? x : 0;
      if (kind == 4) x *= std::exp(2 * normal(random));
      if (kind == 5) x = 1e-40f * normal(random);
      data.x.push_back(positive ? std::fabs(x) : x);
      data.w.push_back(kind == 2 ? 0 : std::exp(normal(random)));
    }
  }
  return data;
}

/// Everything a set computes for one batch of groups, as bytes.
std::vector<uint8_t> run(const SearchSet& set, int n_groups, int n, uint64_t seed) {
  std::vector<uint8_t> bytes;
  const auto keep = [&](const void* data, size_t size) {
    const auto* begin = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  };
  const size_t floats = static_cast<size_t>(n_groups) * sizeof(float);
  const auto keep_fits = [&](const GroupFits& fits, bool affine) {
    keep(fits.scale, floats);
    keep(fits.inverse, floats);
    keep(fits.low, floats);
    if (affine) keep(fits.min, floats);
  };
  std::vector<uint8_t> codes(static_cast<size_t>(n_groups * n));
  std::vector<float> scales(static_cast<size_t>(n_groups));
  GroupFits fits;

  const Data data = make_data(n_groups, n, seed, false), sizes = make_data(n_groups, n, seed, true);
  if (n != 8) {
    for (const float* w : {data.w.data(), static_cast<const float*>(nullptr)}) {
      set.symmetric(data.x.data(), w, n_groups, n, 32, &fits);
      keep_fits(fits, false);
      for (const Weighting weighting : {Weighting::kSquare, Weighting::kMagnitude, Weighting::kRms}) {
        set.affine({15, -1.0f, 0.1f, 20, weighting, n == 16}, data.x.data(), w, n_groups, n, &fits);
        keep_fits(fits, true);
      }
    }
    for (int g = 0; g < n_groups; ++g) {
      set.codes_by_inverse(data.x.data() + g * n, n, fits.inverse[g], fits.low[g], 0, 15, codes.data() + g * n);
      keep(codes.data() + g * n, static_cast<size_t>(n));
    }
    std::vector<float> steps, shifts;
    for (int g = 0; g < n_groups; ++g) {
      steps.push_back(g % 5 == 1 ? 0 : 0.37f);
      shifts.push_back(0.1f * static_cast<float>(g));
    }
    for (const float* shift : std::initializer_list<const float*>{shifts.data(), nullptr}) {
      set.codes_by_division(data.x.data(), n_groups, n, steps.data(), shift, -4, 3, codes.data());
      keep(codes.data(), codes.size());
    }
  }
  if (n == 32) {
    for (const float* w : {data.w.data(), static_cast<const float*>(nullptr)}) {
      set.iq4(data.x.data(), w, n_groups, scales.data());
      keep(scales.data(), floats);
    }
    for (int first = 0; first < n_groups; first += kMaxSimpleBlocks) {
      const int n_blocks = std::min(kMaxSimpleBlocks, n_groups - first);
      for (const ExtremesRule rule : {ExtremesRule::kSignedPeak, ExtremesRule::kRange, ExtremesRule::kMagnitude}) {
        const bool affine = rule == ExtremesRule::kRange;
        ExtremesFits extremes;
        set.extremes(rule, affine ? 0 : -8, affine ? 15 : 7, data.x.data() + first * n, n_blocks, &extremes);
        keep(extremes.scale, static_cast<size_t>(n_blocks) * sizeof(float));
        keep(extremes.d, static_cast<size_t>(n_blocks) * sizeof(uint16_t));
        keep(extremes.min, static_cast<size_t>(n_blocks) * sizeof(float));
        keep(extremes.m, static_cast<size_t>(n_blocks) * sizeof(uint16_t));
        keep(extremes.codes, static_cast<size_t>(n_blocks) * 32);
      }
    }
    for (int g = 0; g < n_groups; ++g) {
      set.iq4_codes(data.x.data() + g * n, n, 1 / scales[g], codes.data() + g * n);
      keep(codes.data() + g * n, static_cast<size_t>(n));
    }
  }
  if (n != 8) {
    std::vector<float> steps;
    for (const float factor : {0.2f, 0.1f, 0.3f, 1e-30f}) {
      for (int g = 0; g < n_groups; ++g) steps.push_back(factor * sizes.x[static_cast<size_t>(g * n)] + 1e-38f);
    }
    for (const float* w : {data.w.data(), static_cast<const float*>(nullptr)}) {
      set.fp4(data.x.data(), w, n_groups, n, steps.data(), 4, codes.data());
      keep(codes.data(), static_cast<size_t>(n_groups));
    }
    for (int g = 0; g < n_groups; ++g) {
      set.fp4_codes(data.x.data() + g * n, n, steps[static_cast<size_t>(g)], codes.data() + g * n);
      keep(codes.data() + g * n, static_cast<size_t>(n));
    }
  }
  for (const int size : {64, 256}) {  // the same values in longer groups
    const int n_long = n_groups * n / size;
    for (const float* w : {data.w.data(), static_cast<const float*>(nullptr)}) {
      (size == 64 ? set.two_bit : set.ternary)(data.x.data(), w, n_long, scales.data());
      keep(scales.data(), static_cast<size_t>(n_long) * sizeof(float));
    }
  }
  if (n == 16) {
    set.coordinate(data.x.data(), n_groups, 4, codes.data(), scales.data());
    keep(codes.data(), codes.size());
    keep(scales.data(), floats);
  }
  if (n != 8) {
    static const CodebookTables tables(kGridIq1, 3);
    static const Codebook book = tables.view();
    SplitFits splits;
    set.split(book, data.x.data(), data.w.data(), n_groups, n, 1e-12f, &splits);
    keep(splits.scale, floats);
    keep(splits.signs, static_cast<size_t>(n_groups));
    keep(splits.indices, static_cast<size_t>(n_groups * n / 8) * sizeof(uint16_t));
    std::vector<float> weights(data.x.size());
    set.root_weights(data.x.data(), data.w.data(), 0.3f, n_groups * n, weights.data());
    keep(weights.data(), weights.size() * sizeof(float));
  }
  if (n == 32) {
    set.wrapped_scale(sizes.x.data(), sizes.w.data(), n_groups, 4, scales.data());
    keep(scales.data(), floats);
    set.wrapped_scale(data.x.data(), data.w.data(), n_groups, 4, scales.data());  // many negative ones
    keep(scales.data(), floats);
  }
  if (n != 32) {
    set.positive(sizes.x.data(), sizes.w.data(), n_groups, n, 63, codes.data(), scales.data());
    keep(codes.data(), codes.size());
    keep(scales.data(), floats);
  }
  return bytes;
}

TEST(Search, EveryBuildGivesTheSameBytes) {
  const auto sets = wider_sets();
  if (sets.empty()) GTEST_SKIP() << "this CPU has only the baseline vectors";
  for (const int n : {8, 16, 32}) {
    for (const int n_groups : {1, 3, 8, 15, 16, 17, 31, 32, 33, 100, kMaxGroups}) {
      const auto expected = run(kSearchBaseline, n_groups, n, static_cast<uint64_t>(n * 1000 + n_groups));
      for (const SearchSet* set : sets) {
        EXPECT_EQ(run(*set, n_groups, n, static_cast<uint64_t>(n * 1000 + n_groups)), expected)
            << set->name << ", " << n_groups << " groups of " << n;
      }
    }
  }
}

TEST(Search, CodesStayInRangeForAnyInput) {
  const float odd[16] = {0, -0.0f, 1e38f, -1e38f, INFINITY, -INFINITY, NAN, 1e-45f,
                         1, -1,    0.5f,  1.5f,   2.5f,     -0.5f,     9,   1e9f};
  for (const float step : {1.0f, -1.0f, 1e-45f, 1e38f}) {
    uint8_t codes[16];
    search_set().codes_by_division(odd, 1, 16, &step, nullptr, -4, 3, codes);
    for (const uint8_t code : codes) EXPECT_LE(code, 7);
    search_set().codes_by_inverse(odd, 16, step, 0, 0, 15, codes);
    for (const uint8_t code : codes) EXPECT_LE(code, 15);
    search_set().iq4_codes(odd, 16, step, codes);
    for (const uint8_t code : codes) EXPECT_LE(code, 15);
    search_set().fp4_codes(odd, 16, std::fabs(step), codes);
    for (const uint8_t code : codes) EXPECT_LE(code, 15);
  }
  uint8_t codes[16];
  const float one = 1;
  search_set().codes_by_division(odd, 1, 16, &one, nullptr, -4, 3, codes);
  const uint8_t expected[] = {4, 4, 7, 0, 7, 0, 0, 4, 5, 3, 4, 6, 6, 4, 7, 7};  // halves to even, NaN to the lowest
  EXPECT_EQ(std::memcmp(codes, expected, sizeof codes), 0);
}

std::vector<const SearchSet*> all_sets() {
  std::vector<const SearchSet*> sets = wider_sets();
  sets.push_back(&kSearchBaseline);
  return sets;
}

/// Blocks in which it matters which of equal extremes counts: opposite peaks, zeros of both signs.
std::vector<float> blocks_with_equal_extremes(int n_blocks) {
  std::mt19937_64 random(5);
  std::vector<float> x;
  for (int b = 0; b < n_blocks; ++b) {
    for (int i = 0; i < 32; ++i) {
      const auto step = static_cast<float>(random() % 5) - (b % 3 == 0 ? 0.0f : 2.0f);
      x.push_back(b % 4 == 3 ? (random() % 2 == 0 ? 0.0f : -0.0f) : step == 0 && random() % 2 == 0 ? -0.0f : step);
    }
  }
  return x;
}

TEST(Search, ExtremesAreTheFirstOrLastOfEqualOnes) {
  for (const int n_blocks : {1, 3, 16, 17, 33, kMaxSimpleBlocks}) {
    const std::vector<float> x = blocks_with_equal_extremes(n_blocks);
    for (const SearchSet* set : all_sets()) {
      ExtremesFits signed_peak, range;
      set->extremes(ExtremesRule::kSignedPeak, -8, 7, x.data(), n_blocks, &signed_peak);
      set->extremes(ExtremesRule::kRange, 0, 15, x.data(), n_blocks, &range);
      for (int b = 0; b < n_blocks; ++b) {
        const float* block = x.data() + b * 32;
        float peak = 0;
        for (int i = 0; i < 32; ++i) peak = std::fabs(block[i]) > std::fabs(peak) ? block[i] : peak;
        const auto [low, high] = std::minmax_element(block, block + 32);
        const float scale = peak / -8.0f, step = (*high - *low) / 15.0f;
        EXPECT_EQ(bits_from_f32(signed_peak.scale[b]), bits_from_f32(scale)) << set->name << " block " << b;
        EXPECT_EQ(signed_peak.d[b], f32_to_f16(scale));
        EXPECT_EQ(bits_from_f32(range.scale[b]), bits_from_f32(step)) << set->name << " block " << b;
        EXPECT_EQ(bits_from_f32(range.min[b]), bits_from_f32(*low));
        EXPECT_EQ(range.m[b], f32_to_f16(*low));
      }
    }
  }
}

TEST(Search, HalvesOfScalesAreThoseOfTheDefinition) {
  std::vector<float> x;
  for (uint64_t k = 0; k < kMaxSimpleBlocks; ++k) {  // from subnormal halves to infinite ones
    x.insert(x.end(), 32, f32_from_bits(static_cast<uint32_t>((k * 0x3FFFFFFu) % 0x4F000000u)));
  }
  for (const SearchSet* set : all_sets()) {
    ExtremesFits fits;
    set->extremes(ExtremesRule::kMagnitude, -1, 1, x.data(), kMaxSimpleBlocks, &fits);
    for (int b = 0; b < kMaxSimpleBlocks; ++b) {
      EXPECT_EQ(fits.d[b], f32_to_f16(x[static_cast<size_t>(b) * 32]))
          << set->name << " " << x[static_cast<size_t>(b) * 32];
    }
  }
}

TEST(Search, SixteenBitFloatsAreThoseOfTheDefinition) {
  std::vector<uint16_t> halves(65536 + 5);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  for (const SearchSet* set : all_sets()) {
    std::vector<float> f16(halves.size()), bf16(halves.size());
    set->f16_row(halves.data(), f16.data(), f16.size());
    set->bf16_row(halves.data(), bf16.data(), bf16.size());
    for (size_t i = 0; i < halves.size(); ++i) {
      ASSERT_EQ(bits_from_f32(f16[i]), bits_from_f32(f16_to_f32(halves[i]))) << set->name << " " << i;
      ASSERT_EQ(bits_from_f32(bf16[i]), bits_from_f32(bf16_to_f32(halves[i]))) << set->name << " " << i;
    }
  }
}

TEST(Search, OneValueAboveTheLimitIsFoundAnywhere) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFFu;
  for (const SearchSet* set : all_sets()) {
    for (const size_t n : {1u, 15u, 16u, 67u}) {
      std::vector<float> x(n, -2.0f);
      EXPECT_FALSE(set->any_above(x.data(), n, kMagnitude, bits_from_f32(2.0f)));
      EXPECT_TRUE(set->any_above(x.data(), n, 0xFFFFFFFFu, bits_from_f32(2.0f))) << "a sign counts";
      for (size_t i = 0; i < n; ++i) {
        for (const float odd : {2.0000002f, -INFINITY, NAN}) {
          x[i] = odd;
          EXPECT_TRUE(set->any_above(x.data(), n, kMagnitude, bits_from_f32(2.0f))) << set->name << " " << i;
        }
        x[i] = -2.0f;
      }
    }
  }
}

TEST(Search, Fp4CodesAreTheNearestLevels) {
  for (int quarters = -60; quarters <= 60; ++quarters) {
    const float v = 0.25f * static_cast<float>(quarters);
    const std::vector<float> x(16, v * 0.5f);
    uint8_t codes[16];
    search_set().fp4_codes(x.data(), 16, 0.5f, codes);
    float least = INFINITY;
    for (const int8_t level : kFp4Values) least = std::min(least, std::fabs(v - level));
    for (const uint8_t code : codes) ASSERT_EQ(std::fabs(v - kFp4Values[code]), least) << v;
  }
}

TEST(Search, Iq4CodesAreTheNearestLevels) {
  for (int twice = -300; twice <= 300; ++twice) {
    for (const float v : {std::nextafter(0.5f * static_cast<float>(twice), -1000.0f), 0.5f * static_cast<float>(twice),
                          std::nextafter(0.5f * static_cast<float>(twice), 1000.0f)}) {
      uint8_t nearest = 0;  // the upper one of two equally near
      for (uint8_t k = 1; k < 16; ++k) {
        if (std::fabs(double{v} - kIq4Values[k]) <= std::fabs(double{v} - kIq4Values[nearest])) nearest = k;
      }
      const std::vector<float> x(16, v);
      uint8_t codes[16];
      search_set().iq4_codes(x.data(), 16, 1, codes);
      for (const uint8_t code : codes) ASSERT_EQ(code, nearest) << v;
    }
  }
}

}  // namespace
}  // namespace aurea::codecs
