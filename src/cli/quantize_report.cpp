#include "cli/quantize_report.h"

#include <unordered_map>

#include "core/error.h"
#include "core/output_file.h"
#include "exporters/report/report.h"
#include "formats/gguf/gguf_file.h"
#include "quantization/certificate.h"

namespace aurea::cli {
namespace {

using quantization::Certificate;

struct CertifiedFile {
  Certificate certificate;
  double bits_per_weight;
};

CertifiedFile read_certified(const std::string& path) {
  const models::ModelSource model = models::ModelSource::open(path);
  const auto certificate = model.gguf() != nullptr ? Certificate::read(model.gguf()->metadata()) : std::nullopt;
  if (!certificate)
    fail(ErrorCode::kBadArgument, "--compare {}: this file carries no certificate; make it with --certify", path);
  return {*certificate, model.bits_per_weight()};
}

/// What of two measurements must be equal for their figures to stand in one plot; empty if they may.
std::string difference(const Certificate& ours, const Certificate& other) {
  if (ours.source_sha256 != other.source_sha256) return "it was made from another source";
  if (ours.text_sha256 != other.text_sha256) return "it was evaluated on another text";
  if (ours.evaluation.context != other.evaluation.context) return "it was evaluated in windows of another length";
  return "";
}

std::string label_of(const std::string& recipe) {
  constexpr std::string_view kPrefix = "--type ";
  constexpr size_t kMost = 28;
  std::string label = recipe.starts_with(kPrefix) ? recipe.substr(kPrefix.size()) : recipe;
  if (label.size() > kMost) label = label.substr(0, kMost) + "...";
  return label;
}

std::vector<exporters::ReportTensor> report_tensors(const exporters::GgufExportPlan& plan,
                                                    const exporters::GgufExportResult& result) {
  std::unordered_map<std::string_view, int> layers;
  for (const models::TensorSpec& spec : plan.description.tensors) layers.emplace(spec.name, spec.layer);
  std::vector<exporters::ReportTensor> tensors;
  for (size_t n = 0; n < plan.tensors.size(); ++n) {
    const exporters::PlannedTensor& tensor = plan.tensors[n];
    tensors.push_back({tensor.name, layers.at(tensor.name), tensor.shape, tensor.stored, tensor.type, tensor.bytes(),
                       result.errors[n]});
  }
  return tensors;
}

std::string name_of(const std::filesystem::path& path) {
  const std::filesystem::path normal = path.lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

}  // namespace

void ReportFlags::add_to(CLI::App& app) {
  auto* report = app.add_option(
      "--report", path, "Write a page about the result: errors by layer and tensor, and what --certify measured");
  app.add_option("--compare", others,
                 "Another certified GGUF file of the same source and text, for the report's plot; may be repeated")
      ->needs(report)
      ->needs("--certify");
}

void ReportFlags::check(bool overwrite) const {
  if (path.empty()) return;
  check_output_path(path, overwrite);
  for (const std::string& other : others) (void)read_certified(other);
}

void ReportFlags::write(const models::ModelSource& source, const exporters::GgufExportPlan& plan,
                        const exporters::GgufExportResult& result, const std::string& choices, const std::string& text,
                        bool overwrite, const Context& context) const {
  if (path.empty()) return;
  exporters::Report report{.version = AUREA_VERSION,
                           .model = plan.metadata.optional_string("general.name").value_or(""),
                           .source = name_of(source.path()),
                           .file = name_of(result.path),
                           .recipe = choices,
                           .label = label_of(choices),
                           .parameters = plan.parameters(),
                           .source_bytes = source.file_bytes(),
                           .file_bytes = result.file_bytes,
                           .source_bits_per_weight = source.bits_per_weight(),
                           .weighted = plan.importance != nullptr,
                           .tensors = report_tensors(plan, result),
                           .certificate = Certificate::read(formats::GgufFile::open(result.path).metadata()),
                           .text = name_of(text),
                           .others = {}};
  report.bits_per_weight = plan.bits_per_weight();
  for (const std::string& other : others) {
    const CertifiedFile file = read_certified(other);
    if (const std::string why = difference(*report.certificate, file.certificate); !why.empty()) {
      context.notice(fmt::format("aurea: --compare {}: {}; it is left out of the report", other, why));
      continue;
    }
    const auto& kl = file.certificate.evaluation.comparison->kl;
    report.others.push_back({label_of(file.certificate.recipe), file.bits_per_weight, kl.mean, kl.stderr_of_mean});
  }
  OutputFile page(path, overwrite);
  page.write(exporters::render_report(report));
  page.commit();
}

}  // namespace aurea::cli
