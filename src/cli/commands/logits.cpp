// aurea logits: the raw output of a model, for checking one implementation against another.
#include <algorithm>
#include <numeric>

#include "cli/command.h"
#include "cli/common_options.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/utf8.h"
#include "formats/npy/npy.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string model, output;
  bool force = false;
  EngineFlags engine;
  InputFlags input;
};

constexpr size_t kTop = 5;

/// The likeliest next tokens after the whole input.
Json top_tokens(const engine::Model& model, std::span<const float> logits) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t n = std::min(kTop, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(n), order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] != logits[static_cast<size_t>(b)] ? logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)] : a < b;
  });
  Json list = Json::array();
  for (size_t i = 0; i < n; ++i) {
    Json row = {{"id", order[i]}, {"logit", logits[static_cast<size_t>(order[i])]}};
    if (model.has_tokenizer()) row["piece"] = sanitize_utf8(model.tokenizer().token_bytes(order[i], true));
    list.push_back(row);
  }
  return list;
}

void run(const Options& options, const Context& context) {
  if (!options.input.given()) fail(ErrorCode::kBadArgument, "nothing to compute: give --prompt TEXT, --text FILE or --tokens IDS");
  if (!options.output.empty()) check_output_path(options.output, options.force);
  const engine::Model model = engine::Model::load(options.model);
  const std::vector<int32_t> ids = options.input.ids(model, true);
  if (ids.empty()) fail(ErrorCode::kBadArgument, "the input has no tokens");
  engine::Engine engine(model.source(), options.engine.options(context));
  report_dispatch(engine);

  const size_t vocab = model.source().params().vocab_size;
  std::optional<formats::NpyWriter> writer;
  if (!options.output.empty()) writer.emplace(options.output, options.force, ids.size(), vocab);
  Json top;
  Progress progress("logits", ids.size(), ProgressUnit::kTokens, context.quiet);
  const engine::SequenceId sequence = engine.create_sequence();
  const engine::StepItem item{sequence, ids, writer ? engine::WantLogits::kAll : engine::WantLogits::kLast};
  engine.step({&item, 1}, [&](size_t, size_t index, std::span<const float> logits) {
    if (writer) writer->write_row(logits);
    if (index + 1 == ids.size()) top = top_tokens(model, logits);
    progress.update(index + 1);
  }, &context.cancel);
  if (writer) writer->commit();
  progress.finish();

  if (context.json) {
    Json json = {{"tokens", ids}, {"top", top}};
    if (writer) json["output"] = options.output, json["shape"] = {ids.size(), vocab};
    return print_json(json);
  }
  for (const Json& row : top) print_text(fmt::format("{:>7} {:>10.4f}  {}\n", row["id"].get<int32_t>(), row["logit"].get<float>(), row.contains("piece") ? row["piece"].dump() : ""));
}

}  // namespace

void add_logits(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  options->engine.cache_type = "f32";
  CLI::App* command = app.add_subcommand("logits", "Write the logits of every position as a NumPy array");
  add_model_option(*command, options->model);
  command->add_option("-o,--output", options->output, "A .npy file: float32 [tokens, vocabulary]")
      ->check([](const std::string& path) { return path.empty() ? "expected the name of a file" : ""; });
  command->add_flag("--force", options->force, "Replace an existing output");
  options->input.add_to(*command);
  options->engine.add_to(*command);
  add_output_options(*command, context);
  command->footer(R"(Prints the likeliest next tokens after the input as well. The key/value cache is float32 here unless --cache-type says otherwise.

Example:
  aurea logits phi-F32.gguf --tokens 1,15043,3186 -o logits.npy)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
