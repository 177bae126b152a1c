#include "cli/quality_options.h"

#include <filesystem>

#include "cli/calibration_text.h"
#include "core/env.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/progress.h"
#include "core/resumable_output.h"
#include "exporters/gguf/tensor_stream.h"
#include "kernels/registry.h"
#include "quantization/feedback/prepare.h"

namespace aurea::cli {
namespace {

/// Of all that decides what is rounded to what.
std::string fingerprint_of(const models::ModelSource& source, const exporters::GgufExportPlan& plan, const std::string& choices,
                           const std::optional<quantization::CalibrationText>& text) {
  FastHash hash;
  hash.update(fmt::format("aurea {}\n{}\n{}\n", AUREA_VERSION, choices, source.fingerprint()));
  for (const exporters::PlannedTensor& tensor : plan.tensors) hash.update(fmt::format("{} {}\n", tensor.name, name(tensor.type)));
  if (text) hash.update(std::as_bytes(std::span(text->tokens)));
  return hash.hex();
}

void round_into(quantization::RoundingWork& work, const models::ModelSource& source, std::span<const std::optional<QuantType>> types,
                unsigned threads, const Context& context) {
  ThreadPool pool(threads);
  quantization::PrepareOptions options;
  options.calibration.length = work.text()->length;
  const std::vector<int32_t>& tokens = work.text()->tokens;
  Progress progress("round", quantization::prepare_work(source, tokens.size(), options), ProgressUnit::kItems, context.quiet);
  quantization::prepare_with_feedback(source, types, tokens, options, kernels::select_kernel_set(env::cpu()), pool, work,
                                      [&](uint64_t done) { progress.update(done); }, &context.cancel);
  progress.finish();
}

}  // namespace

void QualityFlags::add_to(CLI::App& app) {
  app.add_option("--quality", quality,
                 "fast: the plain search. best: each column and row makes up for what others lost, as a text shows that it matters; "
                 "the same file format and size, minutes instead of seconds")
      ->capture_default_str()
      ->check(CLI::IsMember({"fast", "best"}));
  app.add_option("--calibration-text", text_file, "The text for --quality best, --fit and --max-kl; without it the model writes its own");
}

std::unique_ptr<quantization::RoundingWork> QualityFlags::prepare(const std::string& path, const models::ModelSource& source,
                                                                  const exporters::GgufExportPlan& plan, const std::string& output,
                                                                  const std::string& choices, const SelfCalibrationFlags& self,
                                                                  unsigned threads, const Context& context) const {
  const engine::Model model = engine::Model::load(path);
  std::optional<quantization::CalibrationText> given;
  if (!text_file.empty()) given = read_calibration_text(text_file, 1, model, context);
  const quantization::SelfCalibration own = self.options(model);
  std::vector<std::optional<QuantType>> types(source.description().tensors.size());
  for (const exporters::PlannedTensor& tensor : plan.tensors) types[tensor.source] = tensor.type;
  auto work = std::make_unique<quantization::RoundingWork>(output, source, types, given ? given->tokens.size() : own.sequences * own.length,
                                                           fingerprint_of(source, plan, choices, given), &context.cancel);
  if (!work->remark().empty()) context.notice("aurea: " + work->remark());
  if (!work->matrices().empty()) {
    context.notice(fmt::format("aurea: going on with what an earlier run left: {} matrices are rounded", work->matrices().size()));
  }
  try {
    if (!work->text()) work->put_text(given ? std::move(*given) : write_calibration_text(model, 1, self, threads, context));
    round_into(*work, source, types, threads, context);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled && work->keep()) {
      context.notice(fmt::format("aurea: what is done is kept: the same command goes on from there; to be rid of it, delete {}*",
                                 unfinished_path(output).string()));
    }
    throw;
  }
  return work;
}

}  // namespace aurea::cli
