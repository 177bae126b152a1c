// aurea eval: perplexity of a model, and its distance from a reference.
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/evaluation_output.h"
#include "core/error.h"
#include "core/progress.h"
#include "quantization/evaluate.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string model, reference;
  size_t context = 512;
  EngineFlags engine;
  InputFlags input;
};

void print_table(const quantization::Evaluation& result, const models::ModelSource& source, const models::ModelSource* reference) {
  const auto& comparison = result.comparison;
  std::string text = fmt::format("{:<22} {:>12}", "", "model");
  if (reference != nullptr) text += fmt::format(" {:>12}", "reference");
  const auto row = [&](const char* label, const std::string& ours, const std::string& theirs) {
    text += fmt::format("\n{:<22} {:>12}", label, ours);
    if (!theirs.empty()) text += fmt::format(" {:>12}", theirs);
  };
  row("size", format_bytes(source.file_bytes()), reference != nullptr ? format_bytes(reference->file_bytes()) : "");
  row("bits per weight", fmt::format("{:.2f}", source.bits_per_weight()),
      reference != nullptr ? fmt::format("{:.2f}", reference->bits_per_weight()) : "");
  row("perplexity", fmt::format("{:.4f}", result.perplexity), comparison ? fmt::format("{:.4f}", comparison->reference_perplexity) : "");
  row("  standard error", fmt::format("{:.4f}", result.perplexity_stderr), "");
  if (comparison) {
    const auto& kl = comparison->kl;
    text += fmt::format("\n{:<22} {:>12.6f}  +- {:.6f}", "KL divergence, mean", kl.mean, kl.stderr_of_mean);
    text += fmt::format("\n{:<22} {:>12.6f}  90%: {:.5f}  99%: {:.5f}  99.9%: {:.5f}  max: {:.4f}", "  median", kl.p50, kl.p90, kl.p99, kl.p999, kl.max);
    text += fmt::format("\n{:<22} {:>11.2f}%", "same first choice", 100 * comparison->top1_agreement);
    text += fmt::format("\n{:<22} {:>11.2f}%", "RMS change of p", 100 * comparison->rms_delta_p);
  }
  print_text(text + fmt::format("\n({} tokens scored, windows of {})\n", result.tokens, result.context));
}

void run(const Options& options, const Context& context) {
  if (!options.input.given()) fail(ErrorCode::kBadArgument, "no text to evaluate on: give --text FILE, --prompt TEXT or --tokens IDS");
  const engine::Model model = engine::Model::load(options.model);
  std::optional<engine::Model> reference;
  if (!options.reference.empty()) reference = engine::Model::load(options.reference);

  const std::vector<int32_t> tokens = options.input.ids(model, false);
  if (reference && options.input.tokens.empty() && reference->has_tokenizer() && options.input.ids(*reference, false) != tokens) {
    fail(ErrorCode::kBadArgument, "{} and {} split the text into different tokens; their figures cannot be compared",
         options.model, options.reference);
  }
  quantization::EvaluateOptions evaluate_options;
  evaluate_options.context = std::min<size_t>(options.context, model.source().params().context_length);
  if (reference) evaluate_options.context = std::min<size_t>(evaluate_options.context, reference->source().params().context_length);
  if (options.input.tokens.empty() && model.tokenizer().vocabulary().add_bos) evaluate_options.bos = model.tokenizer().vocabulary().bos;
  if (evaluate_options.context < options.context) {
    context.notice(fmt::format("aurea: --context {}: no window can be longer than {} tokens here; using that", options.context, evaluate_options.context));
  }
  engine::EngineOptions engine_options = options.engine.options(context);
  engine_options.context_size = evaluate_options.context;
  engine::Engine candidate(model.source(), engine_options);
  report_dispatch(candidate);
  std::optional<engine::Engine> other;
  if (reference) {
    engine_options.kv_type = kernels::KvType::kF32;  // so that the loss of the candidate's cache shows
    other.emplace(reference->source(), engine_options);
  }

  Progress progress("eval", tokens.size(), ProgressUnit::kTokens, context.quiet);
  const quantization::Evaluation result = quantization::evaluate(candidate, other ? &*other : nullptr, tokens, evaluate_options,
                                                                 [&](uint64_t done) { progress.update(done); }, &context.cancel);
  progress.finish();
  if (context.json) {
    Json json = to_json(result);
    json["bytes"] = model.source().file_bytes();
    json["bits_per_weight"] = model.source().bits_per_weight();
    return print_json(json);
  }
  print_table(result, model.source(), reference ? &reference->source() : nullptr);
}

}  // namespace

void add_eval(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("eval", "Measure perplexity, and the KL divergence from a reference");
  add_model_option(*command, options->model);
  command->add_option("--reference", options->reference, "The original: GGUF file or Hugging Face folder");
  command->add_option("-c,--context,--ctx-size", options->context, "Tokens per window; every window starts anew")
      ->capture_default_str()->check(whole_number(2));
  options->input.add_to(*command);
  options->engine.add_all_but_context(*command);
  add_output_options(*command, context);
  command->footer(R"(Perplexity is exp of the mean loss per token; lower is better. The KL divergence says how far the model's predictions are
from the reference's, in nats per token; 0 is equal. All tokens but the first of each window count.
The key/value cache is the candidate's; the reference's is float32.

Example:
  aurea eval phi-Q4_K_M.gguf --reference Phi-3.5-mini-instruct --text held-out.txt --json)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
