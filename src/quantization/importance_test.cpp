#include "quantization/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/gguf/gguf_test_bytes.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

using formats::GgufBytes;
using formats::GgufType;
using testing::ElementsAre;
using testing::HasSubstr;

Importance parse(std::string_view bytes, const std::string& source = "file") {
  const formats::ExactBytes exact(bytes);
  return Importance::parse(exact, source);
}

std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    return error.what();
  }
  return "no error";
}

std::string error_of(std::string_view bytes) {
  return error_of([&] { parse(bytes); });
}

GgufBytes header(uint64_t n_tensors, uint64_t more_keys = 0) {
  GgufBytes bytes(n_tensors, 4 + more_keys);
  bytes.key("general.type", GgufType::kString).text("imatrix");
  bytes.array_key("imatrix.datasets", GgufType::kString, 1).text("text.txt");
  bytes.u32_key("imatrix.chunk_count", 3).u32_key("imatrix.chunk_size", 16);
  return bytes;
}

/// A file of two entries, byte for byte as the layout has it: sorted by name, pairs side by side, trailing dimensions
/// of 1 dropped, 32 bytes per tensor's data here, the last one's padding included.
std::string golden_bytes() {
  GgufBytes bytes = header(4);
  bytes.tensor("blk.0.attn_qkv.weight.in_sum2", {3}, 0, 0).tensor("blk.0.attn_qkv.weight.counts", {1}, 0, 32);
  bytes.tensor("blk.0.ffn_up_exps.weight.in_sum2", {2, 2}, 0, 64)
      .tensor("blk.0.ffn_up_exps.weight.counts", {1, 2}, 0, 96)
      .pad();
  bytes.put(6.0f).put(12.0f).put(24.0f).pad();
  bytes.put(48.0f).pad();
  bytes.put(1.0f).put(2.0f).put(0.0f).put(0.0f).pad();
  bytes.put(4.0f).put(0.0f).pad();
  return bytes.str();
}

Importance golden() {
  Importance importance;
  importance.datasets = {"text.txt"};
  importance.chunk_count = 3;
  importance.chunk_size = 16;
  importance.add("blk.0.ffn_up_exps.weight", {.n_mat = 2, .sums = {1, 2, 0, 0}, .counts = {4, 0}});
  importance.add("blk.0.attn_qkv.weight", {.n_mat = 1, .sums = {6, 12, 24}, .counts = {48}});
  return importance;
}

TEST(Importance, WritesTheLayoutByteForByte) {
  const test::ScratchDir scratch;
  golden().write(scratch / "imatrix.gguf", false);
  EXPECT_EQ(test::read_file(scratch / "imatrix.gguf"), golden_bytes());
}

TEST(Importance, ReadsWhatItWrites) {
  const Importance read = parse(golden_bytes(), "there");
  EXPECT_EQ(read.source, "there");
  EXPECT_THAT(read.datasets, ElementsAre("text.txt"));
  EXPECT_EQ(read.chunk_count, 3u);
  EXPECT_EQ(read.chunk_size, 16u);
  EXPECT_FALSE(read.unfinished);
  ASSERT_EQ(read.entries().size(), 2u);
  const ImportanceEntry& experts = read.entries().at("blk.0.ffn_up_exps.weight");
  EXPECT_EQ(experts.n_mat, 2u);
  EXPECT_THAT(experts.sums, ElementsAre(1, 2, 0, 0));
  EXPECT_THAT(experts.counts, ElementsAre(4, 0));
}

TEST(Importance, KeepsTheMarkOfAnUnfinishedCollection) {
  const test::ScratchDir scratch;
  Importance importance = golden();
  importance.unfinished = 0xFFFF'FFFF'0000'0001;
  importance.write(scratch / "a", false);
  EXPECT_EQ(Importance::read(scratch / "a").unfinished, importance.unfinished);
}

TEST(Importance, OneCountHoldsForAllExpertsAndCountsAreRounded) {
  GgufBytes bytes = header(2);
  bytes.tensor("w.weight.counts", {1}, 0, 0).tensor("w.weight.in_sum2", {2, 3}, 0, 32).pad();
  bytes.put(6.9999f).pad();
  for (int i = 1; i <= 6; ++i) bytes.put(static_cast<float>(i));
  bytes.pad();
  const Importance read = parse(bytes.str());
  EXPECT_THAT(read.entries().at("w.weight").counts, ElementsAre(7, 7, 7));
}

std::string legacy(int32_t n_calls, std::initializer_list<float> values, bool trailer = true) {
  std::string text;
  const auto put = [&](auto value) { text.append(reinterpret_cast<const char*>(&value), sizeof(value)); };
  put(int32_t{1});
  put(int32_t{17});
  text += "blk.0.ffn.weight!";
  put(n_calls);
  put(static_cast<int32_t>(values.size()));
  for (const float value : values) put(value);
  if (!trailer) return text;
  put(int32_t{12});
  put(int32_t{4});
  return text + "wiki";
}

