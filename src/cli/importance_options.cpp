#include "cli/importance_options.h"

#include <algorithm>

#include "cli/common_options.h"
#include "core/env.h"
#include "core/error.h"
#include "core/progress.h"

namespace aurea::cli {
namespace {

constexpr size_t kSequenceTokens = 512;
constexpr const char* kAuto = "auto";

/// Weights out of what the model writes itself.
quantization::Importance collect_own(const std::string& path, unsigned threads, const SelfCalibrationFlags& self,
                                     const Context& context) {
  const engine::Model model = engine::Model::load(path);
  engine::EngineOptions options;
  options.n_threads = threads;
  options.kernel_set = env::cpu();
  engine::Engine engine(model.source(), options);
  const std::vector<quantization::Chunk> chunks = self.write(model, engine, context);
  quantization::Importance importance;
  importance.source = kAuto;
  importance.datasets = {self.options(model).name()};
  importance.chunk_size = static_cast<uint32_t>(chunks.front().size());
  Progress progress("imatrix", chunks.size() * importance.chunk_size, ProgressUnit::kTokens, context.quiet);
  quantization::collect_importance(engine, chunks, {.cancel = &context.cancel}, importance,
                                   [&] { progress.update(uint64_t{importance.chunk_count} * importance.chunk_size); });
  progress.finish();
  return importance;
}

}  // namespace

void SelfCalibrationFlags::add_to(CLI::App& app, const std::string& seed_option) {
  app.add_option("--auto-tokens", tokens, "How much the model writes when no text is given")
      ->capture_default_str()
      ->check(whole_number(2, 1 << 26));
  app.add_option(seed_option, seed, "Of what the model writes: same seed, same text")
      ->capture_default_str()
      ->check(whole_number());
}

quantization::SelfCalibration SelfCalibrationFlags::options(const engine::Model& model) const {
  quantization::SelfCalibration options;
  options.length = std::min({kSequenceTokens, tokens, static_cast<size_t>(model.source().params().context_length)});
  options.sequences = (tokens + options.length - 1) / options.length;
  options.seed = seed;
  return options;
}

std::vector<quantization::Chunk> SelfCalibrationFlags::write(const engine::Model& model, engine::Engine& engine,
                                                             const Context& context) const {
  if (!model.chat_frame())
    context.notice("aurea: this model brings no chat format to write conversations in; it writes plain text only");
  const quantization::SelfCalibration how = options(model);
  Progress progress("writing text", how.sequences * how.length, ProgressUnit::kTokens, context.quiet);
  std::vector<quantization::Chunk> chunks = quantization::write_calibration(
      model, engine, how, [&](uint64_t done) { progress.update(done); }, &context.cancel);
  progress.finish();
  return chunks;
}

void ImportanceFlags::add_to(CLI::App& app) {
  app.option_defaults()->group("Importance of the columns: what to be exact about");
  auto* imatrix =
      app.add_option(
             "--imatrix", files,
             "Importance matrix of 'aurea imatrix' or llama.cpp, several are added up; or 'auto': the model makes "
             "one of its own text")
          ->allow_extra_args(false);
  auto* include = app.add_option("--include-weights", included, "Use only entries with this in their name; repeatable");
  auto* exclude =
      app.add_option("--exclude-weights", excluded, "Leave out entries with this in their name; repeatable");
  for (CLI::Option* option : {include, exclude}) option->allow_extra_args(false)->needs(imatrix);
  include->excludes(exclude);
  self.add_to(app, "--auto-seed");
  app.option_defaults()->group("Options");
}

bool ImportanceFlags::automatic() const { return std::ranges::count(files, kAuto) > 0; }

std::optional<quantization::Importance> ImportanceFlags::load(const std::string& model, unsigned threads,
                                                              const Context& context) const {
  if (automatic() && files.size() > 1)
    fail(ErrorCode::kBadArgument,
         "--imatrix auto stands alone; 'aurea imatrix MODEL --in-file FILE' adds a file to what the model writes");
  std::optional<quantization::Importance> importance =
      automatic() ? collect_own(model, threads, self, context) : read_importance(files, context);
  if (importance) filter(*importance);
  return importance;
}

void ImportanceFlags::filter(quantization::Importance& importance) const {
  const std::vector<std::string>& parts = included.empty() ? excluded : included;
  if (parts.empty()) return;
  for (const std::string& part : parts) {
    const auto& entries = importance.entries();
    if (std::ranges::any_of(entries, [&](const auto& entry) { return entry.first.find(part) != std::string::npos; }))
      continue;
    fail(ErrorCode::kBadArgument, "{}: '{}' is part of no entry's name in {}; they are spelled like '{}'",
         included.empty() ? "--exclude-weights" : "--include-weights", part, importance.source,
         entries.empty() ? "blk.0.ffn_down.weight" : entries.begin()->first);
  }
  importance.filter([&](std::string_view name) {
    const bool named =
        std::ranges::any_of(parts, [&](const std::string& part) { return name.find(part) != std::string_view::npos; });
    return named != included.empty();
  });
  if (importance.empty()) fail(ErrorCode::kBadArgument, "--exclude-weights leaves nothing of {}", importance.source);
}

std::optional<quantization::Importance> read_importance(const std::vector<std::string>& files, const Context& context) {
  std::optional<quantization::Importance> sum;
  for (const std::string& file : files) {
    quantization::Importance importance = quantization::Importance::read(file);
    if (importance.unfinished) {
      context.notice(fmt::format("aurea: {}: this collection was not finished; using the {} chunks there are", file,
                                 importance.chunk_count));
      importance.unfinished.reset();
    }
    if (sum) {
      sum->merge(importance);
    } else {
      sum = std::move(importance);
    }
  }
  return sum;
}

void check_shapes(const quantization::Importance& importance, const models::ModelDescription& description) {
  for (const models::TensorSpec& spec : description.tensors) {
    if (importance.has(spec.name)) (void)importance.column_importance(spec.name, 0, spec.n_parts(), spec.shape.back());
  }
}

}  // namespace aurea::cli
