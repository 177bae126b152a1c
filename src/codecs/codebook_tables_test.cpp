// The codebook search of every build against a plain transcription of its definition: all entries of the grid looked at
// for each list, sums in element order, one group after the other.
#include "codecs/codebook_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "codecs/search.h"
#include "core/cpu_features.h"

namespace aurea::codecs {
namespace {

std::vector<const SearchSet*> all_sets() {
  std::vector<const SearchSet*> sets = {&kSearchBaseline};
#if defined(__x86_64__)
  if (cpu_features().avx2) sets.push_back(&kSearchAvx2);
  if (cpu_features().avx512) sets.push_back(&kSearchAvx512);
#endif
  return sets;
}

struct Case {
  const char* name;
  const Grid& grid;
  int n_distances, group, steps;
  float step;
  Refit refit;
};

const CodebookTables& tables_of(const Case& type) {
  static std::map<const Grid*, CodebookTables> made;
  return made.try_emplace(&type.grid, type.grid, type.n_distances).first->second;
}

// ---- the definition ----

using Levels = std::vector<int>;

Levels entry_levels(const Grid& grid, int entry) {
  return {grid.levels + entry * grid.length, grid.levels + (entry + 1) * grid.length};
}

/// The entries at the smallest distinct distances from a pattern, nearest first; the entry itself if it is one.
std::vector<int> entries_near(const Case& type, const Levels& pattern) {
  std::vector<std::pair<int, int>> by_distance;
  std::set<int> distances;
  for (int e = 0; e < type.grid.count; ++e) {
    const Levels levels = entry_levels(type.grid, e);
    int distance = 0;
    for (size_t j = 0; j < levels.size(); ++j) distance += 4 * (levels[j] - pattern[j]) * (levels[j] - pattern[j]);
    by_distance.emplace_back(distance, e);
    distances.insert(distance);
  }
  const int furthest = *distances.begin() == 0 ? 0 : *std::next(distances.begin(), type.n_distances - 1);
  std::sort(by_distance.begin(), by_distance.end());
  std::vector<int> near;
  for (const auto& [distance, e] : by_distance) {
    if (distance <= furthest) near.push_back(e);
  }
  return near;
}

struct Choice {
  int entry = 0;
  bool on_grid = false;
};

Choice choose(const Case& type, const float* x, const float* root_w, float inverse, float scale) {
  Levels pattern;
  for (int i = 0; i < type.grid.length; ++i) {
    const float level = std::nearbyint(0.5f * (inverse * x[i] - 1.0f));
    pattern.push_back(static_cast<int>(std::clamp(level, 0.0f, static_cast<float>(type.grid.n_levels - 1))));
  }
  static std::map<std::pair<const Grid*, Levels>, std::vector<int>> known;
  auto found = known.find({&type.grid, pattern});
  if (found == known.end()) found = known.emplace(std::pair{&type.grid, pattern}, entries_near(type, pattern)).first;
  const std::vector<int>& near = found->second;
  Choice choice{near[0], entry_levels(type.grid, near[0]) == pattern};
  if (choice.on_grid) return choice;
  float best = std::numeric_limits<float>::max();
  for (const int e : near) {
    float error = 0;
    for (int i = 0; i < type.grid.length; ++i) {
      const auto q = static_cast<float>(2 * type.grid.levels[e * type.grid.length + i] + 1);
      const float difference = scale * q - x[i];
      error += root_w[i] * difference * difference;
    }
    if (error < best) {
      best = error;
      choice.entry = e;
    }
  }
  return choice;
}

struct Fit {
  float scale = 0;
  std::vector<Choice> runs;

