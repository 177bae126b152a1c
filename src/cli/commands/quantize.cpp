// aurea quantize: checkpoint in, quantized file out.
#include <algorithm>
#include <chrono>

#include "cli/command.h"
#include "cli/common_options.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "exporters/gguf/gguf_exporter.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string source, output, type = "Q4_K_M", format = "gguf";
  unsigned threads = 0;
  bool force = false, allow_requantize = false;
};

void run(const Options& options, const Context& context) {
  const quantization::Recipe& recipe = quantization::find_recipe(options.type);
  check_output_path(options.output, options.force);
  const models::ModelSource source = models::ModelSource::open(options.source);
  const exporters::GgufExportPlan plan = exporters::plan_gguf_export(source, {.recipe = &recipe, .allow_requantize = options.allow_requantize});
  ThreadPool pool(options.threads);
  const auto start = std::chrono::steady_clock::now();
  Progress progress(fmt::format("quantize {}", recipe.name), source.tensor_bytes(), ProgressUnit::kBytes, context.quiet);
  const exporters::GgufExportResult result = exporters::export_gguf(
      source, plan, options.output, {.overwrite = options.force}, pool,
      [&](uint64_t done, const std::string& tensor) { progress.update(done, tensor); }, &context.cancel);
  progress.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const double bits_per_weight = 8.0 * static_cast<double>(result.tensor_bytes) / static_cast<double>(source.parameter_count());
  const auto before = static_cast<double>(source.file_bytes()), after = static_cast<double>(result.file_bytes);
  if (context.json) {
    print_json({{"output", options.output}, {"type", recipe.name}, {"architecture", source.description().architecture},
                {"parameters", source.parameter_count()}, {"source_bytes", source.file_bytes()}, {"bytes", result.file_bytes},
                {"bits_per_weight", bits_per_weight}, {"seconds", seconds}});
    return;
  }
  print_text(fmt::format("{}: {} parameters, {} -> {} ({:.1f} times {}), {:.2f} -> {:.2f} bits per weight\n", options.output,
                         format_count(source.parameter_count()), format_bytes(source.file_bytes()), format_bytes(result.file_bytes),
                         std::max(before, after) / std::min(before, after), after > before ? "larger" : "smaller",
                         source.bits_per_weight(), bits_per_weight));
}

std::string type_table() {
  std::string table = "Types:\n";
  for (const quantization::Recipe& recipe : quantization::recipes()) {
    table += fmt::format("  {:<8} {}\n", recipe.name, recipe.summary);
  }
  return table;
}

}  // namespace

void add_quantize(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("quantize", "Write a checkpoint as a quantized GGUF file")->alias("convert");
  command->add_option("SRC", options->source, "Hugging Face folder or GGUF file")->required();
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->add_option("--type", options->type, "Type of the result, see below")->capture_default_str();
  command->add_option("--format", options->format, "Format of the result")->capture_default_str()->check(CLI::IsMember({"gguf"}));
  command->add_option("-t,--threads", options->threads, "Threads; 0: one per processor")->capture_default_str()->check(whole_number(0, ThreadPool::kMaxThreads));
  command->add_flag("--force", options->force, "Replace an existing output");
  command->add_flag("--allow-requantize", options->allow_requantize, "Accept a source that is quantized already");
  add_output_options(*command, context);
  command->footer(type_table() + R"(
Examples:
  aurea quantize Phi-4-mini-instruct -o phi-4-mini-Q4_K_M.gguf
  aurea quantize phi-4-F16.gguf -o phi-4-Q6_K.gguf --type Q6_K)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
