#include "quantization/recipes.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>
#include <utility>

#include "core/error.h"

namespace aurea::quantization {
namespace {

using enum RecipeGroup;

// NVFP4 and MXFP4 are this project's: llama.cpp has no recipe for the one and only a mixture's for the other (its
// MXFP4_MOE leaves a dense model at Q8_0). They carry the file_type that llama.cpp's readers show for such tensors.
constexpr Recipe kRecipes[] = {
    {"F32", 0, QuantType::kF32, kWhole, 32.0, "32-bit floats: for checking"},
    {"BF16", 32, QuantType::kBF16, kWhole, 16.0, "16-bit brain floats: as the checkpoints are published"},
    {"F16", 1, QuantType::kF16, kWhole, 16.0, "16-bit floats"},
    {"COPY", 0, QuantType::kF32, kWhole, 0, "every matrix as the source has it"},

    {"Q8_0", 7, QuantType::kQ8_0, kLarge, 8.5, "next to no loss"},
    {"Q6_K", 18, QuantType::kQ6_K, kLarge, 6.56, "very small loss"},
    {"Q5_1", 9, QuantType::kQ5_1, kLarge, 6.02, "simple blocks, for old software; Q5_K_M is better"},
    {"Q5_K_M", 17, QuantType::kQ5_K, kLarge, 5.77, "small loss"},
    {"Q5_K_S", 16, QuantType::kQ5_K, kLarge, 5.53, "small loss"},
    {"Q5_0", 8, QuantType::kQ5_0, kLarge, 5.53, "simple blocks, for old software; Q5_K_S is better"},

    {"Q4_1", 3, QuantType::kQ4_1, kMedium, 5.04, "simple blocks, for old software; Q4_K_M is better"},
    {"Q4_K_M", 15, QuantType::kQ4_K, kMedium, 5.02, "the usual choice"},
    {"Q4_K_S", 14, QuantType::kQ4_K, kMedium, 4.61, "a little smaller"},
    {"Q3_K_L", 13, QuantType::kQ3_K, kMedium, 4.61, "3-bit blocks, much of it raised to 5 bits"},
    {"IQ4_NL", 25, QuantType::kIQ4_NL, kMedium, 4.58, "4 bits with levels at uneven distances"},
    {"Q4_0", 2, QuantType::kQ4_0, kMedium, 4.55, "simple blocks, for old software; Q4_K_S is better"},
    {"IQ4_XS", 30, QuantType::kIQ4_XS, kMedium, 4.34, "the smallest with 4 bits throughout"},

    {"Q3_K_M", 12, QuantType::kQ3_K, kSmall, 4.11, "noticeable loss"},
    {"IQ3_M", 27, QuantType::kIQ3_S, kSmall, 3.88, "IQ3_S with more bits where they count most"},
    {"IQ3_S", 26, QuantType::kIQ3_S, kSmall, 3.52, "better than Q3_K_S when importance data are given"},
    {"Q3_K_S", 11, QuantType::kQ3_K, kSmall, 3.52, "large loss"},
    {"IQ3_XS", 22, QuantType::kIQ3_S, kSmall, 3.4, "large loss", true},
    {"IQ3_XXS", 23, QuantType::kIQ3_XXS, kSmall, 3.17, "large loss", true},
    {"Q2_K", 10, QuantType::kQ2_K, kSmall, 3.16, "large loss; the smallest that does without importance data"},

    {"IQ2_M", 29, QuantType::kIQ2_S, kTiny, 2.96, "heavy loss", true},
    {"IQ2_S", 28, QuantType::kIQ2_XS, kTiny, 2.81, "heavy loss", true},
    {"Q2_K_S", 21, QuantType::kQ2_K, kTiny, 2.78, "heavy loss", true},
    {"IQ2_XS", 20, QuantType::kIQ2_XS, kTiny, 2.49, "heavy loss", true},
    {"IQ2_XXS", 19, QuantType::kIQ2_XXS, kTiny, 2.32, "heavy loss", true},
    {"IQ1_M", 31, QuantType::kIQ1_M, kTiny, 2.13, "for large models, or to see how far it goes", true},
    {"IQ1_S", 24, QuantType::kIQ1_S, kTiny, 2.01, "for large models, or to see how far it goes", true},

    {"MXFP4_MOE", 38, QuantType::kMXFP4, kFloats, 8.5,
     "4-bit floats for a mixture's experts (Phi-3.5-MoE: 4.42), Q8_0 for all else"},
    {"NVFP4", 39, QuantType::kNVFP4, kFloats, 4.55, "4-bit floats with 8-bit scales for every 16 weights"},
    {"MXFP4", 38, QuantType::kMXFP4, kFloats, 4.32, "4-bit floats throughout"},

    {"Q2_0", 41, QuantType::kQ2_0, kTrained, 2.42, "2-bit weights"},
    {"TQ2_0", 37, QuantType::kTQ2_0, kTrained, 2.24, "ternary weights"},
    {"TQ1_0", 36, QuantType::kTQ1_0, kTrained, 1.89, "ternary weights, packed closer"},
    {"Q1_0", 40, QuantType::kQ1_0, kTrained, 1.27, "binary weights"},
};

constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"Q3_K", "Q3_K_M"}, {"Q4_K", "Q4_K_M"}, {"Q5_K", "Q5_K_M"}};

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::toupper(static_cast<unsigned char>(x)) == std::toupper(static_cast<unsigned char>(y));
  });
}

}  // namespace

std::span<const Recipe> recipes() { return kRecipes; }

std::string_view title(RecipeGroup group) {
  switch (group) {
    case kWhole:
      return "16 bits and more";
    case kLarge:
      return "8 to 5 bits";
    case kMedium:
      return "5 to 4 bits";
    case kSmall:
      return "4 to 3 bits";
    case kTiny:
      return "Below 3 bits";
    case kFloats:
      return "4-bit floats";
    case kTrained:
      return "Only for models trained with such weights";
  }
  return "";
}

const Recipe& find_recipe(std::string_view name) {
  const auto* alias = std::ranges::find_if(kAliases, [&](const auto& row) { return same_name(row.first, name); });
  const std::string_view wanted = alias != std::end(kAliases) ? alias->second : name;
  std::string names;
  for (const Recipe& recipe : kRecipes) {
    if (same_name(recipe.name, wanted) || fmt::format("{}", recipe.file_type) == wanted) return recipe;
    names += (names.empty() ? "" : " ") + std::string(recipe.name);
  }
  fail(ErrorCode::kBadArgument, "--type {}: no such type; known: {}", name, names);
}

}  // namespace aurea::quantization
