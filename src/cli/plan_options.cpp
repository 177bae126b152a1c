#include "cli/plan_options.h"

#include <algorithm>

#include "cli/calibration_text.h"
#include "core/byte_size.h"
#include "core/env.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "core/progress.h"
#include "kernels/registry.h"
#include "quantization/plan/candidates.h"
#include "quantization/plan/trial.h"

namespace aurea::cli {
namespace {

constexpr size_t kTrialEvery = 4;  // every fourth sequence is kept for the trials

/// A text in sequences, the calibration's and the trials' apart.
struct PlanText {
  std::vector<int32_t> calibration, trial;
  size_t length = 0, n_calibration = 0;
  std::string name;  // of the data set
};

PlanText plan_text(const PlanInput& input, const Context& context) {
  const engine::Model model = engine::Model::load(input.path);
  const quantization::CalibrationText whole = input.text_file.empty()
                                                  ? write_calibration_text(model, 2, input.self, input.threads, context)
                                                  : read_calibration_text(input.text_file, 2, model, context);
  PlanText text;
  text.name = input.text_file.empty() ? input.self.options(model).name()
                                      : std::filesystem::path(input.text_file).filename().string();
  text.length = whole.length;
  const size_t n = whole.tokens.size() / whole.length;
  for (size_t i = 0; i < n; ++i) {
    const bool for_trial = i % kTrialEvery == kTrialEvery - 1 || (n < kTrialEvery && i + 1 == n);
    const auto sequence = std::span(whole.tokens).subspan(i * whole.length, whole.length);
    std::vector<int32_t>& tokens = for_trial ? text.trial : text.calibration;
    tokens.insert(tokens.end(), sequence.begin(), sequence.end());
    if (!for_trial) ++text.n_calibration;
  }
  return text;
}

/// The types that the tensors have which no plan decides.
std::vector<QuantType> kept_types(const models::ModelSource& source) {
  std::vector<QuantType> types;
  for (models::TensorId id = 0; id < source.description().tensors.size(); ++id)
    types.push_back(source.parts(id).front().type);
  return types;
}

/// Bytes of the file beside the tensors with candidates, whatever types these get. (Q5_1 stands for any: one that hardly a
/// source has, so that a source that is quantized already is refused.)
uint64_t other_bytes(const PlanInput& input, std::span<const std::vector<QuantType>> candidates,
                     const quantization::Importance* importance) {
  exporters::GgufExportRequest request = input.request;
  request.types = {.recipe = &quantization::find_recipe("Q5_1"), .pure = true};
  request.importance = importance;
  request.assume_importance = importance == nullptr;
  exporters::GgufExportPlan plan = exporters::plan_gguf_export(input.source, request);
  if (input.complete) input.complete(plan);
  uint64_t bytes = plan.file_bytes();
  for (const exporters::PlannedTensor& tensor : plan.tensors) {
    if (!candidates[tensor.source].empty())
      bytes -= quantization::planned_bytes(input.source.description().tensors[tensor.source], tensor.type);
  }
  return bytes;
}

/// Before the long work: a budget below everything. Without the importance's keys the file is a little smaller than it
/// will be.
void check_budget(uint64_t budget, const PlanInput& input, std::span<const std::vector<QuantType>> candidates) {
  uint64_t least = other_bytes(input, candidates, nullptr);
  for (size_t id = 0; id < candidates.size(); ++id) {
    if (candidates[id].empty()) continue;
    uint64_t smallest = UINT64_MAX;
    for (const QuantType type : candidates[id])
      smallest = std::min(smallest, quantization::planned_bytes(input.source.description().tensors[id], type));
    least += smallest;
  }
  if (budget < least)
    fail(ErrorCode::kBadArgument, "--fit {}: the smallest file that these types make has {} bytes",
         to_byte_size(budget), least);
}

}  // namespace

std::string PlanOutcome::prediction() const {
  const quantization::KlStatistics& kl = plan.measured.kl;
  return fmt::format(
      "predicted KL divergence {:.6f} +- {:.6f}: measured with these very types on {} tokens of {} that played no part "
      "in the choice "
      "(sequences of {})",
      kl.mean, kl.stderr_of_mean, trial_tokens, text, length);
}

Json PlanOutcome::to_json() const {
  const quantization::KlStatistics& kl = plan.measured.kl;
  return {{"kl_divergence",
           {{"mean", kl.mean},
            {"stderr", kl.stderr_of_mean},
            {"p50", kl.p50},
            {"p90", kl.p90},
            {"p99", kl.p99},
            {"p999", kl.p999},
            {"max", kl.max}}},
          {"top1_agreement", plan.measured.top1_agreement},
          {"tokens", trial_tokens},
          {"context", length},
          {"trials", plan.n_trials},
          {"text", text}};
}

void PlanFlags::add_to(CLI::App& app) {
  auto* size =
      app.add_option("--fit", fit, "The best file of at most this size: 2.2GiB, 900MB or bytes")->type_name("SIZE");
  auto* kl = app.add_option("--max-kl", max_kl,
                            "The smallest file with at most this mean KL divergence from the source, such as 0.02")
                 ->type_name("NATS");
  size->excludes(kl);
  auto* list =
      app.add_option("--types", types,
                     "Types to choose from, such as Q8_0,Q6_K,Q4_K; else the best of each size from Q8_0 to IQ2_XXS")
          ->type_name("LIST");
  for (CLI::Option* option : {size, kl, list})
    option->group("Types chosen by measurement (docs/howto/fit-a-budget.md)");
}

void PlanFlags::check() const {
  if (!fit.empty()) (void)parse_byte_size(fit, "--fit");
  if (max_kl && !(std::isfinite(*max_kl) && *max_kl > 0)) fail(ErrorCode::kBadArgument, "--max-kl {}: expected a number above 0, such as 0.02", *max_kl);
  if (!types.empty()) (void)quantization::parse_plan_types(types, "--types");
}

PlanOutcome PlanFlags::make(PlanInput input, const Context& context) const {
  const models::ModelSource& source = input.source;
  const auto own = types.empty() ? std::vector<QuantType>{} : quantization::parse_plan_types(types, "--types");
  const std::span<const QuantType> allowed =
      own.empty() ? quantization::default_plan_types() : std::span<const QuantType>(own);
  const bool collect = !input.importance.has_value();
  const auto candidates = quantization::plan_candidates(
      source.description(), allowed, [&](const std::string& name) { return collect || input.importance->has(name); });
  quantization::PlanGoal goal{.bytes = {}, .kl = max_kl};
  if (!fit.empty()) goal.bytes = parse_byte_size(fit, "--fit");
  check_budget(goal.bytes.value_or(UINT64_MAX), input, candidates);  // also: whether there can be a file at all

  const PlanText text = plan_text(input, context);
  PlanOutcome outcome{.plan = {},
                      .rules = {},
                      .importance = {},
                      .losses = {},
                      .trial_tokens = 0,
                      .length = text.length,
                      .text = text.name};
  if (input.importance) outcome.importance = std::move(*input.importance);
  {
    ThreadPool pool(input.threads);
    Progress progress("measure types", quantization::calibration_work(source, text.calibration.size()),
                      ProgressUnit::kItems, context.quiet);
    outcome.losses = quantization::measure_sensitivity(
        source, candidates, text.calibration, {.calibration = {.length = text.length}}, outcome.importance, collect,
        kernels::select_kernel_set(env::cpu()), pool, [&](uint64_t done) { progress.update(done); }, &context.cancel);
    progress.finish();
  }
  if (collect) {
    outcome.importance.source = input.importance_name;
    outcome.importance.datasets = {text.name};
    outcome.importance.chunk_count = static_cast<uint32_t>(text.n_calibration);
    outcome.importance.chunk_size = static_cast<uint32_t>(text.length);
  }
  const engine::EngineOptions engine{.n_threads = input.threads,
                                     .context_size = text.length,
                                     .kv_type = kernels::KvType::kF32,
                                     .kernel_set = env::cpu()};
  quantization::Trials trials(source, &outcome.importance, input.scratch, text.trial, text.length, engine);
  size_t n_trials = 0;
  const quantization::PlanTrial trial = [&](std::span<const QuantType> chosen) {
    Progress progress(fmt::format("trial {}", ++n_trials), text.trial.size(), ProgressUnit::kTokens, context.quiet);
    const quantization::Comparison found = trials.run(
        chosen, [&](uint64_t done, const std::string& tensor) { progress.update(done, tensor); }, &context.cancel);
    progress.finish(fmt::format("KL divergence {:.6f}", found.kl.mean));
    return found;
  };
  outcome.plan = quantization::choose_types(source.description(), outcome.losses, kept_types(source),
                                            other_bytes(input, candidates, &outcome.importance), goal, trial);
  outcome.rules = quantization::plan_rules(source.description(), outcome.losses, outcome.plan);
  outcome.trial_tokens = text.trial.size() / text.length * (text.length - 1);
  return outcome;
}

}  // namespace aurea::cli
