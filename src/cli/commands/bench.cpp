// aurea bench: how fast a model runs here, beside what the machine could do at most, measured in the same run.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "cli/command.h"
#include "cli/common_options.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/progress.h"

namespace aurea::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model;
  size_t prompt = 256, generate = 32, repetitions = 3, batch = 1, depth = 0;
  EngineFlags engine;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Spread {
  double median = 0, min = 0, max = 0;
};

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const size_t n = values.size();
  return {(values[n / 2] + values[(n - 1) / 2]) / 2, values.front(), values.back()};
}

/// What the machine can do at most, measured between the runs, so that both see the same neighbours.
class Limits {
 public:
  explicit Limits(engine::Engine& engine) : set_(engine.kernel_set()), pool_(engine.pool()) {}

  /// The best of all passes so far: a limit is what the machine can do, not what it does on average.
  void measure() {
    std::vector<uint64_t> sums(pool_.size());
    std::vector<uint32_t> sinks(pool_.size());
    for (int pass = 0; pass < kPasses; ++pass) {
      auto start = Clock::now();
      pool_.parallel_for(buffer_.size(), size_t{1} << 20, [&](size_t begin, size_t end, unsigned thread) {
        sums[thread] += set_.read_all(buffer_.data() + begin, end - begin);
      });
      memory_read_gb_per_s = std::max(memory_read_gb_per_s, static_cast<double>(buffer_.size()) / seconds_since(start) / 1e9);

      constexpr size_t kPieces = 64, kRounds = 20000;
      std::vector<uint64_t> operations(pool_.size());
      start = Clock::now();
      pool_.parallel_for(kPieces, 1, [&](size_t, size_t, unsigned thread) { operations[thread] += set_.int8_peak(kRounds, &sinks[thread]); });
      const double seconds = seconds_since(start);
      uint64_t total = 0;
      for (const uint64_t count : operations) total += count;
      int8_gops = std::max(int8_gops, static_cast<double>(total) / seconds / 1e9);
    }
  }

  double memory_read_gb_per_s = 0;
  double int8_gops = 0;

 private:
  static constexpr int kPasses = 3;
  const kernels::KernelSet& set_;
  ThreadPool& pool_;
  const std::vector<uint8_t> buffer_ = std::vector<uint8_t>(size_t{512} << 20, 1);  // far larger than the caches
};

/// What one token costs, from the tensors: bytes that decoding reads, multiply-adds that reading a prompt takes.
struct Cost {
  double decode_bytes = 0;
  double prefill_operations = 0;
};

Cost cost_of(const models::ModelSource& source) {
  Cost cost;
  const models::ModelDescription& description = source.description();
  for (const models::Node& node : description.graph.nodes) {
    for (const models::MatrixUse& use : matrices_of(description, node)) {
      for (const TensorView& part : source.parts(use.weight)) {
        cost.decode_bytes += use.share * static_cast<double>(part.data.size());
        // A prompt needs the output matrix for its last token only.
        if (node.output != description.graph.logits) cost.prefill_operations += 2.0 * use.share * static_cast<double>(part.elements());
      }
    }
  }
  return cost;
}

/// Token ids without meaning: speed does not depend on them.
std::vector<int32_t> any_tokens(size_t n, uint64_t vocab, uint64_t salt) {
  std::vector<int32_t> ids(n);
  for (size_t i = 0; i < n; ++i) ids[i] = static_cast<int32_t>((i * 7919 + salt * 104729 + 13) % vocab);
  return ids;
}

class Runner {
 public:
  Runner(engine::Engine& engine, const Options& options, const CancelToken& cancel)
      : engine_(engine), options_(options), cancel_(cancel) {}

  /// Tokens per second of reading a prompt.
  double prefill() {
    const engine::SequenceId id = engine_.create_sequence();
    const double seconds = feed(id, options_.prompt, 1);
    engine_.remove_sequence(id);
    return static_cast<double>(options_.prompt) / seconds;
  }

  /// Tokens per second of writing, over all sequences of the batch.
  double decode() {
    std::vector<engine::SequenceId> ids;
    for (size_t b = 0; b < options_.batch; ++b) {
      ids.push_back(engine_.create_sequence());
      feed(ids.back(), options_.depth + 1, b);
    }
    const auto tokens = any_tokens(options_.generate + options_.batch, engine_.source().params().vocab_size, 99);
    const auto start = Clock::now();
    for (size_t i = 0; i < options_.generate; ++i) {
      std::vector<engine::StepItem> items;
      for (size_t b = 0; b < options_.batch; ++b) items.push_back({ids[b], {&tokens[i + b], 1}});
      engine_.step(items, ignore_, &cancel_);
    }
    const double seconds = seconds_since(start);
    for (const engine::SequenceId id : ids) engine_.remove_sequence(id);
    return static_cast<double>(options_.generate * options_.batch) / seconds;
  }

 private:
  double feed(engine::SequenceId id, size_t n, uint64_t salt) {
    const auto tokens = any_tokens(n, engine_.source().params().vocab_size, salt);
    const engine::StepItem item{id, tokens};
    const auto start = Clock::now();
    engine_.step({&item, 1}, ignore_, &cancel_);
    return seconds_since(start);
  }

