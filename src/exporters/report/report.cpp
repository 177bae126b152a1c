#include "exporters/report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "core/progress.h"
#include "exporters/report/html.h"
#include "exporters/report/quality_plot.h"
#include "exporters/report/report_page.h"

namespace aurea::exporters {
namespace {

using quantization::ErrorSums;

constexpr size_t kColors = 7;  // --s0 to --s6 of the frame; the last is for what has none of its own

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string tile(std::string_view name, std::string_view value, std::string_view note) {
  return fmt::format(
      "<div class=\"tile\"><div class=\"name\">{}</div><div class=\"value\">{}</div><div "
      "class=\"note\">{}</div></div>\n",
      name, value, note);
}

std::string tiles(const Report& report) {
  std::string html = tile("Size", format_bytes(report.file_bytes), "from " + format_bytes(report.source_bytes));
  html += tile("Bits per weight", fmt::format("{:.2f}", report.bits_per_weight),
               fmt::format("from {:.2f}", report.source_bits_per_weight));
  if (!report.certificate) return html;
  const quantization::Evaluation& evaluation = report.certificate->evaluation;
  const quantization::Comparison& comparison = *evaluation.comparison;
  html += tile("KL divergence", fmt::format("{:.3g}", comparison.kl.mean),
               fmt::format("± {:.2g}", comparison.kl.stderr_of_mean));
  html += tile("Perplexity", fmt::format("{:.4g}", evaluation.perplexity),
               fmt::format("source {:.4g}", comparison.reference_perplexity));
  html += tile("Same first choice", fmt::format("{:.1f} %", 100 * comparison.top1_agreement),
               fmt::format("of {} tokens", evaluation.tokens));
  return html;
}

std::string quality_section(const Report& report) {
  if (!report.certificate) {
    return "<section><h2>Quality</h2><p class=\"soft\">Not evaluated. With <code>--certify --text FILE</code> the "
           "report shows what the "
           "quantization costs in predictions.</p></section>\n";
  }
  const auto& kl = report.certificate->evaluation.comparison->kl;
  const std::string hint =
      report.others.empty()
          ? " Other files that were certified on the same source and text appear here with <code>--compare FILE</code>."
          : "";
  return "<section><h2>Size and quality</h2><p class=\"soft\">How far the predictions are from the source's: lower is "
         "better, 0 is equal." +
         hint + "</p>\n" +
         quality_plot({report.label, report.bits_per_weight, kl.mean, kl.stderr_of_mean}, report.others) +
         "</section>\n";
}

/// "blk.3.ffn_down.weight" -> "ffn_down"; what lies outside the blocks keeps its name.
std::string kind_of(const ReportTensor& tensor) {
  std::string_view name = tensor.name;
  if (tensor.layer >= 0) name.remove_prefix(std::min(name.size(), fmt::format("blk.{}.", tensor.layer).size()));
  if (name.ends_with(".weight")) name.remove_suffix(7);
  return std::string(name);
}

/// The layers' kinds of tensors, those with the largest errors first.
std::vector<std::string> kinds_by_error(const Report& report) {
  std::map<std::string, double> sums;
  for (const ReportTensor& tensor : report.tensors) {
    if (tensor.layer >= 0 && tensor.errors.error > 0) sums[kind_of(tensor)] += tensor.errors.error;
  }
  std::vector<std::string> kinds;
  for (const auto& [kind, sum] : sums) kinds.push_back(kind);
  std::ranges::stable_sort(kinds, std::greater{}, [&](const std::string& kind) { return sums[kind]; });
  return kinds;
}

struct LayerErrors {
  ErrorSums all;
  std::map<size_t, double> by_color;  // squared errors
};

std::string bar(const std::string& label, const LayerErrors& layer, double longest) {
  std::string html = fmt::format("<span>{}</span><span class=\"track\">", escape_html(label));
  for (const auto& [color, error] : layer.by_color) {
    const double width = 100 * layer.all.relative() / longest * error / layer.all.error;
    html += fmt::format("<span style=\"width:{:.2f}%;background:var(--s{})\"></span>", width, color);
  }
  return html + fmt::format("</span><span class=\"number\">{}</span>\n", percent(layer.all.relative()));
}

std::string layers_section(const Report& report) {
  const std::vector<std::string> kinds = kinds_by_error(report);
  const auto color_of = [&](const std::string& kind) {
    const auto place = static_cast<size_t>(std::ranges::find(kinds, kind) - kinds.begin());
    return std::min(place, kColors - 1);
  };
  std::vector<std::pair<std::string, LayerErrors>> rows;  // outside the blocks first, each on its own; then the layers
  std::map<int, LayerErrors> layers;
  for (const ReportTensor& tensor : report.tensors) {
    LayerErrors* row = &layers[tensor.layer];
    if (tensor.layer < 0) {
      if (tensor.errors.error == 0) continue;
      row = &rows.emplace_back(kind_of(tensor), LayerErrors{}).second;
    }
    row->all.add(tensor.errors);
    if (tensor.errors.error > 0)
      row->by_color[tensor.layer < 0 ? kColors - 1 : color_of(kind_of(tensor))] += tensor.errors.error;
  }
  for (auto& [layer, errors] : layers) {
    if (layer >= 0) rows.emplace_back(fmt::format("layer {}", layer), errors);
  }
  double longest = 0;
  for (const auto& [label, row] : rows) longest = std::max(longest, row.all.relative());
  if (longest == 0)
    return "<section><h2>Error by layer</h2><p class=\"soft\">None: every stored value is the "
           "source's.</p></section>\n";
  std::string html =
      "<section><h2>Error by layer</h2><p class=\"soft\">Size of the error relative to the size of the weights (root "
      "mean squares). The colours "
      "show which tensors it comes from.</p>\n<ul class=\"legend\">";
  for (size_t i = 0; i < std::min(kinds.size(), kColors - 1); ++i) {
    html += fmt::format("<li><i style=\"background:var(--s{})\"></i>{}</li>", i, escape_html(kinds[i]));
  }
  html += fmt::format("<li><i style=\"background:var(--s{})\"></i>all others</li>", kColors - 1);
  html += "</ul>\n<div class=\"bars\">\n";
  for (const auto& [label, row] : rows) html += bar(label, row, longest);
  return html + "</div></section>\n";
}

std::string types_section(const Report& report) {
  struct Sums {
    uint64_t tensors = 0, weights = 0, bytes = 0;
  };
  std::map<std::string_view, Sums> types;
  uint64_t all_bytes = 0;
  for (const ReportTensor& tensor : report.tensors) {
    Sums& sums = types[name(tensor.type)];
    uint64_t weights = 1;
    for (const uint64_t n : tensor.shape) weights *= n;
    ++sums.tensors, sums.weights += weights, sums.bytes += tensor.bytes, all_bytes += tensor.bytes;
  }
  std::vector<std::pair<std::string_view, Sums>> rows(types.begin(), types.end());
  std::ranges::stable_sort(rows, std::greater{}, [](const auto& row) { return row.second.bytes; });
  std::string html =
      "<section><h2>Types</h2>\n<div class=\"scroll\"><table><thead><tr><th>Type</th><th class=\"n\">Tensors</th><th "
      "class=\"n wide\">Weights</th>"
      "<th class=\"n\">Bytes</th><th class=\"n\">Share</th></tr></thead><tbody>\n";
  for (const auto& [type, sums] : rows) {
    html += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n wide\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{:.1f} "
        "%</td></tr>\n",
        type, sums.tensors, format_count(sums.weights), format_bytes(sums.bytes),
        100.0 * static_cast<double>(sums.bytes) / static_cast<double>(all_bytes));
  }
  return html + "</tbody></table></div></section>\n";
}

/// A name that may be broken behind its dots and underscores.
std::string breakable(const std::string& name) {
  std::string html;
  for (const char c : escape_html(name)) html += c == '.' || c == '_' ? std::string(1, c) + "<wbr>" : std::string(1, c);
  return html;
}

std::string error_cell(double error) {
  return fmt::format("<td class=\"n\" data-value=\"{:.6g}\">{}</td>", error, error == 0 ? "0" : percent(error));
}

std::string tensors_section(const Report& report) {
  std::string html =
      "<section><div class=\"above\"><div><h2>Tensors</h2><p class=\"soft\">Errors relative to the tensor's own size";
  html +=
      report.weighted ? "; weighted: by how strongly each column is driven.</p></div></div>\n" : ".</p></div></div>\n";
  html +=
      "<div class=\"scroll\"><table class=\"sortable\"><thead><tr><th>Name</th><th>Type</th><th "
      "class=\"wide\">From</th><th class=\"n wide\">Rows × columns</th>"
      "<th class=\"n\">Bytes</th><th class=\"n\">Error</th>";
  if (report.weighted) html += "<th class=\"n\">Weighted</th>";
  html += "</tr></thead><tbody>\n";
  for (const ReportTensor& tensor : report.tensors) {
    uint64_t weights = 1;
    for (const uint64_t n : tensor.shape) weights *= n;
    html += fmt::format(
        "<tr><td class=\"mono\">{}</td><td>{}</td><td class=\"wide\">{}</td><td class=\"n wide\" "
        "data-value=\"{}\">{}</td><td class=\"n\" data-value=\"{}\">{}</td>",
        breakable(tensor.name), name(tensor.type), name(tensor.source_type), weights, fmt::join(tensor.shape, " × "),
        tensor.bytes, format_bytes(tensor.bytes));
    html += error_cell(tensor.errors.relative());
    if (report.weighted) html += error_cell(tensor.errors.weighted_relative());
    html += "</tr>\n";
  }
  return html + "</tbody></table></div></section>\n";
}

std::string entry(std::string_view name, std::string_view value, bool mono = false) {
  return fmt::format("<dt>{}</dt><dd{}>{}</dd>\n", name, mono ? " class=\"mono\"" : "", escape_html(value));
}

std::string certificate_section(const Report& report) {
  if (!report.certificate) return "";
  const quantization::Certificate& certificate = *report.certificate;
  const quantization::Evaluation& evaluation = certificate.evaluation;
  const quantization::Comparison& comparison = *evaluation.comparison;
  std::string html =
      "<section><h2>Certificate</h2><p class=\"soft\">Stored in the file's metadata under "
      "<code>aurea.*</code>.</p><dl>\n";
  html += entry("Perplexity", fmt::format("{:.6f} ± {:.6f}", evaluation.perplexity, evaluation.perplexity_stderr));
  html += entry("Perplexity of the source", fmt::format("{:.6f}", comparison.reference_perplexity));
  html +=
      entry("KL divergence, mean", fmt::format("{:.6f} ± {:.6f}", comparison.kl.mean, comparison.kl.stderr_of_mean));
  html += entry("50 %, 90 %, 99 %, 99.9 %, most",
                fmt::format("{:.6f}, {:.6f}, {:.6f}, {:.6f}, {:.6f}", comparison.kl.p50, comparison.kl.p90,
                            comparison.kl.p99, comparison.kl.p999, comparison.kl.max));
  html += entry("Same first choice", percent(comparison.top1_agreement));
  html += entry("RMS change of p", percent(comparison.rms_delta_p));
  html += entry("Measured on", fmt::format("{} tokens in windows of {}, kernels {}", evaluation.tokens,
                                           evaluation.context, certificate.kernels));
  html += entry("Source, SHA-256", certificate.source_sha256, true);
  html += entry("Tensors, SHA-256", certificate.tensors_sha256, true);
  html += entry("Text, SHA-256", certificate.text_sha256, true);
  if (!certificate.importance_sha256.empty()) html += entry("Importance, SHA-256", certificate.importance_sha256, true);
  return html + "</dl></section>\n";
}

std::string repeat_section(const Report& report) {
  std::string quantize = fmt::format("aurea quantize {} -o {} {}", report.source, report.file, report.recipe);
  if (report.certificate)
    quantize += fmt::format(" --certify --text {} --context {}", report.text, report.certificate->evaluation.context);
  std::string html =
      "<section><h2>To repeat it</h2><p class=\"soft\">The same source, choices and version of the program give the "
      "same bytes on every "
      "machine";
  html += report.certificate ? ", but for the last digits of what was measured.</p>" : ".</p>";
  html += fmt::format("<pre>{}</pre>", escape_html(quantize));
  if (report.certificate)
    html += fmt::format("<pre>aurea verify {} --source {} --text {}</pre>", escape_html(report.file),
                        escape_html(report.source), escape_html(report.text));
  return html + "</section>\n";
}

}  // namespace

std::string render_report(const Report& report) {
  const std::string title = report.model.empty() ? report.file : report.model;
  const std::string summary =
      fmt::format("{} · {} parameters in {} tensors · made from {}", escape_html(report.file),
                  format_count(report.parameters), report.tensors.size(), escape_html(report.source));
  return HtmlFrame(kReportPage)
      .put("title", escape_html(title))
      .put("recipe", escape_html(report.recipe.starts_with("--type ") ? report.recipe.substr(7) : report.recipe))
      .put("title", escape_html(title))
      .put("summary", summary)
      .put("tiles", tiles(report))
      .put("quality", quality_section(report))
      .put("layers", layers_section(report))
      .put("types", types_section(report))
      .put("tensors", tensors_section(report))
      .put("certificate", certificate_section(report))
      .put("repeat", repeat_section(report))
      .put("footer", "Made by aurea " + escape_html(report.version))
      .finish();
}

}  // namespace aurea::exporters
