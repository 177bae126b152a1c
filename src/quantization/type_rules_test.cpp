// Types tensor by tensor: against llama.cpp v0.5.0's own dry runs of all recipes, and what the user's choices change
// about them.
#include "quantization/type_rules.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "quantization/recipe_rules.h"
#include "quantization/test_models.h"

namespace aurea::quantization {
namespace {

using test::assign;
using test::phi35_mini;
using test::tensor_bytes;
using test::type_of;
using test::types_of;

struct Expected {
  const char* recipe;
  bool importance;
  uint64_t phi35_mini, phi4_mini, phi4, phi35_moe;
};

// Bytes of all tensors by llama-quantize --dry-run, with and without an importance file. A recipe that is there once
// gives the same with and without.
constexpr Expected kDryRuns[] = {
    {"Q1_0", false, 605'059'968, 957'945'216, 2'412'318'720, 5'989'071'360},
    {"Q2_0", false, 1'156'222'848, 1'410'930'048, 4'546'007'040, 11'895'532'032},
    {"Q4_0", false, 2'175'438'720, 2'316'899'712, 8'379'863'040, 23'597'640'192},
    {"Q4_0", true, 2'181'730'176, 2'323'191'168, 8'408'535'040, 23'702'497'792},
    {"Q4_1", false, 2'408'087'424, 2'518'226'304, 9'263'943'680, 26'206'317'056},
    {"MXFP4_MOE", false, 4'060'483'968, 4'076'360'064, 15'576'944'640, 23'107'912'192},
    {"Q5_0", false, 2'640'736'128, 2'719'552'896, 10'148'024'320, 28'814'993'920},
    {"Q5_0", true, 2'647'027'584, 2'725'844'352, 10'176'696'320, 28'919'851'520},
    {"Q5_1", false, 2'873'384'832, 2'920'879'488, 11'032'104'960, 31'423'670'784},
    {"IQ2_XXS", false, 1'105'898'880, 1'296'273'792, 4'549'345'280, 11'030'991'360},
    {"IQ2_XS", false, 1'187'687'808, 1'378'062'720, 4'911'841'280, 12'274'602'496},
    {"IQ2_S", false, 1'342'395'264, 1'481'871'744, 5'158'072'320, 12'533'832'192},
    {"IQ2_M", false, 1'414'747'008, 1'554'223'488, 5'487'800'320, 13'760'666'112},
    {"IQ1_S", false, 961'195'392, 1'151'570'304, 3'889'889'280, 8'577'323'520},
    {"IQ1_M", false, 1'015'459'200, 1'205'834'112, 4'137'185'280, 9'497'448'960},
    {"TQ1_0", false, 901'418'880, 1'184'437'632, 3'587'543'040, 8'970'004'992},
    {"TQ2_0", false, 1'071'288'192, 1'335'432'576, 4'226'519'040, 10'920'356'352},
    {"Q2_K", false, 1'507'478'400, 1'725'502'848, 5'912'432'640, 15'264'233'984},
    {"Q2_K_S", false, 1'326'599'040, 1'585'517'952, 5'540'720'640, 14'239'775'232},
    {"IQ3_XXS", false, 1'605'849'984, 1'745'326'464, 6'358'712'320, 16'945'715'712},
    {"IQ3_XXS", true, 1'512'264'576, 1'670'615'424, 6'125'752'320, 16'093'747'712},
    {"IQ3_XS", false, 1'624'437'120, 1'832'457'600, 6'452'039'680, 17'096'851'968},
    {"IQ3_S", false, 1'681'060'224, 1'889'080'704, 6'710'087'680, 18'072'027'648},
    {"IQ3_M", false, 1'854'861'696, 2'009'404'800, 6'910'279'680, 18'366'153'216},
    {"Q3_K_S", false, 1'681'060'224, 1'889'080'704, 6'501'191'680, 18'054'201'856},
    {"Q3_K_M", false, 1'961'816'448, 2'113'213'824, 7'369'543'680, 20'031'816'192},
    {"Q3_K_L", false, 2'200'105'344, 2'304'316'800, 8'123'207'680, 21'687'517'696},
    {"IQ4_NL", false, 2'188'021'632, 2'329'482'624, 8'633'815'040, 23'824'132'608},
    {"IQ4_NL", true, 2'175'438'720, 2'316'899'712, 8'576'471'040, 23'614'417'408},
    {"IQ4_XS", false, 2'074'843'008, 2'231'965'056, 8'255'262'720, 22'576'417'280},
    {"IQ4_XS", true, 2'059'114'368, 2'216'236'416, 8'183'582'720, 22'314'273'280},
    {"Q4_K_S", false, 2'202'177'408, 2'337'346'944, 8'456'867'840, 23'809'452'544},
    {"Q4_K_M", false, 2'396'032'896, 2'485'589'376, 9'055'703'040, 25'345'092'096},
    {"Q5_K_S", false, 2'640'736'128, 2'719'552'896, 10'148'024'320, 28'814'993'920},
    {"Q5_K_M", false, 2'754'375'552, 2'806'453'632, 10'496'184'320, 29'715'196'416},
    {"Q6_K", false, 3'135'114'624, 3'147'371'904, 12'026'695'680, 34'358'432'256},
    {"Q8_0", false, 4'060'483'968, 4'076'360'064, 15'576'944'640, 44'498'862'592},
    {"F16", false, 7'642'558'848, 7'672'443'264, 29'319'843'840, 83'752'141'312},
    {"BF16", false, 7'642'558'848, 7'672'443'264, 29'319'843'840, 83'752'141'312},
};

bool depends_on_importance(std::string_view recipe) {
  return std::ranges::any_of(kDryRuns, [&](const Expected& row) { return row.importance && recipe == row.recipe; });
}

TEST(TypeRules, BytesAreThoseOfLlamaQuantizesDryRun) {
  const auto mini = phi35_mini(), mini4 = test::phi4_mini(), big = test::phi4(), moe = test::phi35_moe();
  for (const Expected& row : kDryRuns) {
    for (const bool importance : {false, true}) {
      if (importance != row.importance && depends_on_importance(row.recipe)) continue;
      SCOPED_TRACE(fmt::format("{}{}", row.recipe, importance ? " with importance" : ""));
      EXPECT_EQ(tensor_bytes(mini, types_of(mini, row.recipe, importance)), row.phi35_mini);
      EXPECT_EQ(tensor_bytes(mini4, types_of(mini4, row.recipe, importance)), row.phi4_mini);
      EXPECT_EQ(tensor_bytes(big, types_of(big, row.recipe, importance)), row.phi4);
      // The dry run was made of a listing without the biases of the output and of the norm before it.
      EXPECT_EQ(tensor_bytes(moe, types_of(moe, row.recipe, importance)),
                row.phi35_moe + (32064 + 4096) * sizeof(float));
    }
  }
}

TEST(TypeRules, MediumMixRaisesHalfOfTheLayers) {
  std::vector<uint64_t> raised;
  for (uint64_t i = 0; i < 32; ++i) {
    if (gets_more_bits(i, 32)) raised.push_back(i);
  }
  EXPECT_EQ(raised, (std::vector<uint64_t>{0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31}));
}

/// What one kind of tensor of Phi-3.5-mini gets: `raised` in the layers that `in` names, else `type`.
struct Row {
  const char* tensor;
  QuantType type;
  QuantType raised = type;
  bool (*in)(uint64_t layer) = [](uint64_t) { return false; };
};

void expect_map(const char* recipe, bool importance, QuantType output, QuantType embedding, std::vector<Row> rows) {
  SCOPED_TRACE(recipe);
  const auto description = phi35_mini();
  const auto types = types_of(description, recipe, importance);
  EXPECT_EQ(type_of(description, types, "output.weight"), output);
  EXPECT_EQ(type_of(description, types, "token_embd.weight"), embedding);
  for (uint64_t layer = 0; layer < 32; ++layer) {
    for (const Row& row : rows) {
      const std::string name = fmt::format("blk.{}.{}.weight", layer, row.tensor);
      EXPECT_EQ(type_of(description, types, name), row.in(layer) ? row.raised : row.type) << name;
    }
    EXPECT_EQ(type_of(description, types, fmt::format("blk.{}.attn_norm.weight", layer)), QuantType::kF32);
  }
  EXPECT_EQ(type_of(description, types, "rope_factors_long.weight"), QuantType::kF32);
}

TEST(TypeRules, MapsOfPhi35Mini) {
  using enum QuantType;
  const auto more = [](uint64_t layer) { return gets_more_bits(layer, 32); };
  const auto first_two = [](uint64_t layer) { return layer < 2; };
  const auto first_four = [](uint64_t layer) { return layer < 4; };
  expect_map("Q2_K", false, kQ6_K, kQ2_K,
             {{"attn_qkv", kQ3_K}, {"attn_output", kQ3_K}, {"ffn_down", kQ3_K}, {"ffn_up", kQ2_K}});
  expect_map("Q3_K_M", false, kQ6_K, kQ3_K,
             {{"attn_qkv", kQ4_K, kQ5_K, first_two},
              {"attn_output", kQ4_K},
              {"ffn_down", kQ4_K, kQ5_K, first_two},
              {"ffn_up", kQ3_K}});
  expect_map(
      "Q4_K_M", false, kQ6_K, kQ4_K,
      {{"attn_qkv", kQ4_K, kQ6_K, more}, {"attn_output", kQ4_K}, {"ffn_down", kQ4_K, kQ6_K, more}, {"ffn_up", kQ4_K}});
  expect_map(
      "Q5_K_M", false, kQ6_K, kQ5_K,
      {{"attn_qkv", kQ5_K, kQ6_K, more}, {"attn_output", kQ5_K}, {"ffn_down", kQ5_K, kQ6_K, more}, {"ffn_up", kQ5_K}});
  expect_map("Q6_K", false, kQ6_K, kQ6_K,
             {{"attn_qkv", kQ6_K}, {"attn_output", kQ6_K}, {"ffn_down", kQ6_K}, {"ffn_up", kQ6_K}});
  expect_map(
      "IQ4_XS", false, kQ6_K, kIQ4_XS,
      {{"attn_qkv", kIQ4_XS}, {"attn_output", kIQ4_XS}, {"ffn_down", kIQ4_XS, kQ5_K, first_four}, {"ffn_up", kIQ4_XS}});
  expect_map("IQ4_XS", true, kQ6_K, kIQ4_XS,
             {{"attn_qkv", kIQ4_XS}, {"attn_output", kIQ4_XS}, {"ffn_down", kIQ4_XS}, {"ffn_up", kIQ4_XS}});
  // Our own.
  expect_map("NVFP4", false, kQ6_K, kQ4_K,
             {{"attn_qkv", kNVFP4}, {"attn_output", kNVFP4}, {"ffn_down", kNVFP4}, {"ffn_up", kNVFP4}});
  expect_map("MXFP4", false, kQ6_K, kQ4_K,
             {{"attn_qkv", kMXFP4}, {"attn_output", kMXFP4}, {"ffn_down", kMXFP4}, {"ffn_up", kMXFP4}});
}

TEST(TypeRules, EightExpertsGetMoreForAttention) {
  using enum QuantType;
  const auto description = test::mixture(8);
  const auto medium = types_of(description, "Q4_K_M");
  EXPECT_EQ(type_of(description, medium, "blk.5.attn_v.weight"), kQ8_0);
  EXPECT_EQ(type_of(description, medium, "blk.5.attn_k.weight"), kQ8_0);
  EXPECT_EQ(type_of(description, medium, "blk.5.attn_q.weight"), kQ4_K);
  EXPECT_EQ(type_of(description, medium, "blk.5.attn_output.weight"), kQ5_K);
  EXPECT_EQ(type_of(description, types_of(description, "Q3_K_L"), "blk.5.attn_output.weight"), kQ3_K);
  const auto tiny = types_of(description, "IQ2_XS", true);
  EXPECT_EQ(type_of(description, tiny, "blk.5.attn_v.weight"), kQ4_K);
  EXPECT_EQ(type_of(description, tiny, "blk.5.attn_k.weight"), kQ4_K);
  EXPECT_EQ(type_of(description, tiny, "blk.5.attn_output.weight"), kQ5_K);
  const auto three = types_of(description, "IQ3_M");
  for (uint64_t layer = 0; layer < 32; ++layer) {
    EXPECT_EQ(type_of(description, three, fmt::format("blk.{}.ffn_down_exps.weight", layer)),
              gets_more_bits(layer, 32) ? kQ4_K : kIQ3_S)
        << layer;
  }
}

TEST(TypeRules, RowsThatDoNotDivideFallBack) {
  using enum QuantType;
  EXPECT_EQ(fallback_type(kQ4_K, 3072), kQ4_K);
  EXPECT_EQ(fallback_type(kQ4_K, 960), kQ5_0);
  EXPECT_EQ(fallback_type(kQ5_K, 960), kQ5_1);
  EXPECT_EQ(fallback_type(kQ6_K, 448), kQ8_0);
  EXPECT_EQ(fallback_type(kQ2_K, 448), kQ4_0);
  EXPECT_EQ(fallback_type(kTQ1_0, 448), kQ4_0);
  EXPECT_EQ(fallback_type(kQ2_0, 96), kQ4_0);
  for (const QuantType type : {kIQ1_S, kIQ1_M, kIQ2_XXS, kIQ2_XS, kIQ2_S, kIQ3_XXS, kIQ3_S, kIQ4_XS})
    EXPECT_EQ(fallback_type(type, 96), kIQ4_NL);
  EXPECT_EQ(fallback_type(kQ1_0, 192), kQ4_0);
  EXPECT_EQ(fallback_type(kNVFP4, 96), kIQ4_NL);
  EXPECT_EQ(fallback_type(kQ8_0, 100), kF16);
  EXPECT_EQ(fallback_type(kQ6_K, 100), kF16);
  EXPECT_EQ(fallback_type(kF32, 100), kF32);
  for (const QuantTypeInfo& row : kQuantTypes) {
    EXPECT_GE(bits_per_element(fallback_type(row.type, 32)), bits_per_element(row.type)) << row.name;
  }
}

TEST(TypeRules, FallbacksAreReported) {
  const auto description = test::dense(192, 2, 4, 4, 320, 100, 0, false);  // rows of 192 and 320
  const TypeAssignment assigned = assign(description, {.recipe = &find_recipe("Q4_K_M")});
  EXPECT_EQ(type_of(description, assigned.types, "output.weight"), QuantType::kQ8_0);  // by rule, not as a fallback
  EXPECT_EQ(type_of(description, assigned.types, "blk.0.ffn_up.weight"), QuantType::kQ5_0);
  EXPECT_EQ(type_of(description, assigned.types, "blk.1.ffn_down.weight"), QuantType::kQ8_0);
  EXPECT_EQ(assigned.fallbacks.size(), 9u);  // all matrices but the output
  for (const Fallback& fallback : assigned.fallbacks) {
    EXPECT_EQ(assigned.types[fallback.tensor],
              fallback_type(fallback.wanted, description.tensors[fallback.tensor].shape.back()));
  }
}

// The choices of the user.

TypeRules with_override(const char* recipe, std::vector<const char*> lines) {
  TypeRules rules{.recipe = &find_recipe(recipe)};
  for (const char* line : lines) rules.overrides.push_back(parse_type_override(line, "--tensor-type"));
  return rules;
}

TEST(TypeRules, TheFirstPatternThatFitsDecides) {
  const auto description = phi35_mini();
  const auto types =
      assign(description,
             with_override("Q4_K_M", {"BLK\\.3\\..*down=q8_0", "ffn_(up|down)=q3_k", "norm|token_embd=f16"}))
          .types;
  EXPECT_EQ(type_of(description, types, "blk.3.ffn_down.weight"), QuantType::kQ8_0);
  EXPECT_EQ(type_of(description, types, "blk.4.ffn_down.weight"), QuantType::kQ3_K);
  EXPECT_EQ(type_of(description, types, "token_embd.weight"), QuantType::kF16);
  EXPECT_EQ(type_of(description, types, "blk.3.ffn_norm.weight"), QuantType::kF32);  // never another
  EXPECT_EQ(type_of(description, types, "output.weight"), QuantType::kQ6_K);
}

TEST(TypeRules, TensorsOfAChosenTypeAreNotCounted) {
  // As in llama.cpp: of Q3_K_M's two raised layers, layer 0 is taken out, so that layers 1 and 2 are the first two.
  const auto description = phi35_mini();
  const auto types = assign(description, with_override("Q3_K_M", {"blk\\.0\\.=q8_0"})).types;
  const auto qkv = [&](int layer) { return type_of(description, types, fmt::format("blk.{}.attn_qkv.weight", layer)); };
  EXPECT_EQ(qkv(0), QuantType::kQ8_0);
  EXPECT_EQ(qkv(1), QuantType::kQ5_K);
  EXPECT_EQ(qkv(2), QuantType::kQ5_K);
  EXPECT_EQ(qkv(3), QuantType::kQ4_K);
}

TEST(TypeRules, OwnOptionsComeBeforePatternsAndPatternsBeforePure) {
  const auto description = phi35_mini();
  TypeRules rules = with_override("Q4_K_M", {".=q5_k", "ffn_up=q8_0"});
  rules.output = QuantType::kF16;
  rules.token_embedding = QuantType::kQ3_K;
  rules.pure = true;
  const auto types = assign(description, rules).types;
  EXPECT_EQ(type_of(description, types, "output.weight"), QuantType::kF16);
  EXPECT_EQ(type_of(description, types, "token_embd.weight"), QuantType::kQ3_K);
  EXPECT_EQ(type_of(description, types, "blk.0.ffn_up.weight"), QuantType::kQ5_K);
  rules.overrides.clear();
  EXPECT_EQ(type_of(description, assign(description, rules).types, "blk.0.attn_qkv.weight"), QuantType::kQ4_K);
  rules.output.reset();
  EXPECT_EQ(type_of(description, assign(description, rules).types, "output.weight"), QuantType::kQ4_K);
}

TEST(TypeRules, TiedEmbeddingsFollowTheOutputsOption) {
  const auto description = test::phi4_mini();
  TypeRules rules{.recipe = &find_recipe("Q4_K_M")};
  rules.output = QuantType::kQ8_0;
  EXPECT_EQ(type_of(description, assign(description, rules).types, "token_embd.weight"), QuantType::kQ8_0);
  rules.token_embedding = QuantType::kF16;
  EXPECT_EQ(type_of(description, assign(description, rules).types, "token_embd.weight"), QuantType::kF16);
}

TEST(TypeRules, AFloatRecipeTakesOwnOptionsOnly) {
  const auto description = phi35_mini();
  TypeRules rules{.recipe = &find_recipe("F16")};
  rules.output = QuantType::kQ8_0;
  const auto types = assign(description, rules).types;
  EXPECT_EQ(type_of(description, types, "output.weight"), QuantType::kQ8_0);
  EXPECT_EQ(type_of(description, types, "token_embd.weight"), QuantType::kF16);
  EXPECT_THROW(assign(description, with_override("F16", {"ffn=q8_0"})), Error);
}

TEST(TypeRules, WhatIsLeftOrCopiedKeepsItsType) {
  const auto description = phi35_mini();
  const auto types = assign(description, {.recipe = &find_recipe("Q4_K_M"), .leave_output = true}).types;
  EXPECT_EQ(type_of(description, types, "output.weight"), QuantType::kBF16);
  const auto copied = types_of(description, "COPY");
  for (size_t id = 0; id < copied.size(); ++id) {
    EXPECT_EQ(copied[id], description.tensors[id].shape.size() == 2 ? QuantType::kBF16 : QuantType::kF32)
        << description.tensors[id].name;
  }
}

TEST(TypeRules, ChoicesThatContradictOrChangeNothingAreRefused) {
  const auto refused = [](const models::ModelDescription& description, const TypeRules& rules, const char* word) {
    try {
      assign(description, rules);
      ADD_FAILURE() << word;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  };
  refused(phi35_mini(), with_override("Q4_K_M", {"ffn_down=q8_0", "ffn_gate_exps=q8_0"}),
          "'ffn_gate_exps' is found in no matrix's name");
  refused(phi35_mini(), with_override("Q4_K_M", {"attn_norm=q8_0"}), "'attn_norm' is found in no matrix's name");
  refused(phi35_mini(), {.recipe = &find_recipe("COPY"), .pure = true}, "COPY");
  TypeRules both{.recipe = &find_recipe("Q4_K_M"), .output = QuantType::kF16, .leave_output = true};
  refused(phi35_mini(), both, "exclude each other");
  refused(test::phi4_mini(), {.recipe = &find_recipe("Q4_K_M"), .leave_output = true}, "--token-embedding-type");
  // Forestalled by another pattern, but no misspelling.
  EXPECT_NO_THROW(assign(phi35_mini(), with_override("Q4_K_M", {"ffn=q8_0", "ffn_down=q6_k"})));
}

TEST(TypeRules, ImportanceIsNeededForTheSmallestTypesInsideTheBlocks) {
  const auto description = phi35_mini();
  const auto needs = [&](const char* name, QuantType type, const char* recipe) {
    const auto spec = std::ranges::find(description.tensors, name, &models::TensorSpec::name);
    return needs_importance(*spec, type, find_recipe(recipe));
  };
  EXPECT_TRUE(needs("blk.0.ffn_up.weight", QuantType::kIQ3_XXS, "Q4_K_M"));
  EXPECT_TRUE(needs("blk.0.ffn_up.weight", QuantType::kQ2_K, "Q2_K_S"));
  EXPECT_FALSE(needs("blk.0.ffn_up.weight", QuantType::kQ2_K, "Q2_K"));
  EXPECT_FALSE(needs("blk.0.ffn_up.weight", QuantType::kIQ3_S, "IQ3_S"));
  EXPECT_FALSE(needs("token_embd.weight", QuantType::kIQ2_XXS, "Q4_K_M"));
  EXPECT_FALSE(needs("output.weight", QuantType::kIQ1_S, "Q4_K_M"));
}

// A map that was written as a file of types is read back as the same map, whatever the recipe under it.
TEST(TypeRules, AnExactFileMakesTheSameMap) {
  const auto description = phi35_mini();
  const auto wanted = types_of(description, "Q3_K_M");
  TypeRules rules{.recipe = &find_recipe("Q8_0")};
  for (size_t id = 0; id < wanted.size(); ++id) {
    if (wanted[id] != QuantType::kF32)
      rules.overrides.push_back(parse_type_override(exact_override(description.tensors[id].name, wanted[id]), "file"));
  }
  EXPECT_EQ(assign(description, rules).types, wanted);
}

}  // namespace
}  // namespace aurea::quantization
