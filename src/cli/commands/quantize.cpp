// aurea quantize: checkpoint in, quantized file out.
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "cli/certify.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/evaluation_output.h"
#include "cli/importance_options.h"
#include "cli/plan_options.h"
#include "cli/quality_options.h"
#include "cli/quantize_output.h"
#include "cli/quantize_report.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/process_memory.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "exporters/gguf/gguf_exporter.h"
#include "formats/gguf/gguf_file.h"
#include "quantization/certificate.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string source, output, type = "Q4_K_M", format = "gguf";
  unsigned threads = 0;
  bool force = false, allow_requantize = false, dry_run = false;
  std::vector<std::string> tensor_types, tensor_type_files, keys;
  std::optional<std::string> token_embedding_type, output_tensor_type, pruned_layers;
  bool pure = false, leave_output_tensor = false;
  ImportanceFlags importance;
  PlanFlags plan;
  QualityFlags quality;
  QuantizeOutputFlags result;
  CertifyFlags certify;
  ReportFlags report;
  const CLI::App* command = nullptr;
};

quantization::TypeRules type_rules(const Options& options) {
  quantization::TypeRules rules{.recipe = &quantization::find_recipe(options.type)};
  for (const std::string& text : options.tensor_types)
    rules.overrides.push_back(quantization::parse_type_override(text, "--tensor-type"));
  for (const std::string& path : options.tensor_type_files) {
    for (quantization::TypeOverride& line : quantization::read_type_overrides(path))
      rules.overrides.push_back(std::move(line));
  }
  if (options.token_embedding_type) {
    rules.token_embedding = quantization::parse_quant_type(*options.token_embedding_type, "--token-embedding-type");
  }
  if (options.output_tensor_type)
    rules.output = quantization::parse_quant_type(*options.output_tensor_type, "--output-tensor-type");
  rules.pure = options.pure;
  rules.leave_output = options.leave_output_tensor;
  return rules;
}

std::optional<uint64_t> parse_layer(std::string_view text) {
  constexpr uint64_t kMaxLayer = 1 << 16;
  uint64_t layer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  if (error != std::errc() || end != text.data() + text.size() || layer > kMaxLayer) return std::nullopt;
  return layer;
}

/// "3,5-7": numbers and ranges, both ends included.
std::vector<uint64_t> parse_layers(const std::string& text) {
  std::vector<uint64_t> layers;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view piece = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    const size_t dash = piece.find('-');
    const auto first = parse_layer(piece.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_layer(piece.substr(dash + 1));
    if (!first || !last || *last < *first) {
      fail(ErrorCode::kBadArgument, "--prune-layers: '{}': expected numbers of blocks, from 0 on, such as 3,5-7", text);
    }
    for (uint64_t layer = *first; layer <= *last; ++layer) layers.push_back(layer);
  }
  return layers;
}

exporters::GgufExportRequest export_request(const Options& options) {
  exporters::GgufExportRequest request{.types = type_rules(options), .allow_requantize = options.allow_requantize};
  if (options.pruned_layers) request.dropped_layers = parse_layers(*options.pruned_layers);
  for (const std::string& text : options.keys) request.keys.push_back(exporters::parse_key_override(text));
  return request;
}

/// Options that say what --fit and --max-kl find out.
void check_plan_choices(const Options& options) {
  if (!options.plan.given()) {
    if (!options.plan.types.empty()) fail(ErrorCode::kBadArgument, "--types is what --fit or --max-kl choose from; --type says the type of all");
    return;
  }
  const char* goal = options.plan.fit.empty() ? "--max-kl" : "--fit";
  for (const char* other : {"--type", "--tensor-type", "--tensor-type-file", "--output-tensor-type", "--token-embedding-type", "--leave-output-tensor",
                            "--pure", "--prune-layers"}) {
    if (options.command->get_option(other)->count() > 0) fail(ErrorCode::kBadArgument, "{} chooses the types by itself; it cannot be combined with {}", goal, other);
  }
  if (!options.plan.fit.empty() && (options.result.keep_split || !options.result.split_max_size.empty()))
    fail(ErrorCode::kBadArgument, "--fit is the size of one file; it cannot be combined with {}", options.result.keep_split ? "--keep-split" : "--split-max-size");
  options.plan.check();
}