  bool operator==(const Fit& other) const {
    const auto same = [](const Choice& a, const Choice& b) { return a.entry == b.entry; };
    return scale == other.scale && std::equal(runs.begin(), runs.end(), other.runs.begin(), other.runs.end(), same);
  }
};

std::pair<float, float> sums(const Case& type, const float* x, const float* w, const std::vector<Choice>& runs) {
  float s1 = 0, s2 = 0;
  for (int i = 0; i < type.group; ++i) {
    const int entry = runs[static_cast<size_t>(i / type.grid.length)].entry;
    const auto q = static_cast<float>(2 * type.grid.levels[entry * type.grid.length + i % type.grid.length] + 1);
    s1 += w[i] * x[i] * q;
    s2 += w[i] * q * q;
  }
  return {s1, s2};
}

Fit search_one(const Case& type, const float* x, const float* w, const float* root_w, float peak, float scale) {
  const int n_runs = type.group / type.grid.length, length = type.grid.length;
  Fit fit{scale, std::vector<Choice>(static_cast<size_t>(n_runs), {0, type.refit != Refit::kAllIfAnyOff})};
  if (peak == 0) return {0, fit.runs};
  const auto top = static_cast<float>(2 * type.grid.n_levels - 1);
  float best = 0;
  for (int k = -type.steps; k <= type.steps; ++k) {
    const float inverse = (top + static_cast<float>(k) * type.step) / peak;
    std::vector<Choice> runs;
    for (int run = 0; run < n_runs; ++run) {
      runs.push_back(choose(type, x + run * length, root_w + run * length, inverse, 1.0f / inverse));
    }
    const auto [s1, s2] = sums(type, x, w, runs);
    if (s2 > 0 && s1 * s1 > best * s2) {
      fit = {s1 / s2, runs};
      best = fit.scale * s1;
    }
  }
  const bool all_on = std::all_of(fit.runs.begin(), fit.runs.end(), [](const Choice& c) { return c.on_grid; });
  if (!(fit.scale > 0) || (all_on && type.refit != Refit::kAll)) return fit;
  for (int run = 0; run < n_runs; ++run) {
    Choice& choice = fit.runs[static_cast<size_t>(run)];
    if (choice.on_grid && type.refit == Refit::kOffGrid) continue;
    choice = choose(type, x + run * length, root_w + run * length, 1.0f / fit.scale, fit.scale);
  }
  const auto [s1, s2] = sums(type, x, w, fit.runs);
  if (s2 > 0) fit.scale = s1 / s2;
  return fit;
}

// ---- data ----

struct Groups {
  std::vector<float> x, w, root_w, peak, scale;
};

/// Ordinary, heavy-tailed, constant, sparse, subnormal and large groups; few different elements with equal weights, so
/// that entries tie but for rounding; some with one negative magnitude, some with weights of zero.
Groups make_groups(const Case& type, int n_groups) {
  std::mt19937_64 random(type.steps + static_cast<unsigned>(type.grid.count));
  std::normal_distribution<float> normal;
  Groups groups;
  const auto top = static_cast<float>(2 * type.grid.n_levels - 1);
  for (int g = 0; g < n_groups; ++g) {
    const int kind = static_cast<int>(random() % 8);
    const float size = kind == 3   ? 1e-40f
                       : kind == 4 ? 1e-17f
                       : kind == 5 ? 1e5f
                                   : 0.02f,
                level = std::fabs(normal(random));
    float peak = 0;
    for (int i = 0; i < type.group; ++i) {
      float x = std::fabs(normal(random)), w = std::exp(normal(random));
      if (kind == 0) x = level;
      if (kind == 1) x = random() % 8 == 0 ? x : 0;
      if (kind == 2) x /= std::fabs(normal(random)) + 0.1f;
      if (kind == 6) x = level * static_cast<float>(1 + random() % 3), w = 1.3f;
      if (random() % 16 == 0) w = 0;
      x *= i == 5 && random() % 2 == 0 ? -size : size;
      groups.x.push_back(x);
      groups.w.push_back(kind == 7 ? x * x : w);
      groups.root_w.push_back(std::sqrt(groups.w.back()));
      peak = std::max(peak, x);
    }
    groups.peak.push_back(peak);
    groups.scale.push_back(peak / top);
  }
  return groups;
}

class CodebookTest : public testing::TestWithParam<Case> {};

TEST_P(CodebookTest, ListsAreTheEntriesNearby) {
  const Case& type = GetParam();
  const Codebook book = tables_of(type).view();
  const int bits = grid_bits(type.grid.length);
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    Levels pattern;
    unsigned packed = 0;
    for (int j = 0; j < type.grid.length; ++j) {
      pattern.push_back(static_cast<int>(random() % static_cast<unsigned>(type.grid.n_levels)));
      packed |= static_cast<unsigned>(pattern.back()) << bits * j;
    }
    const std::vector<int> near = entries_near(type, pattern);
    const PatternEntry entry = book.patterns[packed];
    if (entry_levels(type.grid, near[0]) == pattern) {
      ASSERT_EQ(entry.n, 0);
      ASSERT_EQ(entry.at, near[0]);
      continue;
    }
    ASSERT_EQ(entry.n, near.size());
    const uint16_t* list = book.lists + entry.at * kListBlock;
    for (size_t i = 0; i < near.size(); ++i) ASSERT_EQ(list[i], type.grid.packed[near[i]]);
    for (size_t i = near.size(); i % kListBlock != 0; ++i) ASSERT_EQ(list[i], list[0]);
  }
}

TEST_P(CodebookTest, EveryBuildFindsWhatTheDefinitionSays) {
  const Case& type = GetParam();
  constexpr int kGroups = kChunkBlocks * 256 / 32;
  const Groups groups = make_groups(type, kGroups);
  const size_t runs = static_cast<size_t>(type.group / type.grid.length);
  const Codebook book = tables_of(type).view();
  const CodebookSearch search = {&book, type.group, type.steps, type.step, type.refit};
  for (const SearchSet* set : all_sets()) {
    CodebookFits fits;
    set->codebook(search,
                  {groups.x.data(), groups.w.data(), groups.root_w.data(), groups.peak.data(), groups.scale.data()},
                  kGroups, &fits);
    for (size_t g = 0; g < kGroups; ++g) {
      const size_t at = g * static_cast<size_t>(type.group);
      const Fit expected =
          search_one(type, &groups.x[at], &groups.w[at], &groups.root_w[at], groups.peak[g], groups.scale[g]);
      Fit found{fits.scale[g], {}};
      for (size_t run = 0; run < runs; ++run) found.runs.push_back({fits.indices[g * runs + run]});
      ASSERT_TRUE(found == expected) << set->name << ", group " << g;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, CodebookTest,
                         testing::Values(Case{"IQ2_XXS", kGridIq2Xxs, 2, 32, 6, 0.1f, Refit::kAll},
                                         Case{"IQ2_XS", kGridIq2Xs, 2, 16, 9, 0.1f, Refit::kOffGrid},
                                         Case{"IQ2_S", kGridIq2S, 1, 16, 9, 0.1f, Refit::kOffGrid},
                                         Case{"IQ3_XXS", kGridIq3Xxs, 2, 32, 15, 0.2f, Refit::kOffGrid},
                                         Case{"IQ3_S", kGridIq3S, 3, 32, 9, 0.2f, Refit::kAllIfAnyOff}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace aurea::codecs
