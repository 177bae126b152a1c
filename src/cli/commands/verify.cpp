// aurea verify: measures again what a file's certificate claims.
#include <algorithm>
#include <cmath>
#include <optional>

#include "cli/certify.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/importance_options.h"
#include "core/env.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/mapped_file.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "engine/model.h"
#include "quantization/certificate.h"
#include "quantization/text_evaluation.h"

namespace aurea::cli {
namespace {

using quantization::Certificate;

struct Options {
  std::string file, source, text_file;
  ImportanceFlags importance;
  unsigned threads = 0;
};

// Other instruction sets and compilers round activations differently. Measured on the demonstration model over all
// kernel sets: 0.01 % of the perplexity, 1 % of the KL divergence, 0.08 points of the agreement.
constexpr double kPerplexityTolerance = 0.001;  // relative
constexpr double kKlTolerance = 0.05;           // relative, and
constexpr double kKlNoise = 1e-6;               // absolute: nats
constexpr double kAgreementTolerance = 0.005;   // absolute: half a point

enum class Verdict { kHolds, kFails, kNotChecked };

struct Row {
  std::string what, claim, measured;
  Verdict verdict;
  std::string why;  // not checked: what would allow it
};

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kFails:
      return "FAILS";
    case Verdict::kNotChecked:
      return "not checked";
  }
  return "";
}

class Check {
 public:
  Check(const Options& options, const Context& context, const formats::GgufFile& file, const Certificate& certificate)
      : options_(options), context_(context), file_(file), certificate_(certificate) {}

  std::vector<Row> run() {
    ThreadPool pool(options_.threads);
    hash_row("tensors", certificate_.tensors_sha256, quantization::tensors_sha256(file_, pool, &context_.cancel));
    const bool source_is_right = source_row();
    const bool text_is_right = text_row();
    if (!certificate_.importance_sha256.empty()) {
      if (options_.importance.files.empty()) {
        not_checked("importance matrix", certificate_.importance_sha256, "give --imatrix FILE");
      } else {
        hash_row(
            "importance matrix", certificate_.importance_sha256,
            quantization::importance_sha256(*options_.importance.load(options_.source, options_.threads, context_)));
      }
    }
    figures(source_is_right, text_is_right);
    return std::move(rows_);
  }

 private:
  bool hash_row(const std::string& what, const std::string& claim, const std::string& measured) {
    rows_.push_back({what, claim, measured, claim == measured ? Verdict::kHolds : Verdict::kFails, ""});
    return claim == measured;
  }

  void not_checked(const std::string& what, const std::string& claim, const std::string& why) {
    rows_.push_back({what, claim, "", Verdict::kNotChecked, why});
  }

  void number(const std::string& what, double claim, double measured, double tolerance, int digits) {
    // Written so that a claim that is no number fails.
    const bool holds = std::abs(measured - claim) <= tolerance;
    rows_.push_back({what, fmt::format("{:.{}f}", claim, digits), fmt::format("{:.{}f}", measured, digits),
                     holds ? Verdict::kHolds : Verdict::kFails, ""});
  }

  bool source_row() {
    if (options_.source.empty()) {
      not_checked("source", certificate_.source_sha256, "give --source with the model that this file was made from");
      return false;
    }
    source_.emplace(engine::Model::load(options_.source));
    return hash_row("source", certificate_.source_sha256,
                    quantization::sha256_of_files(quantization::paths_of(source_->source().files()), &context_.cancel));
  }

  bool text_row() {
    if (options_.text_file.empty()) {
      not_checked("text", certificate_.text_sha256, "give --text with the file that was evaluated on");
      return false;
    }
    text_ = read_text_file(options_.text_file, kMaxTextBytes);
    return hash_row("text", certificate_.text_sha256, sha256_hex(text_));
  }

  void figures(bool source_is_right, bool text_is_right) {
    const quantization::Evaluation& claim = certificate_.evaluation;
    const quantization::Comparison& compared = *claim.comparison;
    std::optional<quantization::Evaluation> measured;
    if (text_is_right) measured = evaluate(source_is_right);
    const std::string needed =
        options_.text_file.empty() ? "needs the text" : "needs the text that the figure was measured on";
    if (!measured) {
      not_checked("scored tokens", std::to_string(claim.tokens), needed);
      not_checked("perplexity", fmt::format("{:.4f}", claim.perplexity), needed);
    } else {
      number("scored tokens", static_cast<double>(claim.tokens), static_cast<double>(measured->tokens), 0, 0);
      number("perplexity", claim.perplexity, measured->perplexity, kPerplexityTolerance * measured->perplexity, 4);
    }
    if (!measured || !measured->comparison) {
      const std::string both = text_is_right ? "needs the source" : needed + (source_is_right ? "" : " and the source");
      not_checked("source's perplexity", fmt::format("{:.4f}", compared.reference_perplexity), both);
      not_checked("KL divergence, mean", fmt::format("{:.6f}", compared.kl.mean), both);
      not_checked("same first choice, %", fmt::format("{:.2f}", 100 * compared.top1_agreement), both);
      return;
    }
    const quantization::Comparison& found = *measured->comparison;
    number("source's perplexity", compared.reference_perplexity, found.reference_perplexity,
           kPerplexityTolerance * found.reference_perplexity, 4);
    number("KL divergence, mean", compared.kl.mean, found.kl.mean, kKlTolerance * found.kl.mean + kKlNoise, 6);
    number("same first choice, %", 100 * compared.top1_agreement, 100 * found.top1_agreement, 100 * kAgreementTolerance,
           2);
  }