/// The types, by measurement; and the importance of the columns, if there is none yet.
PlanOutcome plan_types(const models::ModelSource& source, const exporters::GgufExportRequest& request, const Options& options,
                       std::optional<quantization::Importance>& importance, const Context& context) {
  const std::string choices = choices_line(*options.command);
  PlanInput input{.path = options.source, .source = source, .request = request, .importance = std::move(importance),
                  .text_file = options.quality.text_file, .self = options.importance.self,
                  .scratch = std::filesystem::path(options.output).parent_path(), .threads = options.threads};
  input.request.importance = nullptr;
  if (options.output.empty()) input.scratch = std::filesystem::temp_directory_path();
  input.complete = [&](exporters::GgufExportPlan& plan) {
    exporters::GgufExportOptions ignored;
    options.certify.prepare(source, choices, options.threads, context, plan, ignored);
  };
  PlanOutcome outcome = options.plan.make(std::move(input), context);
  importance = outcome.importance;
  return outcome;
}

/// The name of the recipe: the user's, or that of the measured choice.
std::string_view type_name(const Options& options, const std::optional<PlanOutcome>& outcome) {
  return (outcome ? *outcome->rules.recipe : quantization::find_recipe(options.type)).name;
}

/// What is known of the quality before it is evaluated; empty: nothing.
std::string prediction(const Options& options, const std::optional<PlanOutcome>& outcome) {
  if (!outcome) return "";
  return outcome->prediction() + (options.quality.best() ? ", with --quality fast; best makes it less" : "") + "\n";
}

/// What both a dry run and a real one report.
Json report_json(const models::ModelSource& source, const exporters::GgufExportPlan& plan, const Options& options,
                 const std::optional<PlanOutcome>& outcome) {
  Json report = {{"type", type_name(options, outcome)},
          {"architecture", plan.description.architecture},
          {"parameters", plan.parameters()},
          {"source_bytes", source.file_bytes()},
          {"bytes", plan.file_bytes()},
          {"tensor_bytes", plan.tensor_bytes()},
          {"bits_per_weight", plan.bits_per_weight()},
          {"notices", plan.notices}};
  if (outcome) report["plan"] = outcome->to_json();
  return report;
}

void print_dry_run(const models::ModelSource& source, const exporters::GgufExportPlan& plan, const Options& options,
                   const std::optional<PlanOutcome>& outcome, const Context& context) {
  if (context.json) {
    Json tensors = Json::array();
    for (const exporters::PlannedTensor& tensor : plan.tensors) {
      tensors.push_back({{"name", tensor.name},
                         {"shape", tensor.shape},
                         {"source_name", tensor.source_name},
                         {"source_type", name(tensor.stored)},
                         {"type", name(tensor.type)},
                         {"bytes", tensor.bytes()}});
    }
    Json report = report_json(source, plan, options, outcome);
    report["tensors"] = std::move(tensors);
    return print_json(report);
  }
  std::string text = fmt::format("{:<32} {:>20}  {:<16} {:>15}\n", "Tensor", "Rows x columns", "Type", "Bytes");
  for (const exporters::PlannedTensor& tensor : plan.tensors) {
    const std::string types = tensor.stored == tensor.type
                                  ? std::string(name(tensor.type))
                                  : fmt::format("{} -> {}", name(tensor.stored), name(tensor.type));
    text += fmt::format("{:<32} {:>20}  {:<16} {:>15}\n", tensor.name,
                        fmt::format("{}", fmt::join(tensor.shape, " x ")), types, tensor.bytes());
  }
  text +=
      fmt::format("\n{} parameters, {} bytes of tensors, {:.3f} bits per weight; the file would have {} ({} bytes)\n",
                  format_count(plan.parameters()), plan.tensor_bytes(), plan.bits_per_weight(),
                  format_bytes(plan.file_bytes()), plan.file_bytes());
  print_text(text + prediction(options, outcome));
}