  engine::Engine& engine_;
  const Options& options_;
  const CancelToken& cancel_;
  engine::LogitsSink ignore_ = [](size_t, size_t, std::span<const float>) {};
};

Json spread_json(const Spread& spread) { return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}}; }

void run(const Options& options, const Context& context) {
  auto start = Clock::now();
  const engine::Model model = engine::Model::load(options.model);
  engine::Engine engine(model.source(), options.engine.options(context));
  const double load_seconds = seconds_since(start);
  report_dispatch(engine);
  const size_t room = engine.context_size();
  if (options.prompt > room) fail(ErrorCode::kBadArgument, "--prompt {}: the context holds {} tokens", options.prompt, room);
  if (options.depth >= room || options.generate >= room - options.depth) {
    fail(ErrorCode::kBadArgument, "--depth {} and --generate {} do not fit, with the one token that starts them, into a context of {}",
         options.depth, options.generate, room);
  }
  Runner runner(engine, options, context.cancel);
  Progress progress("bench", 2 * options.repetitions + 1, ProgressUnit::kItems, context.quiet);
  // Warms caches and pages, not counted.
  if (options.prompt > 0) runner.prefill();
  if (options.generate > 0) runner.decode();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);  // before the limits, whose buffer is not the model's
  Limits limits(engine);
  std::vector<double> prefill, decode;
  for (size_t i = 0; i < options.repetitions; ++i) {
    limits.measure();
    if (options.prompt > 0) prefill.push_back(runner.prefill());
    progress.update(2 * i + 1);
    if (options.generate > 0) decode.push_back(runner.decode());
    progress.update(2 * i + 2);
  }
  limits.measure();

  const Cost cost = cost_of(model.source());
  const Spread read = spread_of(prefill), write = spread_of(decode);
  const double steps_per_second = write.median / static_cast<double>(options.batch);
  const double prefill_fraction = read.median * cost.prefill_operations / (limits.int8_gops * 1e9);
  const double decode_fraction = steps_per_second * cost.decode_bytes / (limits.memory_read_gb_per_s * 1e9);
  const auto peak_rss = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  if (context.json) {
    Json read_json = spread_json(read), write_json = spread_json(write);
    read_json["tokens"] = options.prompt;
    write_json["tokens"] = options.generate;
    write_json["batch"] = options.batch;
    write_json["depth"] = options.depth;
    return print_json({{"prefill_tokens_per_second", read_json}, {"decode_tokens_per_second", write_json},
                       {"load_seconds", load_seconds}, {"peak_rss_bytes", peak_rss}, {"threads", engine.pool().size()},
                       {"kernel_set", engine.kernel_set().name}, {"cpu", cpu_features().model_name},
                       {"limits", {{"memory_read_gb_per_s", limits.memory_read_gb_per_s}, {"int8_gops", limits.int8_gops}}},
                       {"fraction_of_limit", {{"prefill", prefill_fraction}, {"decode", decode_fraction}}}});
  }
  print_text(fmt::format("{:<24} {:>9} {:>9} {:>9}  {}\n", "tokens/s", "median", "min", "max", "of the machine's limit"));
  const auto row = [](const std::string& label, const Spread& spread, const std::string& share) {
    print_text(fmt::format("{:<24} {:>9.1f} {:>9.1f} {:>9.1f}  {}\n", label, spread.median, spread.min, spread.max, share));
  };
  if (!prefill.empty()) {
    row(fmt::format("prefill {}", options.prompt), read, fmt::format("{:.0f}% of {:.0f} int8 Gop/s", 100 * prefill_fraction, limits.int8_gops));
  }
  if (!decode.empty()) {
    row(fmt::format("decode {} x {} at {}", options.generate, options.batch, options.depth), write,
        fmt::format("{:.0f}% of {:.1f} GB/s memory reads", 100 * decode_fraction, limits.memory_read_gb_per_s));
  }
  print_text(fmt::format("loaded in {:.2f} s, peak memory {}, {} threads, kernels {} on {}\n", load_seconds, format_bytes(peak_rss),
                         engine.pool().size(), engine.kernel_set().name, cpu_features().model_name));
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure speed and memory, beside the machine's own limits");
  add_model_option(*command, options->model);
  command->add_option("--prompt", options->prompt, "Tokens to read; 0: do not measure")->capture_default_str()->check(whole_number());
  command->add_option("--generate", options->generate, "Tokens to write; 0: do not measure")->capture_default_str()->check(whole_number());
  command->add_option("--repetitions", options->repetitions, "Runs of each")->capture_default_str()->check(whole_number(1, 1000));
  command->add_option("--batch", options->batch, "Sequences that write together")->capture_default_str()->check(whole_number(1, 256));
  command->add_option("--depth", options->depth, "Tokens already in the context when writing starts")->capture_default_str()->check(whole_number());
  options->engine.add_to(*command);
  add_output_options(*command, context);
  command->footer(R"(Example:
  aurea bench phi-Q4_K_M.gguf --prompt 512 --generate 64 --json)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
