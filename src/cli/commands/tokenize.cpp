// aurea tokenize: text to ids and back, for checking one implementation against another.
#include <iostream>
#include <iterator>

#include "cli/command.h"
#include "cli/common_options.h"
#include "core/error.h"
#include "core/utf8.h"
#include "formats/gguf/gguf_file.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string model;
  InputFlags input;
  bool no_bos = false, no_parse_special = false;
};

/// Only the tokenizer: works on vocabulary-only GGUF files and on models that cannot be run.
std::unique_ptr<tokenizers::Tokenizer> load_tokenizer(const std::filesystem::path& path) {
  std::optional<tokenizers::Vocabulary> vocabulary;
  if (std::filesystem::is_directory(path)) {
    const auto config_path = path / "config.json";
    const auto size = std::filesystem::exists(config_path) ? optional_int(read_json_file(config_path, 16 << 20), "vocab_size") : std::nullopt;
    vocabulary = tokenizers::load_huggingface(path, size && *size > 0 && *size < (1 << 24) ? static_cast<size_t>(*size) : 0);
  } else {
    vocabulary = tokenizers::load_gguf(formats::GgufFile::open(path).metadata());
  }
  if (!vocabulary) fail(ErrorCode::kUnsupported, "{}: no tokenizer here (in a folder: tokenizer.json or tokenizer.model)", path.string());
  return tokenizers::Tokenizer::create(*std::move(vocabulary));
}

void run(const Options& options, const Context& context) {
  const auto tokenizer = load_tokenizer(options.model);
  std::vector<int32_t> ids = options.input.tokens;
  const bool decode = !ids.empty();  // the tokenizer refuses ids that it does not have
  if (!decode) {
    const std::string text = options.input.given() ? options.input.text() : std::string(std::istreambuf_iterator<char>(std::cin), {});
    ids = tokenizer->encode(text, {.add_special = !options.no_bos, .parse_special = !options.no_parse_special});
  }
  const std::string text = tokenizer->decode(ids, true);
  if (context.json) {
    Json pieces = Json::array();
    for (const int32_t id : ids) pieces.push_back(sanitize_utf8(tokenizer->token_bytes(id, true)));
    return print_json({{"tokens", ids}, {"pieces", pieces}, {"text", sanitize_utf8(text)}});
  }
  if (decode) return print_text(text + "\n");
  std::string lines;
  for (const int32_t id : ids) lines += fmt::format("{:>7}  {}\n", id, Json(sanitize_utf8(tokenizer->token_bytes(id, true))).dump());
  print_text(lines);
}

}  // namespace

void add_tokenize(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokenize", "Turn text into token ids, or ids into text");
  add_model_option(*command, options->model);
  options->input.add_to(*command);
  command->add_flag("--no-bos", options->no_bos, "Add no beginning-of-sequence token");
  command->add_flag("--no-parse-special", options->no_parse_special, "Treat control tokens in the text as plain text");
  add_output_options(*command, context);
  command->footer(R"(Without --prompt, --text or --tokens the text is read from standard input.

Examples:
  aurea tokenize phi-Q4_K_M.gguf --prompt "Hello world"
  aurea tokenize phi-Q4_K_M.gguf --tokens 15043,3186)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