void write_file(const models::ModelSource& source, exporters::GgufExportPlan plan, const Options& options,
                const std::optional<PlanOutcome>& outcome, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const std::string choices = choices_line(*options.command);
  std::unique_ptr<quantization::RoundingWork> rounded;
  if (options.quality.best()) {
    rounded = options.quality.prepare(options.source, source, plan, options.output, choices, options.importance.self, options.threads, context);
  }
  ThreadPool pool(options.threads);
  Progress progress(fmt::format("quantize {}", type_name(options, outcome)), source.tensor_bytes(),
                    ProgressUnit::kBytes, context.quiet);
  exporters::GgufExportOptions export_options{.overwrite = options.force,
                                              .prepared = rounded ? &rounded->matrices() : nullptr,
                                              .calibrated = rounded != nullptr || outcome.has_value(),
                                              .measure_errors = !options.report.path.empty()};
  options.certify.prepare(source, choices, options.threads, context, plan, export_options);
  options.result.apply(source, choices, context, plan, export_options);
  if (rounded) export_options.fingerprint += rounded->fingerprint();
  export_options.skipped = [&](uint64_t done) { progress.skip(done); };
  export_options.written = [&] { progress.finish(); };
  exporters::GgufExportResult result;
  try {
    result = exporters::export_gguf(source, plan, options.output, export_options, pool,
                                    [&](uint64_t done, const std::string& tensor) { progress.update(done, tensor); });
  } catch (const Error& error) {  // stopped, or too little memory: the rounding was not in vain
    if (rounded && (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kBadArgument)) rounded->keep();
    throw;
  }
  try {
    options.report.write(source, plan, result, choices, options.certify.text_file, options.force, context);
  } catch (Error& error) {
    throw error.add_context(fmt::format("{} is complete, but not its report", result.path.string()));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::optional<quantization::Certificate> certificate;
  if (options.certify.certify) certificate = quantization::Certificate::read(formats::GgufFile::open(result.path).metadata());

  const auto before = static_cast<double>(source.file_bytes()), after = static_cast<double>(result.file_bytes);
  if (context.json) {
    Json report = report_json(source, plan, options, outcome);
    report["output"] = result.path.string();
    report["bytes"] = result.file_bytes;
    report["parts"] = result.n_parts;
    report["seconds"] = seconds;
    report["peak_memory_bytes"] = resident_memory().peak;
    if (certificate) report["evaluation"] = to_json(certificate->evaluation);
    return print_json(report);
  }
  std::string text = fmt::format("{}{}: {} parameters, {} -> {} ({:.1f} times {}), {:.2f} -> {:.2f} bits per weight\n",
                                 result.path.string(), result.n_parts > 1 ? fmt::format(" and {} more", result.n_parts - 1) : "",
                                 format_count(plan.parameters()), format_bytes(source.file_bytes()),
                                 format_bytes(result.file_bytes), std::max(before, after) / std::min(before, after),
                                 after > before ? "larger" : "smaller", source.bits_per_weight(), plan.bits_per_weight());
  if (certificate) text += fmt::format("certified: {}\n", summary(certificate->evaluation));
  print_text(text + prediction(options, outcome));
}

void run(const Options& options, const Context& context) {
  check_plan_choices(options);
  exporters::GgufExportRequest request = export_request(options);
  if (!options.dry_run) {
    options.result.check(options.output, options.force);
    options.certify.check();
    options.report.check(options.force);
  }
  const models::ModelSource source = models::ModelSource::open(options.source);
  std::optional<quantization::Importance> importance;
  if (options.importance.automatic()) {
    // Mistakes come up before the long collection; a dry run does without it.
    request.assume_importance = true;
    (void)exporters::plan_gguf_export(source, request);
  }
  if (!(request.assume_importance && options.dry_run && !options.plan.given())) {
    importance = options.importance.load(options.source, options.threads, context);
    request.assume_importance = false;
  }
  if (importance) check_shapes(*importance, source.description());
  std::optional<PlanOutcome> outcome;
  if (options.plan.given()) {
    outcome = plan_types(source, request, options, importance, context);
    request.types = outcome->rules;
  }
  request.importance = importance ? &*importance : nullptr;
  if (options.quality.best()) {
    if (!request.dropped_layers.empty()) {
      fail(ErrorCode::kBadArgument, "--quality best with --prune-layers: write the smaller model with --type F16 first, then quantize that");
    }
    request.assume_importance = true;  // the calibration shows it
  }
  exporters::GgufExportPlan plan = exporters::plan_gguf_export(source, request);
  for (const std::string& notice : plan.notices) context.notice("aurea: " + notice);
  const std::string missing = plan.missing_importance();
  if (options.dry_run) {
    if (!missing.empty()) context.notice("aurea: " + missing);
    return print_dry_run(source, plan, options, outcome, context);
  }
  if (!missing.empty()) fail(ErrorCode::kBadArgument, "{}", missing);
  write_file(source, std::move(plan), options, outcome, context);
}

std::string type_table() {
  std::string table =
      "Types, with their bits per weight (all tensors of Phi-3.5-mini); those marked * need --imatrix:\n";
  std::optional<quantization::RecipeGroup> group;
  for (const quantization::Recipe& recipe : quantization::recipes()) {
    if (recipe.group != group) table += fmt::format("\n {}\n", title(recipe.group));
    group = recipe.group;
    const std::string bits = recipe.bits_per_weight > 0 ? fmt::format("{:.2f}", recipe.bits_per_weight) : "";
    table +=
        fmt::format("  {:<9}{}{:>6}  {}\n", recipe.name, recipe.needs_importance ? "*" : " ", bits, recipe.summary);
  }
  return table +
         "\n Q3_K, Q4_K and Q5_K mean the medium mixes. A number is taken for llama.cpp's file type: 15 is Q4_K_M.\n";
}

void add_type_options(CLI::App& command, Options& options) {
  const auto add = [&](auto* option) {
    option->group("Types of single tensors (Q4_K, F16, ...: the types inside a file, not the names of mixes)");
    return option;
  };
  add(command.add_option("--tensor-type", options.tensor_types,
                         "For matrices in whose name the expression is found; repeatable, the first that fits counts"))
      ->allow_extra_args(false)
      ->type_name("REGEX=TYPE");
  add(command.add_option(
          "--tensor-type-file", options.tensor_type_files,
          "The same from a file, one per line, # starts a comment; they come after those of --tensor-type"))
      ->allow_extra_args(false)
      ->type_name("FILE");
  add(command.add_option("--output-tensor-type", options.output_tensor_type, "For the output matrix"))
      ->type_name("TYPE");
  add(command.add_option("--token-embedding-type", options.token_embedding_type, "For the embedding"))
      ->type_name("TYPE");
  add(command.add_flag("--leave-output-tensor", options.leave_output_tensor, "The output matrix keeps its type"));
  add(command.add_flag("--pure", options.pure, "No mix: every matrix gets the type that most have"));
}

}  // namespace

