// Certificates survive the way through metadata, take the same room whatever their values, and the hashes are what
// other tools compute.
#include "quantization/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/hash.h"
#include "formats/gguf/gguf_split.h"
#include "formats/gguf/gguf_writer.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

using formats::GgufMetadata;
using formats::GgufValue;

Certificate some_certificate(double figure) {
  Certificate certificate{.version = "1.2.3",
                          .recipe = "--type Q4_K_M",
                          .source_sha256 = std::string(64, 'a'),
                          .importance_sha256 = "",
                          .text_sha256 = std::string(64, '1'),
                          .tensors_sha256 = std::string(64, 'f'),
                          .kernels = "avx2",
                          .evaluation = {}};
  certificate.evaluation = {.tokens = static_cast<uint64_t>(figure),
                            .context = 512,
                            .perplexity = figure,
                            .perplexity_stderr = figure / 10,
                            .comparison = Comparison{}};
  certificate.evaluation.comparison->kl.mean = figure / 1000;
  certificate.evaluation.comparison->top1_agreement = 0.25;
  return certificate;
}

TEST(Certificate, SurvivesTheMetadataInTheSameRoom) {
  GgufMetadata metadata;
  EXPECT_FALSE(Certificate::read(metadata).has_value());
  some_certificate(0).store(metadata);
  const size_t bytes = formats::encode_gguf_header(metadata, {}).size();
  some_certificate(12345.678).store(metadata);
  EXPECT_EQ(formats::encode_gguf_header(metadata, {}).size(), bytes);
  const auto read = Certificate::read(metadata);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->recipe, "--type Q4_K_M");
  EXPECT_EQ(read->importance_sha256, "");
  EXPECT_EQ(read->evaluation.tokens, 12345u);
  EXPECT_EQ(read->evaluation.perplexity, 12345.678);
  EXPECT_EQ(read->evaluation.comparison->kl.mean, 12345.678 / 1000);
  EXPECT_EQ(read->evaluation.comparison->top1_agreement, 0.25);
  for (const auto& entry : metadata.entries()) EXPECT_TRUE(is_certificate_key(entry.key)) << entry.key;
  EXPECT_FALSE(is_certificate_key("aurea.tokenizer.eog_ids"));
  EXPECT_FALSE(is_certificate_key("general.name"));
}

TEST(Certificate, ACutOneIsRefusedByName) {
  GgufMetadata metadata;
  some_certificate(1).store(metadata);
  const GgufMetadata whole = metadata;
  for (const auto& entry : whole.entries()) {
    if (entry.key == "aurea.version") continue;
    GgufMetadata cut = metadata;
    cut.erase(entry.key);
    try {
      (void)Certificate::read(cut);
      FAIL() << entry.key;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
      EXPECT_THAT(error.what(), testing::HasSubstr(entry.key));
    }
  }
  metadata.set("aurea.source.sha256", GgufValue::string("ABC"));
  EXPECT_THROW((void)Certificate::read(metadata), Error);
  metadata.set("aurea.source.sha256", GgufValue::u32(1));
  EXPECT_THROW((void)Certificate::read(metadata), Error);
}

TEST(Certificate, HashOfFilesIsThatOfTheirHashes) {
  const test::ScratchDir scratch;
  std::filesystem::create_directory(scratch / "other");
  test::write_file(scratch / "other" / "a", "abc");
  test::write_file(scratch / "b", "");
  const std::string abc = sha256_hex("abc"), empty = sha256_hex("");
  EXPECT_EQ(sha256_of_files({scratch / "other" / "a"}, nullptr), abc);
  EXPECT_EQ(sha256_of_files({scratch / "b", scratch / "other" / "a"}, nullptr), sha256_hex(abc + "\n" + empty + "\n"));
  EXPECT_EQ(sha256_of_files({scratch / "other" / "a", scratch / "b"}, nullptr), sha256_hex(abc + "\n" + empty + "\n"));
}

std::string tensors_hash_of(const std::filesystem::path& path) {
  ThreadPool pool(2);
  return tensors_sha256(formats::GgufFile::open(path), pool, nullptr);
}

TEST(Certificate, TensorsAreHashedWhateverTheirOrderAndFiles) {
  const test::ScratchDir scratch;
  const auto write = [&](const std::string& name, std::vector<formats::GgufTensorSpec> tensors,
                         std::vector<size_t> parts, char first = 'a') {
    GgufMetadata metadata;
    metadata.set("general.name", GgufValue::string(name));
    formats::GgufWriter writer({.path = scratch / name, .part_tensors = std::move(parts)}, metadata, tensors);
    for (const auto& tensor : tensors) {
      const std::string data(writer.remaining(), tensor.name == "a" ? first : tensor.name[0]);
      writer.write(std::as_bytes(std::span(data)));
    }
    writer.commit();
    return tensors_hash_of(writer.path());
  };
  const formats::GgufTensorSpec a{"a", QuantType::kF32, {3, 2}}, b{"b", QuantType::kQ8_0, {64}};
  const std::string lines =
      sha256_hex(std::string(24, 'a')) + " F32 2x3 a\n" + sha256_hex(std::string(68, 'b')) + " Q8_0 64 b\n";
  EXPECT_EQ(write("x.gguf", {a, b}, {}), sha256_hex(lines));
  EXPECT_EQ(write("y.gguf", {b, a}, {}), sha256_hex(lines));
  EXPECT_EQ(write("z.gguf", {b, a}, {1, 1}), sha256_hex(lines));
  EXPECT_NE(write("data.gguf", {a, b}, {}, 'b'), sha256_hex(lines));
  EXPECT_NE(write("shape.gguf", {{"a", QuantType::kF32, {2, 3}}, b}, {}), sha256_hex(lines));
  EXPECT_NE(write("name.gguf", {{"c", QuantType::kF32, {3, 2}}, b}, {}), sha256_hex(lines));
}

TEST(Certificate, ImportanceIsHashedByWhatItSays) {
  const auto entry = [](float value) { return ImportanceEntry{.n_mat = 1, .sums = {value, 2}, .counts = {3}}; };
  Importance one, other;
  one.add("a.weight", entry(1));
  one.add("b.weight", entry(5));
  other.source = "somewhere else";
  other.chunk_count = 7;
  other.add("b.weight", entry(5));
  other.add("a.weight", entry(1));
  EXPECT_EQ(importance_sha256(one), importance_sha256(other));
  const auto bytes = [](std::vector<float> values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  EXPECT_EQ(importance_sha256(one),
            sha256_hex("a.weight 1 2\n" + bytes({1, 2, 3}) + "b.weight 1 2\n" + bytes({5, 2, 3})));
  other.add("a.weight", entry(0));  // the counts grow
  EXPECT_NE(importance_sha256(one), importance_sha256(other));
}

}  // namespace
}  // namespace aurea::quantization
