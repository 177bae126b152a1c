// Sources: the published config.json of each model. LongRoPE's factor lists are stood in for by a smooth curve with about the
// same end points: they change the numbers, not the shapes or the speed.
#include "make_checkpoint/members.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/error.h"

namespace aurea::tools {
namespace {

Json base_config(int hidden, int layers, int heads, int kv_heads, int ffn, int vocab, int max_positions, int original, double theta) {
  return {{"architectures", {"Phi3ForCausalLM"}},
          {"attention_bias", false},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"hidden_act", "silu"},
          {"hidden_size", hidden},
          {"intermediate_size", ffn},
          {"max_position_embeddings", max_positions},
          {"model_type", "phi3"},
          {"num_attention_heads", heads},
          {"num_hidden_layers", layers},
          {"num_key_value_heads", kv_heads},
          {"original_max_position_embeddings", original},
          {"rms_norm_eps", 1e-5},
          {"rope_scaling", nullptr},
          {"rope_theta", theta},
          {"sliding_window", nullptr},
          {"tie_word_embeddings", false},
          {"torch_dtype", "bfloat16"},
          {"vocab_size", vocab}};
}

/// `pairs` factors that rise from 1 to `last` as an S-curve, as trained LongRoPE lists do.
Json longrope(int pairs, double last_short, double last_long) {
  const auto list = [&](double last) {
    Json factors = Json::array();
    for (int i = 0; i < pairs; ++i) {
      const double x = 10.0 * (static_cast<double>(i) / (pairs - 1) - 0.4);
      factors.push_back(std::round((1.0 + (last - 1.0) / (1.0 + std::exp(-x))) * 1e4) / 1e4);
    }
    return factors;
  };
  return {{"type", "longrope"}, {"short_factor", list(last_short)}, {"long_factor", list(last_long)}};
}

Json phi3_mini_4k() {
  Json config = base_config(3072, 32, 32, 32, 8192, 32064, 4096, 4096, 10000);
  config["sliding_window"] = 2047;
  return config;
}

Json phi35_mini() {
  Json config = base_config(3072, 32, 32, 32, 8192, 32064, 131072, 4096, 10000);
  config["rope_scaling"] = longrope(48, 2.84, 64.84);
  config["sliding_window"] = 262144;
  return config;
}

Json phi3_medium_4k() {
  Json config = base_config(5120, 40, 40, 10, 17920, 32064, 4096, 4096, 10000);
  config["sliding_window"] = 2047;
  return config;
}

Json phi3_medium_128k() {
  Json config = base_config(5120, 40, 40, 10, 17920, 32064, 131072, 4096, 10000);
  config["rope_scaling"] = longrope(64, 2.84, 64.84);
  config["sliding_window"] = 131072;
  return config;
}

Json phi4() { return base_config(5120, 40, 40, 10, 17920, 100352, 16384, 16384, 250000); }
Json phi4_reasoning() { return base_config(5120, 40, 40, 10, 17920, 100352, 32768, 32768, 500000); }

Json phi4_mini() {
  Json config = base_config(3072, 32, 24, 8, 8192, 200064, 131072, 4096, 10000);
  config["partial_rotary_factor"] = 0.75;
  config["rope_scaling"] = longrope(48, 1.0, 47.77);
  config["sliding_window"] = 262144;
  config["tie_word_embeddings"] = true;
  return config;
}

Json phi_config(int hidden, int layers, double partial) {
  Json config = base_config(hidden, layers, 32, 32, 4 * hidden, 51200, 2048, 2048, 10000);
  config["architectures"] = {"PhiForCausalLM"};
  config["model_type"] = "phi";
  config["hidden_act"] = "gelu_new";
  config["layer_norm_eps"] = 1e-5;
  config["partial_rotary_factor"] = partial;
  for (const char* key : {"attention_bias", "rms_norm_eps", "original_max_position_embeddings", "sliding_window"}) config.erase(key);
  return config;
}

Json phi1() { return phi_config(2048, 24, 0.5); }
Json phi2() { return phi_config(2560, 32, 0.4); }

Json moe_config(int heads, int kv_heads, int ffn, int max_positions) {
  Json config = base_config(4096, 32, heads, kv_heads, ffn, 32064, max_positions, 4096, 10000);
  config["architectures"] = {"PhiMoEForCausalLM"};
  config["model_type"] = "phimoe";
  config["head_dim"] = 128;
  config["num_local_experts"] = 16;
  config["num_experts_per_tok"] = 2;
  config["router_jitter_noise"] = 0.01;
  config["attention_bias"] = config["lm_head_bias"] = true;
  return config;
}

Json phi35_moe() {
  Json config = moe_config(32, 8, 6400, 131072);
  config["rope_scaling"] = longrope(64, 2.84, 64.84);
  config["rope_scaling"]["short_mscale"] = config["rope_scaling"]["long_mscale"] = 1.243163121016122;
  config["sliding_window"] = 131072;
  return config;
}

Json phi_mini_moe() { return moe_config(32, 8, 960, 4096); }
Json phi_tiny_moe() { return moe_config(16, 4, 448, 4096); }

constexpr Member kMembers[] = {
    {"phi-1", VocabularyKind::kByteLevelBpe, phi1},
    {"phi-1.5", VocabularyKind::kByteLevelBpe, phi1},
    {"phi-2", VocabularyKind::kByteLevelBpe, phi2},
    {"Phi-3-mini-4k", VocabularyKind::kSentencePiece, phi3_mini_4k},
    {"Phi-3-mini-128k", VocabularyKind::kSentencePiece, phi35_mini},
    {"Phi-3.5-mini", VocabularyKind::kSentencePiece, phi35_mini},
    {"Phi-3-medium-4k", VocabularyKind::kSentencePiece, phi3_medium_4k},
    {"Phi-3-medium-128k", VocabularyKind::kSentencePiece, phi3_medium_128k},
    {"Phi-3.5-MoE", VocabularyKind::kSentencePiece, phi35_moe},
    {"Phi-mini-MoE", VocabularyKind::kSentencePiece, phi_mini_moe},
    {"Phi-tiny-MoE", VocabularyKind::kSentencePiece, phi_tiny_moe},
    {"Phi-4", VocabularyKind::kByteLevelBpe, phi4},
    {"Phi-4-reasoning", VocabularyKind::kByteLevelBpe, phi4_reasoning},
    {"Phi-4-mini", VocabularyKind::kByteLevelBpe, phi4_mini},
};

}  // namespace

std::span<const Member> members() { return kMembers; }

const Member& find_member(std::string_view name) {
  std::string names;
  for (const Member& member : kMembers) {
    const auto same = [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    if (std::ranges::equal(member.name, name, same)) return member;
    names += " " + std::string(member.name);
  }
  fail(ErrorCode::kBadArgument, "--like {}: no such model; known:{}", name, names);
}

}  // namespace aurea::tools
