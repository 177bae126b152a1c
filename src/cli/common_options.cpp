#include "cli/common_options.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <random>

#include "core/env.h"
#include "core/error.h"
#include "core/mapped_file.h"

namespace aurea::cli {
namespace {

const std::map<std::string, kernels::KvType> kKvTypes = {{"f32", kernels::KvType::kF32},
                                                         {"f16", kernels::KvType::kF16},
                                                         {"bf16", kernels::KvType::kBF16},
                                                         {"q8_0", kernels::KvType::kQ8_0},
                                                         {"q4_0", kernels::KvType::kQ4_0}};

}  // namespace

void add_model_option(CLI::App& app, std::string& path, bool required) {
  auto* positional = app.add_option("MODEL", path, "GGUF file or Hugging Face folder");
  auto* named = app.add_option("-m,--model", path, "The same as MODEL");
  positional->excludes(named);
  if (!required) return;
  app.parse_complete_callback([positional, named] {
    if (positional->count() + named->count() == 0) throw CLI::RequiredError("MODEL (a GGUF file or a Hugging Face folder)");
  });
}

CLI::Validator whole_number(uint64_t low, uint64_t high) {
  return CLI::Validator([low, high](std::string& text) -> std::string {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high) return "";
    if (high == INT64_MAX) return fmt::format("'{}' is not a whole number from {} on", text, low);
    return fmt::format("'{}' is not a whole number from {} to {}", text, low, high);
  }, "");
}

void EngineFlags::add_to(CLI::App& app) {
  app.add_option("-c,--ctx-size", context_size, "Tokens of context; 0: as many as the model was made for")
      ->capture_default_str()->check(whole_number());
  add_all_but_context(app);
}

void EngineFlags::add_all_but_context(CLI::App& app) {
  app.add_option("-t,--threads", threads, "Threads; 0: one per processor")->capture_default_str()->check(whole_number(0, ThreadPool::kMaxThreads));
  app.add_option("-b,--batch-size", batch_tokens, "Tokens of one forward pass")->capture_default_str()->check(whole_number(1, 4096));
  const auto one_of_types = CLI::IsMember({"f32", "f16", "bf16", "q8_0", "q4_0"}, CLI::ignore_case);  // and lower case then
  app.add_option("--cache-type", cache_type, "Numbers of the key/value cache")->capture_default_str()->transform(one_of_types);
  app.add_option("--cache-type-k", cache_type_k, "The same of the keys alone (-ctk)")->transform(one_of_types);
  app.add_option("--cache-type-v", cache_type_v, "The same of the values alone (-ctv)")->transform(one_of_types);
  app.add_flag("--pack-cache", pack_cache, "Keep the weights as the kernels want them in MODEL.packed, and map that file from then on");
  app.add_option("--gpu-layers,--n-gpu-layers", gpu_layers, "Accepted for llama.cpp command lines; this build runs on the CPU");
}

engine::EngineOptions EngineFlags::options(const Context& context) const {
  if (gpu_layers > 0) context.notice("aurea: --gpu-layers: this build has no GPU backend; everything runs on the CPU");
  engine::EngineOptions options;
  options.n_threads = threads;
  options.context_size = context_size;
  options.batch_tokens = batch_tokens;
  options.kv_type = {kKvTypes.at(cache_type_k.empty() ? cache_type : cache_type_k),
                     kKvTypes.at(cache_type_v.empty() ? cache_type : cache_type_v)};
  options.pack_cache = pack_cache;
  options.kernel_set = env::cpu();
  return options;
}

void report_dispatch(const engine::Engine& engine) {
  if (!env::verbose("dispatch")) return;
  fmt::print(stderr, "kernel set {}\n", engine.kernel_set().name);
  for (const std::string& line : engine.describe_dispatch()) fmt::print(stderr, "{}\n", line);
}

void SamplingFlags::add_to(CLI::App& app) {
  app.add_option("--temp", sampling.temperature, "Temperature; 0: always the likeliest token")->capture_default_str();
  app.add_option("--top-k", sampling.top_k, "Only the k likeliest tokens; 0: all")->capture_default_str();
  app.add_option("--top-p", sampling.top_p, "Only the likeliest tokens that make up this probability; 1: all")->capture_default_str();
  app.add_option("--min-p", sampling.min_p, "Only tokens with at least this share of the likeliest one's probability; 0: all")->capture_default_str();
  app.add_option("--repeat-penalty", sampling.repeat_penalty, "Divides the odds of tokens seen lately; 1: off")->capture_default_str();
  app.add_option("--repeat-last-n", sampling.repeat_last_n, "How many tokens back the penalties look; -1: all")->capture_default_str();
  app.add_option("--frequency-penalty", sampling.frequency_penalty, "Subtracted for every time a token was seen")->capture_default_str();
  app.add_option("--presence-penalty", sampling.presence_penalty, "Subtracted once for a token that was seen")->capture_default_str();
  app.add_option("-s,--seed", seed, "Same seed, same answer; -1: a new one every time")->capture_default_str();
}

engine::SamplingOptions SamplingFlags::options() const {
  engine::SamplingOptions options = sampling;
  options.seed = seed >= 0 ? static_cast<uint64_t>(seed) : std::random_device{}();
  return options;
}

void InputFlags::add_to(CLI::App& app) {
  auto* file = app.add_option("-f,--file,--text", text_file, "A file with text");
  auto* text = app.add_option("-p,--prompt", prompt, "The text itself")->excludes(file);
  auto* ids = app.add_option("--tokens", tokens, "Token ids, separated by commas")->excludes(file)->excludes(text);
  ids->delimiter(',')->allow_extra_args(false)->check(whole_number(0, INT32_MAX));
  options_ = {file, text, ids};
  for (CLI::Option* option : options_) option->group("Input, one of");
}

bool InputFlags::given() const {
  return std::ranges::any_of(options_, [](const CLI::Option* option) { return option->count() > 0; });
}

std::string InputFlags::text() const {
  if (!tokens.empty()) fail(ErrorCode::kBadArgument, "--tokens was given where text is needed");
  return text_file.empty() ? prompt : read_text_file(text_file, kMaxTextBytes);
}

std::vector<int32_t> InputFlags::ids(const engine::Model& model, bool add_special) const {
  const uint64_t vocab = model.source().params().vocab_size;
  for (const int32_t id : tokens) {
    if (static_cast<uint64_t>(id) >= vocab) fail(ErrorCode::kBadArgument, "--tokens: id {} is outside the vocabulary of {}", id, vocab);
  }
  if (!tokens.empty()) return tokens;
  return model.tokenizer().encode(text(), {.add_special = add_special, .parse_special = false});
}

}  // namespace aurea::cli
