// The three forms of a result.
#include <gtest/gtest.h>

#include "cli/bench/report.h"

namespace aurea::cli::bench {
namespace {

/// One model, two tests and one that was left out; limits of 10 GB/s and 100 Gop/s.
Report report() {
  Report report;
  report.models = {{.label = "phi|3.gguf", .type = "Q4_K_M", .bytes = 2'000'000'000, .load_seconds = 0.25}};
  report.rows = {{.work = {.kind = Kind::kPrefill, .prompt = 512},
                  .floor = {.bytes = 1e9, .operations = 200e9},
                  .rates = {130, 128, 126}},
                 {.work = {.kind = Kind::kDecode, .generate = 10, .batch = 8},
                  .floor = {.bytes = 20e9, .operations = 1e9},
                  .rates = {20}},
                 {.work = {.kind = Kind::kDecode, .generate = 10, .batch = 8, .depth = 9}, .left_out = "no room"}};
  report.limits = {.memory_read_gb_per_s = 10, .int8_gops = 100};
  report.peers = {{.name = "llama.cpp",
                   .figures = {{.model = "phi|3.gguf",
                                .work = {.kind = Kind::kPrefill, .prompt = 512},
                                .rate = {64, 64, 64},
                                .threads = 4}}}};
  report.peak_rss_bytes = 3'000'000'000;
  report.threads = 2;
  report.kernel_set = "scalar";
  report.cpu = "a CPU";
  return report;
}

TEST(Report, Text) {
  EXPECT_EQ(report().to_text(),
            "phi|3.gguf: Q4_K_M, 2.00 GB, loaded in 0.25 s\n"
            "tokens/s       median    min    max    of the limit  llama.cpp  ratio\n"
            "prefill 512     128.0  126.0  130.0  50% arithmetic       64.0   2.00\n"
            "decode 10 x 8    20.0   20.0   20.0      50% memory  no figure\n"
            "\n"
            "llama.cpp: measured with 4 threads\n"
            "left out: decode 10 x 8 at 9: no room\n"
            "2 threads, kernels scalar on a CPU, peak memory 3.00 GB\n"
            "limits in this run: 10.0 GB/s memory reads, 100 int8 Gop/s\n");
}

TEST(Report, Markdown) {
  EXPECT_TRUE(report().to_markdown().starts_with(
      "| model | size | type | test | tokens/s | of the limit | llama.cpp | ratio |\n"
      "|---|---:|---|---|---:|---:|---:|---:|\n"
      "| phi\\|3.gguf | 2.00 GB | Q4_K_M | prefill 512 | 128.0 (126.0–130.0) | 50% arithmetic | 64.0 | 2.00 |\n"
      "| phi\\|3.gguf | 2.00 GB |"))
      << report().to_markdown();
}

TEST(Report, JsonHasTheFirstOfEachKindAtTheTop) {
  const Json json = report().to_json();
  EXPECT_EQ(json.at("prefill_tokens_per_second"),
            Json({{"median", 128.0}, {"min", 126.0}, {"max", 130.0}, {"tokens", 512}}));
  EXPECT_EQ(json.at("decode_tokens_per_second"),
            Json({{"median", 20.0}, {"min", 20.0}, {"max", 20.0}, {"tokens", 10}, {"batch", 8}, {"depth", 0}}));
  EXPECT_DOUBLE_EQ(json.at("fraction_of_limit").at("prefill").get<double>(), 0.5);
  const Json& results = json.at("results");
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].at("samples"), Json({130.0, 128.0, 126.0}));
  EXPECT_EQ(results[0].at("floor").at("tokens_per_second"), 256.0);
  EXPECT_EQ(results[0].at("peers").at("llama.cpp").at("ratio"), 2.0);
  EXPECT_TRUE(results[1].at("peers").at("llama.cpp").is_null());
  EXPECT_EQ(results[2].at("left_out"), "no room");
  EXPECT_FALSE(results[2].contains("tokens_per_second"));
}

TEST(Report, ItsJsonIsAPeer) {
  const std::vector<PeerFigure> figures = parse_peer_figures(report().to_json());
  ASSERT_EQ(figures.size(), 2u);
  Report later = report();
  later.peers = {{.name = "before", .figures = figures}};
  ASSERT_NE(later.find(later.peers[0], later.rows[1]), nullptr);
  EXPECT_EQ(later.find(later.peers[0], later.rows[1])->rate.median, 20);
}

TEST(Report, AMixedTestSaysHowFastThePromptWasRead) {
  Report mixed = report();
  mixed.rows = {{.work = {.kind = Kind::kMixed, .prompt = 100, .chunk = 10, .generate = 10, .batch = 2},
                 .floor = {.bytes = 1e9, .operations = 1e9},
                 .rates = {5}}};
  EXPECT_EQ(mixed.to_json().at("results")[0].at("prompt_tokens_per_second").at("median"),
            25.0);  // 100 tokens while 20 were written
}

}  // namespace
}  // namespace aurea::cli::bench
