// aurea plan: which type each tensor should get for a size or a KL divergence, measured, without writing the file.
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/plan_options.h"
#include "cli/quantize_output.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "quantization/type_override.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string source, output, saved_importance, text_file;
  unsigned threads = 0;
  bool force = false;
  PlanFlags plan;
  ImportanceFlags importance;
};

/// What the plan says about one tensor.
struct Row {
  const exporters::PlannedTensor& tensor;
  double loss;
};

std::vector<Row> rows_of(const exporters::GgufExportPlan& plan, const PlanOutcome& outcome) {
  std::vector<Row> rows;
  for (const exporters::PlannedTensor& tensor : plan.tensors) {
    if (!outcome.losses[tensor.source].empty()) rows.push_back({tensor, outcome.plan.losses[tensor.source]});
  }
  return rows;
}

double sum_of(const std::vector<Row>& rows) {
  double sum = 0;
  for (const Row& row : rows) sum += row.loss;
  return sum;
}

/// "12 Q4_K, 9 Q6_K": the most frequent first.
std::string counts_of(const std::vector<Row>& rows) {
  std::map<QuantType, size_t> counts;
  for (const Row& row : rows) ++counts[row.tensor.type];
  std::vector<std::pair<QuantType, size_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (const auto& [type, n] : order) words.push_back(fmt::format("{} {}", n, name(type)));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// The command that makes the file.
std::vector<std::string> command_of(const Options& options, const PlanOutcome& outcome) {
  std::vector<std::string> words = {"aurea", "quantize", options.source, "-o", "OUT.gguf"};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  const bool has_importance = !options.importance.files.empty() || !options.saved_importance.empty();
  if (!options.output.empty() && has_importance) {
    add({"--type", std::string(outcome.rules.recipe->name), "--tensor-type-file", options.output});
  } else {
    if (!options.plan.fit.empty()) add({"--fit", options.plan.fit});
    if (options.plan.max_kl) add({"--max-kl", fmt::format("{}", *options.plan.max_kl)});
    if (!options.plan.types.empty()) add({"--types", options.plan.types});
    if (!options.text_file.empty()) add({"--calibration-text", options.text_file});
  }
  if (!options.saved_importance.empty()) add({"--imatrix", options.saved_importance});
  for (const std::string& file : options.importance.files) add({"--imatrix", file});
  for (const std::string& part : options.importance.included) add({"--include-weights", part});
  for (const std::string& part : options.importance.excluded) add({"--exclude-weights", part});
  const SelfCalibrationFlags usual;
  const bool writes = options.text_file.empty() && (options.output.empty() || !has_importance);
  if ((writes || options.importance.automatic()) && options.importance.self.tokens != usual.tokens)
    add({"--auto-tokens", fmt::format("{}", options.importance.self.tokens)});
  if ((writes || options.importance.automatic()) && options.importance.self.seed != usual.seed)
    add({"--auto-seed", fmt::format("{}", options.importance.self.seed)});
  return words;
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quoted_for_shell(word);
  return line;
}

/// A file for --tensor-type-file.
void write_types(const Options& options, const std::vector<Row>& rows, const PlanOutcome& outcome, uint64_t bytes) {
  std::string text = fmt::format("# {} bytes, {}\n", bytes, outcome.prediction());
  for (const Row& row : rows) text += quantization::exact_override(row.tensor.name, row.tensor.type) + "\n";
  OutputFile file(options.output, options.force);
  file.write(text);
  file.commit();
}

void print_table(const std::vector<Row>& rows, const exporters::GgufExportPlan& plan, const PlanOutcome& outcome,
                 const std::string& command) {
  std::string text =
      fmt::format("{:<32} {:<8} {:>6} {:>14} {:>12} {:>7}\n", "Tensor", "Type", "Bits", "Bytes", "Est. KL", "Share");
  const double sum = sum_of(rows);
  for (const Row& row : rows) {
    text += fmt::format("{:<32} {:<8} {:>6.2f} {:>14} {:>12.7f} {:>6.1f}%\n", row.tensor.name, name(row.tensor.type),
                        bits_per_element(row.tensor.type), row.tensor.bytes(), row.loss,
                        sum > 0 ? 100 * row.loss / sum : 0);
  }
  text += fmt::format("\n{}; {} ({} bytes), {:.3f} bits per weight\n{}\n\n{}\n", counts_of(rows),
                      format_bytes(plan.file_bytes()), plan.file_bytes(), plan.bits_per_weight(), outcome.prediction(),
                      command);
  print_text(text);
}

Json report(const std::vector<Row>& rows, const exporters::GgufExportPlan& plan, const PlanOutcome& outcome,
            const std::string& command) {
  Json json = outcome.to_json();
  json["type"] = outcome.rules.recipe->name;
  json["bytes"] = plan.file_bytes();
  json["tensor_bytes"] = plan.tensor_bytes();
  json["bits_per_weight"] = plan.bits_per_weight();
  json["command"] = command;
  Json tensors = Json::array();
  for (const Row& row : rows) {
    tensors.push_back({{"name", row.tensor.name},
                       {"shape", row.tensor.shape},
                       {"type", name(row.tensor.type)},
                       {"bytes", row.tensor.bytes()},
                       {"estimated_kl_divergence", row.loss}});
  }
  json["tensors"] = std::move(tensors);
  return json;
}

void run(const Options& options, const Context& context) {
  if (!options.plan.given()) fail(ErrorCode::kBadArgument, "plan for what: --fit SIZE or --max-kl X?");
  options.plan.check();
  for (const std::string& path : {options.output, options.saved_importance}) {
    if (!path.empty()) check_output_path(path, options.force);
  }
  const models::ModelSource source = models::ModelSource::open(options.source);
  PlanInput input{.path = options.source,
                  .source = source,
                  .request = {},
                  .text_file = options.text_file,
                  .self = options.importance.self,
                  .scratch = std::filesystem::path(options.output).parent_path(),
                  .threads = options.threads};
  if (options.output.empty()) input.scratch = std::filesystem::temp_directory_path();
  if (!options.saved_importance.empty()) input.importance_name = options.saved_importance;
  input.importance = options.importance.load(options.source, options.threads, context);
  if (input.importance) check_shapes(*input.importance, source.description());

  const PlanOutcome outcome = options.plan.make(std::move(input), context);
  const exporters::GgufExportPlan plan =
      exporters::plan_gguf_export(source, {.types = outcome.rules, .importance = &outcome.importance});
  AUREA_CHECK(plan.file_bytes() == outcome.plan.bytes);
  const std::vector<Row> rows = rows_of(plan, outcome);
  if (!options.saved_importance.empty()) outcome.importance.write(options.saved_importance, options.force);
  if (!options.output.empty()) write_types(options, rows, outcome, plan.file_bytes());
  const std::string command = command_line(command_of(options, outcome));
  if (context.json) return print_json(report(rows, plan, outcome, command));
  print_table(rows, plan, outcome, command);
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plan", "Choose each tensor's type for a size, or for a KL divergence");
  command->add_option("SRC", options->source, "Hugging Face folder or GGUF file, in floats")->required();
  options->plan.add_to(*command);
  command->add_option("-o,--output", options->output, "File to write the choice to, for quantize --tensor-type-file");
  auto* saved = command->add_option("--save-imatrix", options->saved_importance,
                                    "File to write the importance of the columns to that the choice was made with");
  command->add_option(
      "--text,--calibration-text", options->text_file,
      "The text to measure on, three quarters to choose by, one to check; without it the model writes its own");
  command->add_option("-t,--threads", options->threads, "Threads; 0: one per processor")
      ->capture_default_str()
      ->check(whole_number(0, ThreadPool::kMaxThreads));
  command->add_flag("--force", options->force, "Replace existing outputs");
  options->importance.add_to(*command);
  saved->excludes("--imatrix");
  add_output_options(*command, context);
  command->footer(
      R"(Every matrix is rounded to every type and its error weighed by what a text shows of inputs and gradients; the best mix for the
size is found, tried on text that it was not chosen by, and printed with what was measured. Sizes are those of the whole file.
'aurea quantize --fit SIZE' does the same and writes the file.

Examples:
  aurea plan Phi-4-mini-instruct --fit 2.2GiB
  aurea plan Phi-4-mini-instruct --max-kl 0.02 --text my-texts.txt --json
  aurea plan Phi-4-mini-instruct --fit 2GB --types Q8_0,Q6_K,Q5_K,Q4_K,Q3_K,Q2_K
  aurea plan Phi-4-mini-instruct --fit 2GB -o types.txt --save-imatrix imatrix.gguf
  aurea quantize Phi-4-mini-instruct -o phi-4-mini.gguf --tensor-type-file types.txt --imatrix imatrix.gguf)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
