// Figures of other programs: both forms, and files that are none.
#include <gtest/gtest.h>

#include "cli/bench/peers.h"
#include "core/error.h"
#include "tests/support/test_support.h"

namespace aurea::cli::bench {
namespace {

constexpr Workload kPrefill512{.kind = Kind::kPrefill, .prompt = 512};
constexpr Workload kDecode64{.kind = Kind::kDecode, .generate = 64, .batch = 1};

std::string refusal(const std::string& text) {
  try {
    (void)parse_peer_figures(parse_json(text, "peer"));
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    return error.what();
  }
}

/// An array as llama-bench prints it, with `extra` in each object.
Peer llama_bench(const std::string& text) {
  return {.name = "llama.cpp", .figures = parse_peer_figures(parse_json(text, "peer"))};
}

TEST(Peers, LlamaBenchIsMatchedByModelAndSizes) {
  const Peer peer = llama_bench(R"([
    {"model_filename": "/models/phi.gguf", "model_type": "phi3 3B Q4_K - Medium", "n_threads": 2, "n_prompt": 512, "n_gen": 0, "n_depth": 0,
     "avg_ts": 30.5, "samples_ts": [30, 32, 29.5]},
    {"model_filename": "C:\\models\\phi.gguf", "n_threads": 2, "n_prompt": 0, "n_gen": 64, "n_depth": 4096, "avg_ts": 5.5},
    {"model_filename": "phi.gguf", "n_threads": 2, "n_prompt": 512, "n_gen": 128, "avg_ts": 20.0}])");
  ASSERT_EQ(peer.figures.size(), 2u) << "reading and writing in one figure";
  const PeerFigure* figure = peer.find("phi.gguf", "Q4_K_M", kPrefill512, 2, false);
  ASSERT_NE(figure, nullptr);
  EXPECT_EQ(figure->rate.median, 30);
  EXPECT_EQ(figure->rate.min, 29.5);
  EXPECT_EQ(figure->rate.max, 32);
  Workload deep = kDecode64;
  deep.depth = 4096;
  ASSERT_NE(peer.find("phi.gguf", "Q4_K_M", deep, 2, false), nullptr);
  EXPECT_EQ(peer.find("phi.gguf", "Q4_K_M", deep, 2, false)->rate.median, 5.5);
  EXPECT_EQ(peer.find("phi.gguf", "Q4_K_M", kDecode64, 2, false), nullptr) << "another depth";
  EXPECT_EQ(peer.find("phi-4.gguf", "Q4_K_M", kPrefill512, 2, true), nullptr) << "another model";
}

TEST(Peers, IkLlamaBenchWritesBehindAPrompt) {
  const Peer peer = llama_bench(R"([
    {"model_filename": "phi.gguf", "n_prompt": 4096, "n_gen": 64, "avg_ts": 5.0, "test": "tg64@pp4096"},
    {"model_filename": "phi.gguf", "n_prompt": 512, "n_gen": 64, "avg_ts": 9.0, "test": "pp512+tg64"}])");
  ASSERT_EQ(peer.figures.size(), 1u);
  EXPECT_EQ(peer.figures[0].work, (Workload{.kind = Kind::kDecode, .generate = 64, .batch = 1, .depth = 4096}));
}

TEST(Peers, AsManyThreadsFirstThenTheFastest) {
  const Peer peer = llama_bench(R"([
    {"model_filename": "phi.gguf", "n_threads": 1, "n_gen": 64, "avg_ts": 3},
    {"model_filename": "phi.gguf", "n_threads": 2, "n_gen": 64, "avg_ts": 5},
    {"model_filename": "phi.gguf", "n_threads": 4, "n_gen": 64, "avg_ts": 7}])");
  EXPECT_EQ(peer.find("phi.gguf", "", kDecode64, 2, false)->rate.median, 5);
  EXPECT_EQ(peer.find("phi.gguf", "", kDecode64, 8, false)->rate.median, 7);
}