TEST(Importance, ReadsTheOlderLayout) {
  const Importance read = parse(legacy(4, {8, 2, 4, 12}));
  EXPECT_EQ(read.chunk_count, 12u);
  EXPECT_THAT(read.datasets, ElementsAre("wiki"));
  EXPECT_THAT(read.column_importance("blk.0.ffn.weight!", 0, 1, 4), ElementsAre(2, 0.5, 1, 3));
  // The same numbers as two experts: the layout does not say how many there are.
  EXPECT_THAT(read.column_importance("blk.0.ffn.weight!", 1, 2, 2), ElementsAre(1, 3));
  EXPECT_THAT(parse(legacy(0, {8, 2}, false)).column_importance("blk.0.ffn.weight!", 0, 1, 2), ElementsAre(8, 2));
}

TEST(Importance, RefusesDamagedOlderFiles) {
  const std::string good = legacy(4, {8, 2});
  for (size_t size = 0; size < good.size(); ++size) {
    if (size == good.size() - 12) continue;  // without the trailer
    EXPECT_THAT(error_of(good.substr(0, size)), HasSubstr("file: ")) << size;
  }
  EXPECT_THAT(error_of(good + "x"), HasSubstr("1 bytes behind the end"));
  const auto with = [&](size_t offset, int32_t value) {
    std::string bytes = good;
    bytes.replace(offset, 4, reinterpret_cast<const char*>(&value), 4);
    return error_of(bytes);
  };
  EXPECT_THAT(with(0, 0), HasSubstr("number of entries: expected at least 1, found 0"));
  EXPECT_THAT(with(0, -1), HasSubstr("found -1"));
  EXPECT_THAT(with(0, 2), HasSubstr("truncated: name"));  // the trailer is no entry
  EXPECT_THAT(with(4, -5), HasSubstr("length of a name: expected at least 1, found -5"));
  EXPECT_THAT(with(4, INT32_MAX), HasSubstr("truncated: name needs 2147483647 bytes"));
  EXPECT_THAT(with(25, -1), HasSubstr("number of calls: expected at least 0, found -1"));
  EXPECT_THAT(with(29, INT32_MIN), HasSubstr("number of values: expected at least 1"));
  EXPECT_THAT(with(29, INT32_MAX), HasSubstr("truncated: values needs 8589934588 bytes"));
  EXPECT_THAT(with(33, std::bit_cast<int32_t>(-1.0f)),
              HasSubstr("'blk.0.ffn.weight!': sum 0 is -512; expected a finite number from 0"));
  EXPECT_THAT(with(33, std::bit_cast<int32_t>(std::numeric_limits<float>::quiet_NaN())),
              HasSubstr("expected a finite number"));
  EXPECT_THAT(with(41, -1), HasSubstr("number of the last chunk"));
}

TEST(Importance, RefusesDamagedFiles) {
  EXPECT_THAT(error_of(""), HasSubstr("file: neither a GGUF file nor an importance matrix"));
  GgufBytes model(0, 1);
  model.key("general.type", GgufType::kString).text("model");
  EXPECT_THAT(error_of(model.str()), HasSubstr("of type 'model'; expected an importance matrix"));
  GgufBytes empty(0, 1);
  empty.key("general.type", GgufType::kString).text("imatrix");
  EXPECT_THAT(error_of(empty.str()), HasSubstr("key 'imatrix.datasets' is missing"));
  EXPECT_THAT(error_of(header(1).tensor("a.weight.in_sum2", {2}, 0, 0).pad().data(32).str()),
              HasSubstr("partner 'a.weight.counts' is missing"));
  EXPECT_THAT(error_of(header(1).tensor("a.weight.counts", {1}, 0, 0).pad().data(32).str()),
              HasSubstr("partner 'a.weight.in_sum2' is missing"));
  EXPECT_THAT(error_of(header(1).tensor("a.weight", {2}, 0, 0).pad().data(32).str()),
              HasSubstr("expected names that end in '.in_sum2' or '.counts'"));
  const auto pair = [&](std::initializer_list<uint64_t> counts, uint32_t type) {
    return header(2).tensor("a.in_sum2", {2, 4}, 0, 0).tensor("a.counts", counts, type, 32).pad().data(64, '\0').str();
  };
  EXPECT_THAT(error_of(pair({1, 3}, 0)), HasSubstr("'a.counts': expected a count for each of 4 matrices, found 3"));
  EXPECT_THAT(error_of(pair({1, 4}, 1)), HasSubstr("'a.counts': expected F32, found F16"));
  EXPECT_EQ(error_of(pair({1, 4}, 0)), "no error");
}

