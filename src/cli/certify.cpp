#include "cli/certify.h"

#include <memory>

#include "cli/common_options.h"
#include "core/env.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/mapped_file.h"
#include "core/progress.h"
#include "engine/model.h"
#include "kernels/registry.h"
#include "quantization/text_evaluation.h"

namespace aurea::cli {
namespace {

using quantization::Certificate;

/// What stands in the header until it is known.
Certificate placeholder(const std::string& choices, const std::string& text,
                        const quantization::Importance* importance) {
  const std::string zeros(Sha256::kHexDigits, '0');
  Certificate certificate{
      .version = AUREA_VERSION,
      .recipe = choices,
      .source_sha256 = zeros,
      .importance_sha256 = importance != nullptr ? quantization::importance_sha256(*importance) : "",
      .text_sha256 = sha256_hex(text),
      .tensors_sha256 = zeros,
      .kernels = kernels::select_kernel_set(env::cpu()).name,
      .evaluation = {}};
  certificate.evaluation.comparison.emplace();
  return certificate;
}

quantization::Evaluation measure(const std::filesystem::path& unfinished, const std::filesystem::path& source,
                                 const std::string& text, quantization::TextEvaluationOptions options,
                                 const Context& context) {
  const engine::Model model = engine::Model::load(unfinished), reference = engine::Model::load(source);
  Progress progress("evaluate", quantization::tokens_of_text(model, text).size(), ProgressUnit::kTokens, context.quiet);
  options.progress = [&](uint64_t done, uint64_t) { progress.update(done); };
  const quantization::Evaluation evaluation = quantization::evaluate_text(model, &reference, text, options);
  progress.finish();
  return evaluation;
}

}  // namespace

void CertifyFlags::add_to(CLI::App& app) {
  auto* flag = app.add_flag("--certify", certify,
                            "Evaluate the result against its source, and store what was measured in the file");
  app.add_option("--text", text_file, "A text to evaluate on, for --certify")->needs(flag);
  app.add_option("--context", context, "Tokens per window of the evaluation")
      ->capture_default_str()
      ->check(whole_number(2))
      ->needs(flag);
}

void CertifyFlags::check() const {
  if (!certify) return;
  if (text_file.empty()) {
    fail(ErrorCode::kBadArgument,
         "--certify: no text to evaluate on; give --text FILE with text that the importance was not made from");
  }
  (void)read_text_file(text_file, kMaxTextBytes);
}

void CertifyFlags::prepare(const models::ModelSource& source, const std::string& choices, unsigned threads,
                           const Context& context_of_command, exporters::GgufExportPlan& plan,
                           exporters::GgufExportOptions& options) const {
  if (!certify) return;
  const std::string text = read_text_file(text_file, kMaxTextBytes);
  (void)quantization::tokens_of_text(engine::Model::load(source.path()),
                                     text);  // what is wrong with the text is said before the work
  const Certificate empty = placeholder(choices, text, plan.importance);
  empty.store(plan.metadata);
  const quantization::TextEvaluationOptions how{.context = context,
                                                .threads = threads,
                                                .kernel_set = env::cpu(),
                                                .progress = nullptr,
                                                .cancel = &context_of_command.cancel};
  options.complete = [&source, &context_of_command, text, empty, how](const std::filesystem::path& unfinished,
                                                                      formats::GgufMetadata& metadata) {
    Certificate certificate = empty;
    ThreadPool pool(how.threads);
    certificate.tensors_sha256 = quantization::tensors_sha256(formats::GgufFile::open(unfinished), pool, how.cancel);
    certificate.source_sha256 = quantization::sha256_of_files(quantization::paths_of(source.files()), how.cancel);
    certificate.evaluation = measure(unfinished, source.path(), text, how, context_of_command);
    certificate.store(metadata);
  };
}

}  // namespace aurea::cli