TEST(Peers, OurOwnResults) {
  const Peer peer = llama_bench(R"({"threads": 2, "results": [
    {"model": "phi.gguf", "type": "Q4_K_M", "kind": "decode", "generate": 64, "batch": 8, "depth": 16,
     "tokens_per_second": {"median": 40, "min": 39, "max": 41}},
    {"model": "phi.gguf", "type": "Q4_K_M", "kind": "decode", "generate": 64, "batch": 8, "depth": 99, "left_out": "too large"},
    {"model": "phi.gguf", "type": "Q4_K_M", "kind": "of a later version"}]})");
  ASSERT_EQ(peer.figures.size(), 1u);
  const Workload work{.kind = Kind::kDecode, .generate = 64, .batch = 8, .depth = 16};
  EXPECT_NE(peer.find("phi.gguf", "Q4_K_M", work, 2, false), nullptr);
  EXPECT_EQ(peer.find("phi.gguf", "Q8_0", work, 2, false), nullptr) << "another type";
}

TEST(Peers, AnOlderAureaNamesNoModel) {
  const Peer peer = llama_bench(R"({"prefill_tokens_per_second": {"median": 100, "min": 99, "max": 101, "tokens": 512},
    "decode_tokens_per_second": {"median": 0, "min": 0, "max": 0, "tokens": 0, "batch": 1, "depth": 0}, "threads": 2})");
  ASSERT_EQ(peer.figures.size(), 1u) << "decode was not measured";
  EXPECT_NE(peer.find("phi.gguf", "Q4_K_M", kPrefill512, 2, true), nullptr);
  EXPECT_EQ(peer.find("phi.gguf", "Q4_K_M", kPrefill512, 2, false), nullptr) << "which of the models?";
}

TEST(Peers, WhatIsWrongIsNamed) {
  const char* nothing = "no figures in it; expected what 'llama-bench -o json' or 'aurea bench --json' print";
  EXPECT_EQ(refusal("[]"), nothing);
  EXPECT_EQ(refusal("{}"), nothing);
  EXPECT_EQ(refusal("3"), nothing);
  EXPECT_EQ(refusal("[3]"), "entry 1: expected an object, found number");
  EXPECT_EQ(refusal(R"([{"n_gen": -1}])"), "entry 1: n_gen: expected a whole number up to 2147483647, found -1");
  EXPECT_EQ(refusal(R"([{"n_gen": 1e9}])").substr(0, 19), "entry 1: key 'n_gen");
  EXPECT_EQ(refusal(R"([{"n_gen": 0}])"), "entry 1: expected n_prompt or n_gen above 0");
  EXPECT_EQ(refusal(R"([{"n_gen": 4}])").substr(0, 20), "entry 1: key 'avg_ts");
  EXPECT_EQ(refusal(R"([{"n_gen": 4, "avg_ts": 0}])"), "entry 1: avg_ts: expected tokens per second above 0, found 0");
  EXPECT_EQ(refusal(R"([{"n_gen": 4, "samples_ts": [1, -1]}])"),
            "entry 1: samples_ts: expected tokens per second above 0, found -1");
  EXPECT_EQ(refusal(R"([{"n_gen": 4, "samples_ts": [1, "x"]}])"),
            "entry 1: samples_ts: expected numbers, found string");
  EXPECT_EQ(refusal(R"({"results": 3})"), "results: expected an array, found number");
  EXPECT_EQ(refusal(R"({"results": [{"kind": "decode", "model": "m", "type": "t", "tokens_per_second": 3}]})"),
            "entry 1: tokens_per_second: expected an object, found number");
  EXPECT_EQ(refusal(R"({"prefill_tokens_per_second": {"median": 2, "min": 3, "max": 4, "tokens": 1}})"),
            "prefill_tokens_per_second: expected min <= median <= max, found 3, 2, 4");
}

TEST(Peers, TheFileNamesThePeer) {
  const test::ScratchDir scratch;
  test::write_file(scratch / "llama.cpp-b1.json", R"([{"n_gen": 4, "avg_ts": 2}])");
  EXPECT_EQ(read_peer(scratch / "llama.cpp-b1.json").name, "llama.cpp-b1");
}

TEST(Peers, FileNames) {
  EXPECT_EQ(file_name("phi.gguf"), "phi.gguf");
  EXPECT_EQ(file_name("a/b/phi.gguf"), "phi.gguf");
  EXPECT_EQ(file_name("a/folder//"), "folder");
  EXPECT_EQ(file_name("a\\phi.gguf"), "phi.gguf");
  EXPECT_EQ(file_name("/"), "/");
  EXPECT_EQ(file_name(""), "");
}

}  // namespace
}  // namespace aurea::cli::bench
