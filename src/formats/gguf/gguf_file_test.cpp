// Writer to reader and back, the writer's exact bytes, older and foreign layouts, split files, real vocabularies.
#include "formats/gguf/gguf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/gguf/gguf_test_bytes.h"
#include "formats/gguf/gguf_writer.h"
#include "tests/support/test_support.h"

namespace aurea::formats {
namespace {

template <typename List>
GgufValue array(GgufType element, List items) {
  return {GgufType::kArray, GgufArray{element, std::move(items)}};
}

/// Every value type and every element type, with the extreme values of each.
GgufMetadata all_types() {
  using Unsigned = std::vector<uint64_t>;
  using Signed = std::vector<int64_t>;
  GgufMetadata m;
  m.set("general.architecture", GgufValue::string("phi3"));
  m.set("u8", {GgufType::kUint8, uint64_t{UINT8_MAX}});
  m.set("i8", {GgufType::kInt8, int64_t{INT8_MIN}});
  m.set("u16", GgufValue::u16(UINT16_MAX));
  m.set("i16", {GgufType::kInt16, int64_t{INT16_MIN}});
  m.set("u32", GgufValue::u32(UINT32_MAX));
  m.set("i32", GgufValue::i32(INT32_MIN));
  m.set("u64", {GgufType::kUint64, UINT64_MAX});
  m.set("i64", {GgufType::kInt64, INT64_MIN});
  m.set("f32", GgufValue::f32(0.1f));
  m.set("f64", {GgufType::kFloat64, 0.1});
  m.set("infinite", GgufValue::f32(-std::numeric_limits<float>::infinity()));
  m.set("yes", GgufValue::boolean(true));
  m.set("no", GgufValue::boolean(false));
  m.set("text", GgufValue::string({"na\u00EFve\n\0 end", 12}));
  m.set("empty", GgufValue::string(""));
  m.set("a.u8", array(GgufType::kUint8, Unsigned{0, UINT8_MAX}));
  m.set("a.i8", array(GgufType::kInt8, Signed{INT8_MIN, INT8_MAX}));
  m.set("a.u16", array(GgufType::kUint16, Unsigned{0, UINT16_MAX}));
  m.set("a.i16", array(GgufType::kInt16, Signed{INT16_MIN, INT16_MAX}));
  m.set("a.u32", array(GgufType::kUint32, Unsigned{0, UINT32_MAX}));
  m.set("a.i32", GgufValue::i32s({INT32_MIN, INT32_MAX}));
  m.set("a.u64", array(GgufType::kUint64, Unsigned{0, UINT64_MAX}));
  m.set("a.i64", array(GgufType::kInt64, Signed{INT64_MIN, INT64_MAX}));
  m.set("a.f32", GgufValue::f32s({1.5f, std::numeric_limits<float>::denorm_min()}));
  m.set("a.f64", array(GgufType::kFloat64, std::vector<double>{1e300, -0.0}));
  m.set("a.bool", array(GgufType::kBool, std::vector<bool>{true, false, true}));
  m.set("a.text", GgufValue::strings({"", "\u0120the", "b"}));
  m.set("a.none", GgufValue::strings({}));
  return m;
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Writes each tensor as one byte value repeated: 'a' for the first, 'b' for the next.
void write_gguf(const std::filesystem::path& path, const GgufMetadata& metadata, std::vector<GgufTensorSpec> tensors) {
  GgufWriter writer(path, false, metadata, tensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(writer.current().name, tensors[i].name);
    writer.write(as_bytes(std::string(writer.remaining(), static_cast<char>('a' + i))));
  }
  writer.commit();
  EXPECT_EQ(std::filesystem::file_size(path), writer.total_bytes());
}

TEST(GgufRoundTrip, EveryValueTypeAndShape) {
  const test::ScratchDir scratch;
  const GgufMetadata metadata = all_types();
  write_gguf(scratch / "m.gguf", metadata,
             {{"token_embd.weight", QuantType::kQ4_K, {3, 512}},
              {"norm.weight", QuantType::kF32, {5}},
              {"scalar", QuantType::kF16, {}},
              {"experts", QuantType::kQ8_0, {2, 3, 64}},
              {"padded", QuantType::kBF16, {1, 1, 7}}});
  const auto file = GgufFile::open(scratch / "m.gguf");
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(file.metadata().entries(), metadata.entries());
  EXPECT_EQ(file.file_bytes(), std::filesystem::file_size(scratch / "m.gguf"));
  ASSERT_EQ(file.tensors().size(), 5u);
  const auto expect = [&](size_t i, std::string_view name, QuantType type, const Shape& shape, size_t bytes) {
    const GgufTensor& tensor = file.tensors()[i];
    EXPECT_EQ(tensor.name, name);
    EXPECT_EQ(tensor.view.type, type);
    EXPECT_EQ(tensor.view.shape, shape) << name;
    EXPECT_EQ(text_of(tensor.view.data), std::string(bytes, static_cast<char>('a' + i))) << name;
    EXPECT_EQ(file.find(name), &tensor);
  };
  expect(0, "token_embd.weight", QuantType::kQ4_K, {3, 512}, 3 * 2 * 144);
  expect(1, "norm.weight", QuantType::kF32, {5}, 20);
  expect(2, "scalar", QuantType::kF16, {1}, 2);
  expect(3, "experts", QuantType::kQ8_0, {2, 3, 64}, 2 * 3 * 2 * 34);
  expect(4, "padded", QuantType::kBF16, {7}, 14);
  EXPECT_EQ(file.find("absent"), nullptr);
}

TEST(GgufRoundTrip, MetadataAlone) {
  const test::ScratchDir scratch;
  write_gguf(scratch / "m.gguf", all_types(), {});
  const auto file = GgufFile::open(scratch / "m.gguf");
  EXPECT_EQ(file.metadata().entries(), all_types().entries());
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_TRUE(is_gguf(scratch / "m.gguf"));
  test::write_file(scratch / "short", "GGU");
  EXPECT_FALSE(is_gguf(scratch / "short"));
  EXPECT_FALSE(is_gguf(scratch / "absent"));
}

TEST(GgufWriter, WritesExactlyTheDocumentedBytes) {
  const test::ScratchDir scratch;
  GgufMetadata metadata;
  metadata.set("general.architecture", GgufValue::string("phi3"));
  metadata.set("general.alignment", GgufValue::u32(64));  // of a source file: the container's matter, left out
  metadata.set("n", GgufValue::u16(5));
  write_gguf(scratch / "m.gguf", metadata, {{"w", QuantType::kF32, {1, 2, 9}}, {"v", QuantType::kF16, {3}}});
  const std::string expected = GgufBytes(2, 2)
                                   .key("general.architecture", GgufType::kString)
                                   .text("phi3")
                                   .key("n", GgufType::kUint16)
                                   .put<uint16_t>(5)
                                   .tensor("w", {9, 2}, 0, 0)
                                   .tensor("v", {3}, 1, 96)
                                   .pad()
                                   .data(72, 'a')
                                   .pad()
                                   .data(6, 'b')
                                   .pad()
                                   .str();
  EXPECT_EQ(test::read_file(scratch / "m.gguf"), expected);
}

TEST(GgufWriter, SmallPiecesMakeTheSameFile) {
  const test::ScratchDir scratch;
  const std::vector<GgufTensorSpec> tensors = {{"a", QuantType::kF32, {1000, 700}}, {"b", QuantType::kF16, {4099}}};
  std::string data(1000 * 700 * 4 + 4099 * 2, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 2654435761u >> 24);
  const auto write = [&](const std::filesystem::path& path, size_t piece) {
    GgufWriter writer(path, false, {}, tensors);
    for (size_t at = 0; at < data.size();) {
      const size_t count = std::min({piece, static_cast<size_t>(writer.remaining()), data.size() - at});
      writer.write(as_bytes(data).subspan(at, count));
      at += count;
    }
    writer.commit();
  };
  write(scratch / "whole", data.size());
  for (const size_t piece : {size_t{7}, size_t{1} << 20, (size_t{1} << 20) + 1}) {
    const auto path = scratch / std::to_string(piece);
    write(path, piece);
    EXPECT_EQ(test::read_file(path), test::read_file(scratch / "whole")) << piece;
  }
  const auto file = GgufFile::open(scratch / "whole");
  EXPECT_EQ(text_of(file.tensors()[0].view.data) + text_of(file.tensors()[1].view.data), data);
}

TEST(GgufWriter, RefusesWhatNoReaderTakes) {
  const test::ScratchDir scratch;
  const auto refusal = [&](const GgufMetadata& metadata, std::vector<GgufTensorSpec> tensors) -> std::string {
    try {
      GgufWriter(scratch / "m.gguf", false, metadata, std::move(tensors));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
      return error.what();
    }
    return "accepted";
  };
  const auto refused_key = [&](std::string key, GgufValue value) {
    GgufMetadata metadata;
    metadata.set(std::move(key), std::move(value));
    return refusal(metadata, {});
  };
  using testing::HasSubstr;
  const auto f32 = QuantType::kF32;
  EXPECT_THAT(refusal({}, {{std::string(64, 'n'), f32, {1}}}), HasSubstr("too long"));
  EXPECT_THAT(refusal({}, {{"n\n", f32, {1}}}), HasSubstr("control character"));
  EXPECT_THAT(refusal({}, {{"n", f32, {1}}, {"n", f32, {1}}}), HasSubstr("tensor 'n': name given twice"));
  EXPECT_THAT(refusal({}, {{"n", f32, {4, 0}}}), HasSubstr("impossible dimension 0"));
  EXPECT_THAT(refusal({}, {{"n", f32, {2, 2, 2, 2, 2}}}), HasSubstr("5 dimensions"));
  EXPECT_THAT(refusal({}, {{"n", f32, {uint64_t{1} << 32, uint64_t{1} << 31}}}), HasSubstr("impossible dimension"));
  EXPECT_THAT(refusal({}, {{"n", QuantType::kQ4_K, {2, 128}}}), HasSubstr("rows of 128 elements"));
  EXPECT_THAT(refused_key("", GgufValue::u32(1)), HasSubstr("empty"));
  EXPECT_THAT(refused_key("\xFF", GgufValue::u32(1)), HasSubstr("invalid UTF-8"));
  EXPECT_THAT(refused_key("k", {GgufType::kUint8, uint64_t{256}}), HasSubstr("key 'k': 256 does not fit in u8"));
  EXPECT_THAT(refused_key("k", GgufValue::i32s({int64_t{1} << 31})), HasSubstr("does not fit in i32"));
  EXPECT_EQ(refusal({}, {{std::string(63, 'n'), f32, {1, 1, 1, 1, 1}}}), "accepted");
}

TEST(GgufReader, ReadsVersion2) {
  const std::string bytes = GgufBytes(1, 1, 2).u32_key("n", 9).tensor("t", {4, 2}, 1, 0).pad().data(16, 'x').str();
  const auto file = GgufFile::parse(as_bytes(bytes), "x");
  EXPECT_EQ(file.version(), 2u);
  EXPECT_EQ(file.metadata().required_uint("n"), 9u);
  EXPECT_EQ(file.tensors()[0].view.shape, (Shape{2, 4}));
  EXPECT_EQ(text_of(file.tensors()[0].view.data), std::string(16, 'x'));
}

TEST(GgufReader, TakesForeignLayouts) {
  // Offsets out of order and with gaps, another alignment, no final padding, an empty name, a scalar without
  // dimensions.
  const std::string bytes = GgufBytes(3, 1)
                                .u32_key("general.alignment", 8)
                                .tensor("late", {2}, 0, 24)
                                .tensor("", {}, 0, 8)
                                .tensor("early", {1, 1, 1, 1}, 1, 0)
                                .pad(8)
                                .data(2, 'e')
                                .pad(8)
                                .data(4, 's')
                                .data(12, '-')
                                .data(8, 'l')
                                .str();
  const auto file = GgufFile::parse(as_bytes(bytes), "x");
  EXPECT_EQ(text_of(file.find("late")->view.data), "llllllll");
  EXPECT_EQ(text_of(file.find("")->view.data), "ssss");
  EXPECT_EQ(file.find("")->view.shape, Shape{});
  EXPECT_EQ(text_of(file.find("early")->view.data), "ee");
  EXPECT_EQ(file.find("early")->view.shape, (Shape{1, 1, 1, 1}));
}

class GgufSplit : public testing::Test {
 protected:
  static GgufMetadata keys(uint16_t part, uint16_t n_parts, int32_t n_tensors) {
    GgufMetadata metadata;
    if (part == 0) metadata.set("general.architecture", GgufValue::string("phi3"));
    metadata.set("split.no", GgufValue::u16(part));
    metadata.set("split.count", GgufValue::u16(n_parts));
    metadata.set("split.tensors.count", GgufValue::i32(n_tensors));
    return metadata;
  }

  void write_part(uint16_t part, const GgufMetadata& metadata, std::vector<GgufTensorSpec> tensors) {
    write_gguf(path(part), metadata, std::move(tensors));
  }

  /// Part 0 has no tensor, as some splitters write it.
  void write_good_parts() {
    write_part(0, keys(0, 3, 3), {});
    write_part(1, keys(1, 3, 3), {{"a", QuantType::kF32, {2}}, {"b", QuantType::kF32, {2}}});
    write_part(2, keys(2, 3, 3), {{"c", QuantType::kF32, {2}}});
  }

  [[nodiscard]] std::filesystem::path path(int part) const {
    return scratch_ / ("m-0000" + std::to_string(part + 1) + "-of-00003.gguf");
  }

  [[nodiscard]] std::string refusal(int opened = 0) const {
    try {
      (void)GgufFile::open(path(opened));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
      return error.what();
    }
    return "accepted";
  }

  test::ScratchDir scratch_;
};

TEST_F(GgufSplit, OpensAllPartsByTheFirst) {
  write_good_parts();
  const auto file = GgufFile::open(path(0));
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(text_of(file.find("b")->view.data), "bbbbbbbb");
  EXPECT_EQ(text_of(file.find("c")->view.data), "aaaaaaaa");  // first of its part
  EXPECT_EQ(file.tensors()[2].name, "c");
  EXPECT_EQ(file.metadata().required_string("general.architecture"), "phi3");
  EXPECT_EQ(file.metadata().required_uint("split.count"), 3u);
  uint64_t bytes = 0;
  for (int part = 0; part < 3; ++part) bytes += std::filesystem::file_size(path(part));
  EXPECT_EQ(file.file_bytes(), bytes);
}

TEST_F(GgufSplit, RefusesPartsThatDoNotFit) {
  using testing::HasSubstr;
  write_good_parts();
  EXPECT_THAT(refusal(1), HasSubstr("part 2 of 3 of a split file; open the first part"));
  std::filesystem::rename(path(0), scratch_ / "other.gguf");
  try {
    (void)GgufFile::open(scratch_ / "other.gguf");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("must end in '-00001-of-00003.gguf'"));
  }
  std::filesystem::rename(scratch_ / "other.gguf", path(0));

  std::filesystem::rename(path(2), scratch_ / "away");
  EXPECT_THAT(refusal(), HasSubstr("m-00003-of-00003.gguf: cannot open"));
  std::filesystem::copy(path(1), path(2));
  EXPECT_THAT(refusal(), HasSubstr("tensor 'a' appears twice"));
  std::filesystem::remove(path(2));
  write_part(2, keys(1, 3, 3), {{"c", QuantType::kF32, {2}}});
  EXPECT_THAT(refusal(), HasSubstr("key 'split.no': expected 2, found 1"));
  std::filesystem::remove(path(2));
  write_part(2, keys(2, 4, 3), {{"c", QuantType::kF32, {2}}});
  EXPECT_THAT(refusal(), HasSubstr("key 'split.count': expected 3, found 4"));
  std::filesystem::remove(path(2));
  write_part(2, {}, {{"c", QuantType::kF32, {2}}});
  EXPECT_THAT(refusal(), HasSubstr("m-00003-of-00003.gguf: key 'split.no' is missing"));
  std::filesystem::remove(path(2));
  write_part(2, keys(2, 3, 3), {{"c", QuantType::kF32, {2}}, {"d", QuantType::kF32, {2}}});
  EXPECT_THAT(refusal(), HasSubstr("3 tensors announced, 4 found in 3 parts"));
}

TEST_F(GgufSplit, RefusesImpossibleCounts) {
  const auto refused_with = [&](GgufValue count) {
    GgufMetadata metadata = keys(0, 0, 0);
    metadata.set("split.count", std::move(count));
    write_part(0, metadata, {});
    const std::string message = refusal();
    std::filesystem::remove(path(0));
    return message;
  };
  EXPECT_THAT(refused_with({GgufType::kUint64, uint64_t{65536}}), testing::HasSubstr("at most 65535 parts"));
  EXPECT_THAT(refused_with(GgufValue::i32(-1)), testing::HasSubstr("at least 0, found -1"));
  EXPECT_THAT(refused_with(GgufValue::string("3")), testing::HasSubstr("expected an integer, found string"));
  EXPECT_EQ(refused_with(GgufValue::u16(0)), "accepted");  // a merged file says so
  EXPECT_EQ(refused_with(GgufValue::u16(1)), "accepted");
}

struct Vocabulary {
  std::string name, architecture, model;
  size_t n_tokens, n_merges;
  bool scores;
};

TEST(GgufGolden, RealVocabulariesOpen) {
  const auto folder = test::find_golden("tokenizers");
  if (!folder) GTEST_SKIP() << "no golden tokenizers";
  const Vocabulary expected[] = {{"phi-3", "phi3", "llama", 32064, 0, true},
                                 {"llama-spm", "llama", "llama", 32000, 0, true},
                                 {"gpt-2", "gpt2", "gpt2", 50257, 50000, false},
                                 {"llama-bpe", "llama", "gpt2", 128256, 280147, false}};
  for (const Vocabulary& vocabulary : expected) {
    SCOPED_TRACE(vocabulary.name);
    const auto path = *folder / ("ggml-vocab-" + vocabulary.name + ".gguf");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    const auto file = GgufFile::open(path);
    const GgufMetadata& metadata = file.metadata();
    EXPECT_TRUE(file.tensors().empty());
    EXPECT_EQ(file.version(), 3u);
    EXPECT_EQ(metadata.required_string("general.architecture"), vocabulary.architecture);
    EXPECT_EQ(metadata.required_string("tokenizer.ggml.model"), vocabulary.model);
    ASSERT_NE(metadata.optional_strings("tokenizer.ggml.tokens"), nullptr);
    EXPECT_EQ(metadata.optional_strings("tokenizer.ggml.tokens")->size(), vocabulary.n_tokens);
    EXPECT_EQ(metadata.optional_ints("tokenizer.ggml.token_type")->size(), vocabulary.n_tokens);
    const auto* merges = metadata.optional_strings("tokenizer.ggml.merges");
    EXPECT_EQ(merges == nullptr ? 0 : merges->size(), vocabulary.n_merges);
    const auto* scores = metadata.optional_floats("tokenizer.ggml.scores");
    EXPECT_EQ(scores == nullptr ? 0 : scores->size(), vocabulary.scores ? vocabulary.n_tokens : 0);
    // Written again, the bytes are the same: nothing was lost or changed.
    const test::ScratchDir scratch;
    write_gguf(scratch / "again", metadata, {});
    EXPECT_EQ(test::read_file(scratch / "again"), test::read_file(path));
  }
}

}  // namespace
}  // namespace aurea::formats