  quantization::Evaluation evaluate(bool with_source) const {
    const engine::Model model = engine::Model::load(options_.file);
    Progress progress("evaluate", quantization::tokens_of_text(model, text_).size(), ProgressUnit::kTokens,
                      context_.quiet);
    const quantization::TextEvaluationOptions how{.context = certificate_.evaluation.context,
                                                  .threads = options_.threads,
                                                  .kernel_set = env::cpu(),
                                                  .progress = [&](uint64_t done, uint64_t) { progress.update(done); },
                                                  .cancel = &context_.cancel};
    const quantization::Evaluation result =
        quantization::evaluate_text(model, with_source ? &*source_ : nullptr, text_, how);
    progress.finish();
    return result;
  }

  const Options& options_;
  const Context& context_;
  const formats::GgufFile& file_;
  const Certificate& certificate_;
  std::optional<engine::Model> source_;
  std::string text_;
  std::vector<Row> rows_;
};

/// Hashes are shown by their beginning, which is enough to tell two apart.
std::string shown(const std::string& value) {
  return value.size() == Sha256::kHexDigits ? value.substr(0, 16) + "..." : value;
}

void print_table(const Certificate& certificate, const std::vector<Row>& rows) {
  std::string text =
      fmt::format("made by aurea {}: {}\nmeasured in windows of {} tokens with kernels {}\n\n{:<22} {:<20} {:<20} {}\n",
                  certificate.version, certificate.recipe, certificate.evaluation.context, certificate.kernels, "",
                  "claim", "measured", "verdict");
  for (const Row& row : rows) {
    text += fmt::format("{:<22} {:<20} {:<20} {}{}\n", row.what, shown(row.claim), shown(row.measured),
                        word(row.verdict), row.why.empty() ? "" : ": " + row.why);
  }
  print_text(text);
}

Json to_json(const Certificate& certificate, const std::vector<Row>& rows, bool holds) {
  Json list = Json::array();
  for (const Row& row : rows) {
    list.push_back({{"what", row.what},
                    {"claim", row.claim},
                    {"measured", row.measured},
                    {"verdict", word(row.verdict)},
                    {"note", row.why}});
  }
  return {{"version", certificate.version},
          {"recipe", certificate.recipe},
          {"kernels", certificate.kernels},
          {"holds", holds},
          {"claims", list}};
}

void run(const Options& options, const Context& context) {
  const formats::GgufFile file = formats::GgufFile::open(options.file);
  std::optional<Certificate> certificate;
  try {
    certificate = Certificate::read(file.metadata());
  } catch (Error& error) {
    throw error.add_context(options.file);
  }
  if (!certificate) {
    fail(ErrorCode::kUnsupported,
         "{}: this file carries no certificate, so that there is nothing to verify; 'aurea quantize --certify' makes "
         "one",
         options.file);
  }
  const std::vector<Row> rows = Check(options, context, file, *certificate).run();
  const auto failed = std::ranges::count(rows, Verdict::kFails, &Row::verdict);
  if (context.json) {
    print_json(to_json(*certificate, rows, failed == 0));
  } else {
    print_table(*certificate, rows);
  }
  if (failed > 0) fail_file("{}: {} of {} claims do not hold", options.file, failed, rows.size());
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("verify", "Measure again what a file's certificate claims");
  command->add_option("FILE", options->file, "GGUF file made with 'quantize --certify'")->required();
  command->add_option("--source", options->source, "The model it was made from: GGUF file or Hugging Face folder");
  command->add_option("--text", options->text_file, "The text it was evaluated on");
  options->importance.add_to(*command);
  command->add_option("-t,--threads", options->threads, "Threads; 0: one per processor")
      ->capture_default_str()
      ->check(whole_number(0, ThreadPool::kMaxThreads));
  add_output_options(*command, context);
  command->footer(
      R"(The tensors are always checked; the other claims need what they speak of. Hashes must be equal, perplexities agree to 0.1 %, the KL
divergence to 5 % (and a millionth), the share of same first choices to half a point: other processors round differently.
Exit codes: 0 every claim that was checked holds, 3 one does not, 4 the file carries no certificate.

Example:
  aurea verify phi-Q4_K_M.gguf --source Phi-3.5-mini-instruct --text held-out.txt)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