TEST(Importance, RefusesNegativeAndInfiniteSums) {
  for (const float bad : {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const auto text = header(2)
                          .tensor("a.in_sum2", {2}, 0, 0)
                          .tensor("a.counts", {1}, 0, 32)
                          .pad()
                          .put(1.0f)
                          .put(bad)
                          .pad()
                          .put(1.0f)
                          .pad()
                          .str();
    EXPECT_THAT(error_of(text), HasSubstr("file: 'a': sum 1 is "));
    const auto count = header(2)
                           .tensor("a.in_sum2", {2}, 0, 0)
                           .tensor("a.counts", {1}, 0, 32)
                           .pad()
                           .data(32, '\0')
                           .put(bad)
                           .pad()
                           .str();
    EXPECT_THAT(error_of(count), HasSubstr("file: 'a': count 0 is "));
  }
}

TEST(Importance, MergingAddsSumsCountsAndChunks) {
  Importance a = golden(), b = golden();
  b.datasets = {"text.txt", "more.txt"};
  b.add("new", {.n_mat = 1, .sums = {5}, .counts = {1}});
  a.merge(b);
  EXPECT_THAT(a.datasets, ElementsAre("text.txt", "more.txt"));
  EXPECT_EQ(a.chunk_count, 6u);
  EXPECT_THAT(a.entries().at("blk.0.attn_qkv.weight").sums, ElementsAre(12, 24, 48));
  EXPECT_THAT(a.entries().at("blk.0.attn_qkv.weight").counts, ElementsAre(96));
  EXPECT_THAT(a.entries().at("blk.0.ffn_up_exps.weight").counts, ElementsAre(8, 0));
  EXPECT_TRUE(a.has("new"));
}

TEST(Importance, MergingGivesASingleCountToAllExperts) {
  for (const bool single_first : {true, false}) {
    Importance single, split;
    single.add("w", {.n_mat = 1, .sums = {1, 2, 3, 4}, .counts = {10}});
    split.add("w", {.n_mat = 2, .sums = {5, 6, 7, 8}, .counts = {1, 2}});
    Importance& a = single_first ? single : split;
    a.merge(single_first ? split : single);
    EXPECT_EQ(a.entries().at("w").n_mat, 2u);
    EXPECT_THAT(a.entries().at("w").sums, ElementsAre(6, 8, 10, 12));
    EXPECT_THAT(a.entries().at("w").counts, ElementsAre(11, 12));
  }
}

TEST(Importance, MergingRefusesOtherShapes) {
  Importance a = golden(), b;
  a.source = "a.gguf";
  b.source = "b.gguf";
  b.add("blk.0.attn_qkv.weight", {.n_mat = 1, .sums = {1, 2}, .counts = {3}});
  EXPECT_EQ(
      error_of([&] { a.merge(b); }),
      "a.gguf and b.gguf cannot be merged: 'blk.0.attn_qkv.weight': expected 1 x 3 values as before, found 1 x 2");
  Importance full, more;
  full.chunk_count = UINT32_MAX;
  more.chunk_count = 1;
  EXPECT_THAT(error_of([&] { full.merge(more); }), HasSubstr("imatrix.chunk_count: at most 4294967295"));
}

TEST(Importance, ColumnsAreMeansAndNoneIsLost) {
  const Importance importance = golden();
  EXPECT_THAT(importance.column_importance("blk.0.attn_qkv.weight", 0, 1, 3), ElementsAre(0.125, 0.25, 0.5));
  EXPECT_THAT(importance.column_importance("blk.0.ffn_up_exps.weight", 0, 2, 2), ElementsAre(0.25, 0.5));
  EXPECT_THAT(importance.column_importance("blk.0.ffn_up_exps.weight", 1, 2, 2), ElementsAre(1, 1))
      << "an expert that nothing reached";
  Importance dead;
  dead.add("w", {.n_mat = 1, .sums = {0, 2, 0, 2}, .counts = {1}});
  dead.add("v", {.n_mat = 1, .sums = {0, 0}, .counts = {9}});
  EXPECT_THAT(dead.column_importance("w", 0, 1, 4), ElementsAre(1e-6f, 2, 1e-6f, 2));
  EXPECT_THAT(dead.column_importance("v", 0, 1, 2), ElementsAre(1, 1));
}

TEST(Importance, RefusesAnotherModelsShape) {
  const Importance importance = parse(golden_bytes(), "im.gguf");
  const auto ask = [&](std::string_view name, uint64_t n_parts, uint64_t n_in) {
    return error_of([&] { (void)importance.column_importance(name, 0, n_parts, n_in); });
  };
  EXPECT_EQ(ask("blk.0.attn_qkv.weight", 1, 4),
            "im.gguf: 'blk.0.attn_qkv.weight': expected 1 x 4 values as the model has, found 1 x 3; "
            "this importance matrix belongs to another model");
  EXPECT_THAT(ask("blk.0.ffn_up_exps.weight", 4, 1), HasSubstr("expected 4 x 1"));
  EXPECT_THAT(ask("blk.0.ffn_up_exps.weight", UINT64_MAX, 2), HasSubstr("does not fit"));
}

}  // namespace
}  // namespace aurea::quantization