void add_quantize(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("quantize", "Write a checkpoint as a quantized GGUF file")->alias("convert");
  command->add_option("SRC", options->source, "Hugging Face folder or GGUF file")->required();
  auto* output = command->add_option("-o,--output", options->output, "File to write");
  command->add_option("--type", options->type, "Type of the result, see below")->capture_default_str();
  command->add_option("--format", options->format, "Format of the result")
      ->capture_default_str()
      ->check(CLI::IsMember({"gguf"}));
  command->add_option("-t,--threads", options->threads, "Threads; 0: one per processor")
      ->capture_default_str()
      ->check(whole_number(0, ThreadPool::kMaxThreads));
  command->add_flag("--force", options->force, "Replace an existing output");
  command->add_flag("--allow-requantize", options->allow_requantize, "Accept a source that is quantized already");
  auto* dry_run =
      command->add_flag("--dry-run", options->dry_run, "Only show each tensor's type and size, and the file's");
  options->importance.add_to(*command);
  options->plan.add_to(*command);
  options->quality.add_to(*command);
  options->result.add_to(*command);
  options->certify.add_to(*command);
  options->report.add_to(*command);
  options->command = command;
  add_output_options(*command, context);
  add_type_options(*command, *options);
  command->add_option("--prune-layers", options->pruned_layers, "Blocks to leave out, such as 3,5-7; the rest moves up")
      ->type_name("LIST")
      ->group("Another model");
  command
      ->add_option("--override-kv", options->keys,
                   "KEY=TYPE:VALUE, a key of the metadata; TYPE is int, float, bool or str; repeatable")
      ->allow_extra_args(false)
      ->type_name("TEXT")
      ->group("Another model");
  command->parse_complete_callback([output, dry_run] {
    if (output->count() + dry_run->count() == 0) throw CLI::RequiredError("--output (or --dry-run)");
  });
  command->footer(type_table() + R"(
Examples:
  aurea quantize Phi-4-mini-instruct -o phi-4-mini-Q4_K_M.gguf
  aurea quantize phi-4-F16.gguf -o phi-4-Q6_K.gguf --type Q6_K
  aurea quantize phi-4-F16.gguf --type IQ4_XS --dry-run
  aurea imatrix Phi-4-mini-instruct --text calibration.txt -o imatrix.gguf
  aurea quantize Phi-4-mini-instruct -o phi-4-mini-IQ3_XXS.gguf --type IQ3_XXS --imatrix imatrix.gguf
  aurea quantize Phi-4-mini-instruct -o phi-4-mini-Q4_K_M.gguf --quality best --calibration-text my-texts.txt
  aurea quantize Phi-4-mini-instruct -o phi-4-mini.gguf --fit 2.2GiB
  aurea quantize Phi-4-mini-instruct -o phi-4-mini.gguf --max-kl 0.02 --calibration-text my-texts.txt
  aurea quantize phi-4-F16.gguf -o phi-4.gguf --tensor-type 'ffn_down=Q6_K' --tensor-type 'blk\.[0-3]\.=Q8_0'
  aurea quantize Phi-3.5-MoE-instruct -o moe.gguf --memory 128MiB --split-max-size 4GB
  aurea quantize Phi-4-mini-instruct -o phi-4-mini.gguf --certify --text held-out.txt --report phi-4-mini.html
Which type when: docs/howto/choose-a-type.md. A run that was killed or stopped with Ctrl-C is gone on with by the same
command and ends in the same bytes.)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
