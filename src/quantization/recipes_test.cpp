// The list of recipes: what it says of itself holds.
#include "quantization/recipes.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "quantization/test_models.h"

namespace aurea::quantization {
namespace {

TEST(Recipes, NamesInAnyCaseAliasesAndNumbers) {
  EXPECT_EQ(find_recipe("q4_k").name, "Q4_K_M");
  EXPECT_EQ(find_recipe("Q5_K").file_type, 17u);
  EXPECT_EQ(find_recipe("q3_K").name, "Q3_K_M");
  EXPECT_EQ(find_recipe("15").name, "Q4_K_M");
  EXPECT_EQ(find_recipe("0").name, "F32");         // not COPY
  EXPECT_EQ(find_recipe("38").name, "MXFP4_MOE");  // llama.cpp's, not ours
  EXPECT_EQ(find_recipe("iq2_xxs").file_type, 19u);
}

TEST(Recipes, UnknownOnesAreAnsweredWithTheList) {
  for (const char* name : {"Q9", "", "Q4_K_", "5", "33", "015", "-1"}) {  // 5 and 33 were removed from llama.cpp
    try {
      find_recipe(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_NE(std::string(error.what()).find(" Q4_K_M "), std::string::npos);
    }
  }
}

TEST(Recipes, EachTypeHasARecipeOfItsNameOrAnAlias) {
  for (const QuantTypeInfo& row : kQuantTypes) {
    EXPECT_NO_THROW(find_recipe(row.name)) << row.name;
  }
}

TEST(Recipes, TheListSaysWhatPhi35MiniComesTo) {
  const auto description = test::phi35_mini();
  const auto parameters = static_cast<double>(parameter_count(description));
  for (const Recipe& recipe : recipes()) {
    if (recipe.copies()) continue;
    const auto types = test::types_of(description, std::string(recipe.name).c_str(), recipe.needs_importance);
    const double bits = 8.0 * static_cast<double>(test::tensor_bytes(description, types)) / parameters;
    EXPECT_NEAR(recipe.bits_per_weight, bits, 0.0051) << recipe.name;
    bool needs = false;
    for (const bool dense : {true, false}) {
      const auto model = dense ? description : test::phi35_moe();
      const auto plain = test::types_of(model, std::string(recipe.name).c_str());
      for (size_t id = 0; id < plain.size(); ++id) needs |= needs_importance(model.tensors[id], plain[id], recipe);
    }
    EXPECT_EQ(recipe.needs_importance, needs) << recipe.name;
  }
}

TEST(Recipes, GroupsStandTogetherLargestFirst) {
  std::set<RecipeGroup> seen;
  const Recipe* previous = nullptr;
  for (const Recipe& recipe : recipes()) {
    if (previous == nullptr || previous->group != recipe.group) {
      EXPECT_TRUE(seen.insert(recipe.group).second) << recipe.name;
      EXPECT_FALSE(title(recipe.group).empty());
    } else {
      EXPECT_LE(recipe.bits_per_weight, previous->bits_per_weight) << recipe.name;
    }
    previous = &recipe;
  }
}

}  // namespace
}  // namespace aurea::quantization
