// aurea imatrix: which columns of each weight matter, collected from text or from what the model writes itself.
#include <chrono>

#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/importance_options.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "core/output_file.h"
#include "core/progress.h"
#include "quantization/collect_importance.h"

namespace aurea::cli {
namespace {

using quantization::Chunk;
using quantization::Importance;

struct Options {
  std::string model, text_file, output = "imatrix.gguf";
  std::vector<std::string> in_files;
  size_t chunk_size = Importance::kDefaultChunkSize, from_chunk = 0, save_every = 10;
  long long chunks = -1;
  bool process_output = false, parse_special = false, no_perplexity = false, resume = false, force = false;
  EngineFlags engine;
  SelfCalibrationFlags self;
};

/// The text's chunks, as llama-imatrix cuts it.
std::vector<Chunk> read_text(const Options& options, const engine::Model& model, const Context& context) {
  const tokenizers::Tokenizer& tokenizer = model.tokenizer();
  const auto tokens = tokenizer.encode(read_text_file(options.text_file, kMaxTextBytes),
                                       {.add_special = true, .parse_special = options.parse_special});
  const size_t size = std::min<size_t>(options.chunk_size, model.source().params().context_length);
  if (size < options.chunk_size)
    context.notice(fmt::format("aurea: --ctx-size {}: this model was made for at most {} tokens; using that",
                               options.chunk_size, size));
  const auto& vocabulary = tokenizer.vocabulary();
  std::vector<Chunk> chunks =
      quantization::cut_into_chunks(tokens, size, vocabulary.add_bos ? vocabulary.bos : std::nullopt);
  if (chunks.size() <= options.from_chunk) {
    fail(ErrorCode::kBadArgument,
         "{}: {} tokens make {} whole chunks of {}, and none of them is to be read; give more text, or smaller chunks "
         "with --ctx-size{}",
         options.text_file, tokens.size(), chunks.size(), size,
         options.from_chunk > 0 ? ", or a smaller --from-chunk" : "");
  }
  if (const size_t left = tokens.size() % size; left > 0 && options.chunks < 0) {
    context.notice(fmt::format("aurea: the last {} tokens of {} do not fill a chunk of {} and are left out", left,
                               options.text_file, size));
  }
  chunks.erase(chunks.begin(), chunks.begin() + static_cast<std::ptrdiff_t>(options.from_chunk));
  if (options.chunks >= 0 && static_cast<size_t>(options.chunks) < chunks.size())
    chunks.resize(static_cast<size_t>(options.chunks));
  return chunks;
}

/// What an earlier run saved of the same collection; throws kBadArgument when it was another one.
void resume(const std::filesystem::path& path, Importance& sums) {
  Importance saved = Importance::read(path);
  if (!saved.unfinished)
    fail(ErrorCode::kBadArgument, "--resume: {} is finished; to add to it, name it with --in-file", path.string());
  if (saved.datasets != sums.datasets || saved.chunk_size != sums.chunk_size || saved.unfinished != sums.unfinished) {
    fail(ErrorCode::kBadArgument,
         "--resume: {} was begun with another text, chunk size or other options (its text is '{}', its chunks have {} "
         "tokens); "
         "to begin anew, use --force instead",
         path.string(), saved.datasets.empty() ? "" : saved.datasets.front(), saved.chunk_size);
  }
  sums = std::move(saved);
}

class Collection {
 public:
  Collection(const Options& options, const Context& context)
      : options_(options), context_(context), overwrite_(options.force || options.resume) {}

  /// Sums of the text's chunks, or of the model's own; saved now and then, and on Ctrl-C.
  Importance run(const engine::Model& model) {
    engine::Engine engine(model.source(), options_.engine.options(context_));
    report_dispatch(engine);
    Importance sums;
    sums.source = options_.output;
    std::vector<Chunk> chunks;
    if (options_.text_file.empty()) {
      chunks = options_.self.write(model, engine, context_);
      sums.datasets = {options_.self.options(model).name()};
      sums.chunk_size = static_cast<uint32_t>(chunks.front().size());
    } else {
      chunks = read_text(options_, model, context_);
      sums.datasets = {std::filesystem::path(options_.text_file).filename().string()};
      sums.chunk_size = static_cast<uint32_t>(chunks.front().size());
    }
    const quantization::CollectOptions how{.output = options_.process_output, .cancel = &context_.cancel};
    sums.unfinished = quantization::fingerprint(chunks, how);
    if (options_.resume && std::filesystem::exists(options_.output)) resume(options_.output, sums);
    collect(engine, chunks, how, sums);
    sums.unfinished.reset();
    return sums;
  }

  [[nodiscard]] bool overwrite() const { return overwrite_; }

