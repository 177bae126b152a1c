// The report's page: everything is escaped, nothing is fetched, the figures are there, marks lie where they belong.
#include "exporters/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "core/error.h"
#include "exporters/report/html.h"
#include "exporters/report/quality_plot.h"

namespace aurea::exporters {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = R"(<script>alert("x")</script>&'{{tiles}})";

Report some_report() {
  Report report{.version = "1.2.3",
                .model = "A model",
                .source = "folder",
                .file = "made.gguf",
                .recipe = "--type Q4_K_M",
                .label = "Q4_K_M",
                .parameters = 1'000'000,
                .source_bytes = 2'000'000,
                .file_bytes = 600'000,
                .source_bits_per_weight = 16,
                .bits_per_weight = 4.8,
                .weighted = true,
                .tensors = {},
                .certificate = std::nullopt,
                .text = "text.txt",
                .others = {}};
  for (int layer = 0; layer < 3; ++layer) {
    report.tensors.push_back(
        {fmt::format("blk.{}.ffn_down.weight", layer),
         layer,
         {64, 32},
         QuantType::kBF16,
         QuantType::kQ4_K,
         1152,
         {.error = 0.01 * (layer + 1), .signal = 1, .weighted_error = 0.04, .weighted_signal = 4}});
    report.tensors.push_back({fmt::format("blk.{}.attn_norm.weight", layer),
                              layer,
                              {32},
                              QuantType::kF32,
                              QuantType::kF32,
                              128,
                              {.signal = 5}});
  }
  report.tensors.push_back(
      {"output.weight", -1, {100, 32}, QuantType::kBF16, QuantType::kQ6_K, 2624, {.error = 0.0001, .signal = 1}});
  return report;
}

quantization::Certificate some_certificate() {
  quantization::Certificate certificate{.version = "1.2.3",
                                        .recipe = "--type Q4_K_M",
                                        .source_sha256 = std::string(64, 'a'),
                                        .importance_sha256 = std::string(64, 'b'),
                                        .text_sha256 = std::string(64, 'c'),
                                        .tensors_sha256 = std::string(64, 'd'),
                                        .kernels = "avx2",
                                        .evaluation = {}};
  certificate.evaluation = {.tokens = 777,
                            .context = 512,
                            .perplexity = 12.5,
                            .perplexity_stderr = 0.1,
                            .comparison = quantization::Comparison{}};
  certificate.evaluation.comparison->kl.mean = 0.0123;
  certificate.evaluation.comparison->top1_agreement = 0.954;
  return certificate;
}

TEST(Report, HostileNamesStayText) {
  Report report = some_report();
  report.certificate = some_certificate();
  for (std::string* text :
       {&report.model, &report.source, &report.file, &report.recipe, &report.label, &report.text, &report.version,
        &report.tensors[0].name, &report.tensors.back().name, &report.certificate->kernels}) {
    *text = kHostile;
  }
  report.others.push_back({kHostile, 6, 0.001, 0.0001});
  const std::string page = render_report(report);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;{{tiles}}"));
}

TEST(Report, FetchesNothing) {
  Report report = some_report();
  report.certificate = some_certificate();
  const std::string page = render_report(report);
  for (const char* outside : {"http:", "https:", "//fonts", "src=", "@import", "url(", "<link"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Report, ShowsTheFigures) {
  Report report = some_report();
  std::string page = render_report(report);
  EXPECT_THAT(page, HasSubstr("Not evaluated."));
  EXPECT_THAT(page, Not(HasSubstr("aurea verify")));
  EXPECT_THAT(page, HasSubstr("layer 2"));
  EXPECT_THAT(page, HasSubstr("17.32 %"));  // root of 0.03, of layer 2's down projection in the table ...
  EXPECT_THAT(page, HasSubstr("7.07 %"));   // ... and root of 0.03 / 6 of the layer, its norm included
  EXPECT_THAT(page, HasSubstr("10.00 %"));  // weighted
  EXPECT_THAT(page, HasSubstr("<th class=\"n\">Weighted</th>"));
  report.weighted = false;
  report.certificate = some_certificate();
  page = render_report(report);
  EXPECT_THAT(page, Not(HasSubstr("Weighted")));
  for (const char* figure : {"0.0123", "12.5", "95.4 %", "777 tokens"}) EXPECT_THAT(page, HasSubstr(figure));
  for (const char digit : {'a', 'b', 'c', 'd'}) EXPECT_THAT(page, HasSubstr(std::string(64, digit)));
  EXPECT_THAT(page,
              HasSubstr("aurea quantize folder -o made.gguf --type Q4_K_M --certify --text text.txt --context 512"));
}

TEST(Report, AModelWithoutErrorsIsSaid) {
  Report report = some_report();
  for (ReportTensor& tensor : report.tensors) tensor.errors = {.signal = 1, .weighted_signal = 1};
  EXPECT_THAT(render_report(report), HasSubstr("every stored value is the source"));
}

/// Middles of the circles of the first drawing.
std::vector<std::pair<double, double>> circles(const std::string& svg) {
  const std::string first = svg.substr(0, svg.find("</svg>"));
  static const std::regex kCircle(R"re(<circle class="\w+" cx="([-\d.]+)" cy="([-\d.]+)")re");
  std::vector<std::pair<double, double>> places;
  for (auto it = std::sregex_iterator(first.begin(), first.end(), kCircle); it != std::sregex_iterator(); ++it) {
    places.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
  }
  return places;
}

TEST(QualityPlot, MarksLieInOrderAndInside) {
  for (const std::vector<ReportPoint>& others : {std::vector<ReportPoint>{},
                                                 {{"b", 5, 0.004, 0}},
                                                 {{"b", 8.5, 0.0001, 0}, {"c", 2.1, 1.5, 0.1}},
                                                 {{"same", 4.8, 0.01, 0.001}},
                                                 {{"none", 16, 0, 0}, {"noise", 16, 1e-13, 0}}}) {
    const std::string svg = quality_plot({"ours", 4.8, 0.01, 0.001}, others);
    EXPECT_FALSE(std::regex_search(svg, std::regex("[\">-](nan|inf)|>-0<")));
    const auto places = circles(svg);
    ASSERT_EQ(places.size(), others.size() + 1);
    for (const auto& [x, y] : places) {
      EXPECT_GT(x, 80);
      EXPECT_LT(x, 740);
      EXPECT_GT(y, 20);
      EXPECT_LT(y, 310);
    }
  }
  const auto places = circles(quality_plot({"ours", 4.8, 0.01, 0}, {{"worse", 3, 0.1, 0}, {"better", 8, 0.001, 0}}));
  ASSERT_EQ(places.size(), 3u);  // by bits, ours last
  EXPECT_LT(places[0].first, places[2].first);
  EXPECT_LT(places[2].first, places[1].first);
  EXPECT_LT(places[0].second, places[2].second);                                               // y grows downwards
  EXPECT_NEAR(places[1].second - places[2].second, places[2].second - places[0].second, 0.3);  // a logarithmic scale
}

TEST(Html, EscapesAndRepairs) {
  EXPECT_EQ(escape_html("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(escape_html("\xFFx"), "\xEF\xBF\xBDx");
  EXPECT_EQ(HtmlFrame("<{{a}}|{{b}}>").put("a", "{{b}}").put("b", "2").finish(), "<{{b}}|2>");
  EXPECT_THROW(HtmlFrame("{{a}}").put("b", "1"), Error);
  EXPECT_THROW(HtmlFrame("{{a}}").finish(), Error);
}

}  // namespace
}  // namespace aurea::exporters
