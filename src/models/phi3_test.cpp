// The Phi-3 description: configurations of the published members, LongRoPE's numbers, and what is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "models/architecture.h"

namespace aurea::models {
namespace {

Json mini_config() {
  return parse_json(R"({"architectures": ["Phi3ForCausalLM"], "hidden_size": 3072, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 8192, "max_position_embeddings": 4096,
    "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0,
    "sliding_window": 2047, "tie_word_embeddings": false, "vocab_size": 32064})", "test");
}

Json with_factors(size_t pairs, const char* type = "longrope") {
  Json config = mini_config();
  config["max_position_embeddings"] = 131072;
  config["sliding_window"] = 262144;
  config["rope_scaling"] = {{"type", type}, {"short_factor", Json(std::vector<double>(pairs, 1.0))},
                            {"long_factor", Json(std::vector<double>(pairs, 2.0))}};
  return config;
}

Hyperparams read(const Json& config) {
  const Hyperparams params = architecture_for_huggingface(config).from_huggingface(config, [](const std::string&) { return nullptr; });
  validate(params);
  return params;
}

uint64_t parameters(const ModelDescription& description) {
  uint64_t total = 0;
  for (const TensorSpec& spec : description.tensors) {
    if (spec.role == TensorRole::kRopeFactors) continue;
    uint64_t count = 1;
    for (const uint64_t n : spec.shape) count *= n;
    total += count;
  }
  return total;
}

uint64_t parameters_of(const Json& config) {
  return parameters(architecture_for_huggingface(config).describe(read(config)));
}

void expect_error(const Json& config, ErrorCode code, const std::string& part) {
  try {
    read(config);
    FAIL() << "accepted, expected an error with: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Phi3, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(parameters_of(mini_config()), 3'821'079'552u);
  EXPECT_EQ(parameters_of(with_factors(48)), 3'821'079'552u);
  Json medium = mini_config();
  medium["hidden_size"] = 5120, medium["num_hidden_layers"] = 40, medium["num_attention_heads"] = 40;
  medium["num_key_value_heads"] = 10, medium["intermediate_size"] = 17920;
  EXPECT_EQ(parameters_of(medium), 13'960'238'080u);
  medium["vocab_size"] = 100352;  // phi-4
  EXPECT_EQ(parameters_of(medium), 14'659'507'200u);
  Json phi4_mini = with_factors(48);
  phi4_mini["num_attention_heads"] = 24, phi4_mini["num_key_value_heads"] = 8, phi4_mini["partial_rotary_factor"] = 0.75;
  phi4_mini["vocab_size"] = 200064, phi4_mini["tie_word_embeddings"] = true;
  EXPECT_EQ(parameters_of(phi4_mini), 3'836'021'760u);
  EXPECT_EQ(read(phi4_mini).rope.dims, 96u);
  EXPECT_EQ(read(phi4_mini).head_dim, 128u);
}

TEST(Phi3, LongRopeFrequenciesAndMagnitude) {
  EXPECT_NEAR(longrope_magnitude(131072 / 4096.0, 4096), 1.1902380714238083, 1e-15);
  EXPECT_EQ(longrope_magnitude(1, 4096), 1.0);
  RopeParams rope;
  rope.dims = 96;
  std::vector<float> factors(48, 1.0f);
  factors[1] = 1.0199999809265137f;  // the second entry of Phi-3.5-mini's short list
  EXPECT_NEAR(rope_frequencies(rope, factors)[1], 0.809219805, 1e-9);
  EXPECT_EQ(rope_frequencies(rope, {})[0], 1.0);
  EXPECT_EQ(read(with_factors(48)).rope.long_magnitude, 1.1902380714238083f);
  EXPECT_EQ(read(with_factors(48, "su")).rope.long_magnitude, 1.1902380714238083f);
  EXPECT_EQ(read(with_factors(48, "yarn")).rope.long_magnitude, static_cast<float>(0.1 * std::log(32.0) + 1));
}

TEST(Phi3, TransformersFiveSpellsRopeSettingsInOneObject) {
  Json config = with_factors(48);
  Json rope = config["rope_scaling"];
  rope["rope_type"] = "longrope";
  rope.erase("type");
  rope["rope_theta"] = 10000.0, rope["original_max_position_embeddings"] = 4096;
  config.erase("rope_scaling"), config.erase("rope_theta"), config.erase("original_max_position_embeddings");
  config["rope_parameters"] = rope;
  const Hyperparams a = read(config), b = read(with_factors(48));
  EXPECT_EQ(a.rope.long_magnitude, b.rope.long_magnitude);
  EXPECT_EQ(a.rope.long_factors, b.rope.long_factors);
  EXPECT_EQ(a.rope.original_context, 4096u);
}

TEST(Phi3, NullAndAbsentMeanNone) {
  Json config = mini_config();
  config["sliding_window"] = nullptr;
  EXPECT_EQ(read(config).sliding_window, 0u);
  config.erase("sliding_window"), config.erase("num_key_value_heads"), config.erase("rope_scaling");
  EXPECT_EQ(read(config).n_kv_heads, 32u);
  EXPECT_FALSE(read(config).rope.has_factors());
}

TEST(Phi3, ContradictionsAndUnknownSettingsAreRefusedByName) {
  expect_error(with_factors(47), ErrorCode::kBadFile, "47 entries, expected 48");
  expect_error(with_factors(48, "linear"), ErrorCode::kUnsupported, "'linear'");
  Json config = mini_config();
  config["hidden_act"] = "relu";
  expect_error(config, ErrorCode::kUnsupported, "hidden_act");
  config = mini_config();
  config["attention_bias"] = true;
  expect_error(config, ErrorCode::kUnsupported, "attention_bias");
  config = mini_config();
  config["num_key_value_heads"] = 5;
  expect_error(config, ErrorCode::kBadFile, "5 key/value heads");
  config = mini_config();
  config.erase("hidden_size");
  expect_error(config, ErrorCode::kBadFile, "'hidden_size' is missing");
  config["hidden_size"] = -1;
  expect_error(config, ErrorCode::kBadFile, "negative");
  config["hidden_size"] = "big";
  expect_error(config, ErrorCode::kBadFile, "expected an integer");
  config["hidden_size"] = 1LL << 40;
  expect_error(config, ErrorCode::kBadFile, "hidden size");
  config = mini_config();
  config["sliding_window"] = (1LL << 32) + 5;
  expect_error(config, ErrorCode::kBadFile, "sliding window");
  config = mini_config();
  config["num_attention_heads"] = 0;
  expect_error(config, ErrorCode::kBadFile, "num_attention_heads");
  config = mini_config();
  config["num_hidden_layers"] = 100000;
  expect_error(config, ErrorCode::kBadFile, "layers");
  config = with_factors(48);
  config["rope_scaling"]["original_max_position_embeddings"] = 8192;
  expect_error(config, ErrorCode::kBadFile, "original_max_position_embeddings");
}

TEST(Phi3, AHeadSizeOfItsOwnIsWrittenDown) {
  Json config = mini_config();
  const auto has_length = [&](const char* key) {
    formats::GgufMetadata keys;
    architecture_for_gguf("phi3").to_gguf(read(config), keys);
    return keys.optional_uint(key);
  };
  EXPECT_EQ(has_length("phi3.attention.key_length"), std::nullopt);
  config["head_dim"] = 128;
  EXPECT_EQ(has_length("phi3.attention.key_length"), 128u);
  EXPECT_EQ(has_length("phi3.attention.value_length"), 128u);
}

TEST(Registry, AnotherArchitectureIsRefusedWithItsNameAndWhatIsSupported) {
  Json config = mini_config();
  config["architectures"] = {"LlamaForCausalLM"};
  expect_error(config, ErrorCode::kUnsupported, "LlamaForCausalLM is not supported; supported: Phi3ForCausalLM");
  expect_error(Json::object(), ErrorCode::kBadFile, "not a model's config.json");
  EXPECT_THROW(architecture_for_gguf("llama"), Error);
}

}  // namespace
}  // namespace aurea::models