 private:
  void collect(engine::Engine& engine, std::span<const Chunk> chunks, const quantization::CollectOptions& how,
               Importance& sums) {
    Progress progress("imatrix", chunks.size() * sums.chunk_size, ProgressUnit::kTokens, context_.quiet);
    uint32_t saved = sums.chunk_count;
    const auto save = [&] {
      sums.write(options_.output, overwrite_);
      overwrite_ = true;
      saved = sums.chunk_count;
    };
    try {
      quantization::collect_importance(engine, chunks, how, sums, [&] {
        progress.update(uint64_t{sums.chunk_count} * sums.chunk_size,
                        fmt::format("chunk {} of {}", sums.chunk_count, chunks.size()));
        if (options_.save_every > 0 && sums.chunk_count - saved >= options_.save_every &&
            sums.chunk_count < chunks.size())
          save();
      });
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled && options_.save_every > 0 && sums.chunk_count > 0) save();
      if (saved == 0) throw;
      context_.notice(fmt::format("aurea: {} of {} chunks are saved in {}; the same command with --resume goes on",
                                  saved, chunks.size(), options_.output));
      throw;
    }
    progress.finish();
  }

  const Options& options_;
  const Context& context_;
  bool overwrite_;  // the output is ours, or was given up
};

void run(const Options& options, const Context& context) {
  if (options.model.empty() && options.in_files.empty())
    fail(ErrorCode::kBadArgument, "which MODEL? (Without one, --in-file FILE is merged.)");
  if (options.chunks == 0) fail(ErrorCode::kBadArgument, "--chunks 0: nothing would be read");
  if (options.model.empty() && !options.text_file.empty())
    fail(ErrorCode::kBadArgument, "--text: which MODEL is to read it?");
  check_output_path(options.output, options.force || options.resume);
  const auto start = std::chrono::steady_clock::now();
  std::optional<Importance> merged = read_importance(options.in_files, context);
  bool overwrite = options.force || options.resume;
  if (!options.model.empty()) {
    const engine::Model model = engine::Model::load(options.model);
    if (merged) check_shapes(*merged, model.source().description());
    Collection collection(options, context);
    Importance collected = collection.run(model);
    overwrite = collection.overwrite();
    if (merged) {
      merged->merge(collected);
    } else {
      merged = std::move(collected);
    }
  }
  merged->write(options.output, overwrite);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (context.json) {
    return print_json({{"output", options.output},
                       {"entries", merged->entries().size()},
                       {"chunks", merged->chunk_count},
                       {"chunk_size", merged->chunk_size},
                       {"datasets", merged->datasets},
                       {"seconds", seconds}});
  }
  const auto count = [](uint64_t n, const char* one, const char* many) {
    return fmt::format("{} {}", n, n == 1 ? one : many);
  };
  print_text(fmt::format("{}: {}, {} of {} tokens, {:.1f} s\n", options.output,
                         count(merged->entries().size(), "matrix", "matrices"),
                         count(merged->chunk_count, "chunk", "chunks"), merged->chunk_size, seconds));
}

}  // namespace

void add_imatrix(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("imatrix", "Collect which columns of the weights matter, for 'quantize --imatrix'");
  add_model_option(*command, options->model, false);
  command->add_option("-f,--file,--text", options->text_file, "A file with text; without it the model writes its own");
  command->add_option("-o,--output,--output-file", options->output, "File to write")->capture_default_str();
  command->add_option("--in-file", options->in_files, "An importance matrix to add (may be given several times)")
      ->allow_extra_args(false);
  command->add_option("-c,--ctx-size", options->chunk_size, "Tokens per chunk of text; every chunk starts anew")
      ->capture_default_str()
      ->check(whole_number(2, UINT32_MAX));
  command->add_option("--chunks", options->chunks, "Chunks to read at most; -1: all")
      ->capture_default_str()
      ->check(CLI::Range(-1LL, 1LL << 32));
  command->add_option("--chunk,--from-chunk", options->from_chunk, "Leave out the chunks before this one")
      ->capture_default_str()
      ->check(whole_number());
  command->add_flag("--process-output", options->process_output, "The output matrix as well");
  command->add_flag("--parse-special", options->parse_special, "Read control tokens in the text as such");
  options->self.add_to(*command);
  command
      ->add_option("--output-frequency,--save-every", options->save_every,
                   "Save what there is after so many chunks; 0: at the end only")
      ->capture_default_str()
      ->check(whole_number());
  command->add_flag("--resume", options->resume,
                    "Go on where an interrupted run with the same options saved its output");
  command->add_flag("--force", options->force, "Replace an existing output");
  command->add_flag("--no-ppl", options->no_perplexity,
                    "Accepted for llama.cpp command lines; 'aurea eval' measures perplexity");
  options->engine.add_all_but_context(*command);
  add_output_options(*command, context);
  command->footer(
      R"(The file has llama.cpp's layout. The blocks' matrices are looked at; --process-output adds the output matrix.

Examples:
  aurea imatrix Phi-4-mini-instruct -o imatrix.gguf                                 the model writes its own text
  aurea imatrix Phi-4-mini-instruct --text calibration.txt -o imatrix.gguf
  aurea imatrix Phi-4-mini-instruct --text calibration.txt -o imatrix.gguf --resume
  aurea imatrix --in-file prose.gguf --in-file code.dat -o both.gguf                merges, and brings .dat into GGUF)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
