#include "cli/quality_options.h"

#include <algorithm>
#include <filesystem>

#include "cli/common_options.h"
#include "core/env.h"
#include "core/error.h"
#include "core/progress.h"
#include "kernels/registry.h"
#include "quantization/feedback/prepare.h"

namespace aurea::cli {
namespace {

constexpr size_t kSequenceTokens = 256;
constexpr size_t kMaxTextBytes = size_t{1} << 30;

/// Sequences of equal length.
std::vector<quantization::Chunk> read_sequences(const std::string& path, const engine::Model& model) {
  const tokenizers::Tokenizer& tokenizer = model.tokenizer();
  const auto tokens = tokenizer.encode(read_text_file(path, kMaxTextBytes), {.add_special = true, .parse_special = false});
  const size_t length = std::min<size_t>(kSequenceTokens, model.source().params().context_length);
  const auto& vocabulary = tokenizer.vocabulary();
  auto chunks = quantization::cut_into_chunks(tokens, length, vocabulary.add_bos ? vocabulary.bos : std::nullopt);
  if (chunks.empty()) {
    fail(ErrorCode::kBadArgument, "--calibration-text {}: {} tokens; at least {} are needed, some ten thousand are good", path, tokens.size(), length);
  }
  return chunks;
}

std::vector<quantization::Chunk> write_sequences(const engine::Model& model, const SelfCalibrationFlags& self, unsigned threads, const Context& context) {
  engine::EngineOptions options;
  options.n_threads = threads;
  options.kernel_set = env::cpu();
  engine::Engine engine(model.source(), options);
  return self.write(model, engine, context);
}

}  // namespace

void QualityFlags::add_to(CLI::App& app) {
  app.add_option("--quality", quality,
                 "fast: the plain search. best: each column and row makes up for what others lost, as a text shows that it matters; "
                 "the same file format and size, minutes instead of seconds")
      ->capture_default_str()
      ->check(CLI::IsMember({"fast", "best"}));
  app.add_option("--calibration-text", text_file, "The text for --quality best; without it the model writes its own");
}

std::unique_ptr<quantization::PreparedTensors> QualityFlags::prepare(const std::string& path, const models::ModelSource& source,
                                                                     const exporters::GgufExportPlan& plan, const std::string& output,
                                                                     const SelfCalibrationFlags& self, unsigned threads,
                                                                     const Context& context) const {
  const engine::Model model = engine::Model::load(path);
  const auto sequences = text_file.empty() ? write_sequences(model, self, threads, context) : read_sequences(text_file, model);
  std::vector<int32_t> tokens;
  for (const quantization::Chunk& sequence : sequences) tokens.insert(tokens.end(), sequence.begin(), sequence.end());
  std::vector<std::optional<QuantType>> types(source.description().tensors.size());
  for (const exporters::PlannedTensor& tensor : plan.tensors) types[tensor.source] = tensor.type;

  auto prepared = std::make_unique<quantization::PreparedTensors>(std::filesystem::path(output).parent_path());
  ThreadPool pool(threads);
  Progress progress("calibrate", quantization::calibration_work(source, tokens.size()), ProgressUnit::kItems, context.quiet);
  quantization::PrepareOptions options;
  options.calibration.length = sequences.front().size();
  quantization::prepare_with_feedback(source, types, tokens, options, kernels::select_kernel_set(env::cpu()), pool, *prepared,
                                      [&](uint64_t done) { progress.update(done); }, &context.cancel);
  progress.finish();
  return prepared;
}

}  // namespace aurea::cli
