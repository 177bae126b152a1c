// Split output: names, sizes, keys, and that a writer goes on with the parts of a run that was killed.
#include "formats/gguf/gguf_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/gguf/gguf_file.h"
#include "tests/support/test_support.h"

namespace aurea::formats {
namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

GgufMetadata some_metadata() {
  GgufMetadata metadata;
  metadata.set("general.architecture", GgufValue::string("phi3"));
  metadata.set("list", GgufValue::strings({"a", "b"}));
  return metadata;
}

const std::vector<GgufTensorSpec> kTensors = {{"a", QuantType::kF32, {100, 10}},
                                              {"b", QuantType::kF32, {7}},
                                              {"c", QuantType::kF16, {64, 64}},
                                              {"d", QuantType::kF32, {100, 10}},
                                              {"e", QuantType::kQ8_0, {3, 64}}};

/// Each tensor as one byte repeated; with a record after each piece of `piece` bytes. Stops after `most` pieces.
void write_pieces(GgufWriter& writer, size_t piece, size_t most = SIZE_MAX) {
  for (size_t n = 0; n < most && writer.current_number() < kTensors.size(); ++n) {
    const auto fill = static_cast<char>('a' + writer.current_number());
    writer.write(as_bytes(std::string(std::min<uint64_t>(piece, writer.remaining()), fill)));
    writer.record(std::to_string(n));
  }
}

TEST(GgufSplitOutput, NamesFollowTheConvention) {
  EXPECT_EQ(gguf_part_path("folder/x.gguf", 0, 3), "folder/x-00001-of-00003.gguf");
  EXPECT_EQ(gguf_part_path("x-00001-of-00007.gguf", 2, 3), "x-00003-of-00003.gguf");
  EXPECT_EQ(gguf_part_path("x-0001-of-00007.gguf", 0, 1), "x-0001-of-00007-00001-of-00001.gguf");
  EXPECT_EQ(gguf_part_path("x", 0, 12345), "x-00001-of-12345.gguf");
}

TEST(GgufSplitOutput, NoPartIsLargerThanAllowedAndNoneIsSmallerThanItNeedBe) {
  const GgufMetadata metadata = some_metadata();
  const test::ScratchDir scratch;
  uint64_t whole = 0;
  for (const uint64_t most : {8500, 9000, 10000, 13000, 16500, 30000}) {
    const std::vector<size_t> counts = split_by_size(metadata, kTensors, most);
    GgufWriter writer({.path = scratch / "x.gguf", .overwrite = true, .part_tensors = counts}, metadata, kTensors);
    write_pieces(writer, SIZE_MAX);
    writer.commit();
    if (most == 30000) {
      EXPECT_EQ(counts, std::vector<size_t>{kTensors.size()});
      whole = std::filesystem::file_size(scratch / "x.gguf");
      continue;
    }
    EXPECT_EQ(writer.n_parts(), counts.size());
    uint64_t bytes = 0;
    for (size_t part = 0; part < counts.size(); ++part) {
      bytes += std::filesystem::file_size(gguf_part_path(scratch / "x", part, counts.size()));
      EXPECT_LE(std::filesystem::file_size(gguf_part_path(scratch / "x", part, counts.size())), most) << part;
    }
    EXPECT_EQ(bytes, writer.total_bytes());
    const GgufFile file = GgufFile::open(writer.path());
    ASSERT_EQ(file.tensors().size(), kTensors.size()) << most;
    for (size_t i = 0; i < kTensors.size(); ++i) {
      EXPECT_EQ(file.tensors()[i].name, kTensors[i].name);
      EXPECT_EQ(file.tensors()[i].view.data.back(), static_cast<std::byte>('a' + i));
    }
    EXPECT_TRUE(file.metadata().contains("list"));
    EXPECT_EQ(file.metadata().required_uint("split.tensors.count"), kTensors.size());
  }
  EXPECT_GT(whole, 16500u);  // the sizes tried were really too small for one file
}

TEST(GgufSplitOutput, SaysWhatDoesNotFit) {
  const auto refusal = [](uint64_t most) -> std::string {
    try {
      split_by_size(some_metadata(), kTensors, most);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal(100), testing::HasSubstr("the metadata alone"));
  const std::string message = refusal(8000);
  EXPECT_THAT(message, testing::HasSubstr("tensor 'c' needs a part of"));
  const uint64_t least = std::stoull(message.substr(message.find("a part of ") + 10));
  EXPECT_THAT(refusal(least - 1), testing::HasSubstr("tensor 'c'"));
  EXPECT_EQ(refusal(least), "accepted");
}

TEST(GgufSplitOutput, APartMayStayWithoutTensors) {
  const test::ScratchDir scratch;
  GgufWriter writer({.path = scratch / "x.gguf", .part_tensors = {0, 2, 3}}, some_metadata(), kTensors);
  write_pieces(writer, 1000);
  writer.commit();
  const GgufFile file = GgufFile::open(scratch / "x-00001-of-00003.gguf");
  EXPECT_EQ(file.tensors().size(), kTensors.size());
  EXPECT_EQ(file.part_ends(), (std::vector<size_t>{0, 2, 5}));
}

TEST(GgufSplitOutput, GoesOnWhereARunWasEnded) {
  const std::vector<std::vector<size_t>> cases = {{}, {1, 2, 2}, {0, 5}};
  for (const auto& parts : cases) {
    const test::ScratchDir scratch;
    const auto output = [&](const char* name) {
      return GgufOutput{.path = scratch / name, .part_tensors = parts, .fingerprint = "same"};
    };
    GgufWriter whole(output("whole.gguf"), some_metadata(), kTensors);
    write_pieces(whole, 1000);
    whole.commit();
    // Ended after every number of pieces; 19 pieces make the file.
    for (size_t n = 0; n <= 20; ++n) {
      {
        GgufWriter first(output("x.gguf"), some_metadata(), kTensors);
        write_pieces(first, 1000, n);
        first.keep();
      }
      GgufWriter second(output("x.gguf"), some_metadata(), kTensors);
      EXPECT_EQ(second.recovered_notes().size(), std::min<size_t>(n, 19));
      write_pieces(second, 1000);
      second.commit();
      for (size_t part = 0; part < second.n_parts(); ++part) {
        const auto path_of = [&](const char* name) {
          return parts.empty() ? scratch / (std::string(name) + ".gguf")
                               : gguf_part_path(scratch / name, part, parts.size());
        };
        EXPECT_EQ(test::read_file(path_of("x")), test::read_file(path_of("whole"))) << n;
        std::filesystem::remove(path_of("x"));
      }
    }
  }
}

TEST(GgufSplitOutput, MetadataOfTheSameSizeMayComeLast) {
  const test::ScratchDir scratch;
  GgufMetadata metadata = some_metadata();
  metadata.set("late", GgufValue::string("????"));
  for (const auto& parts : {std::vector<size_t>{}, {2, 3}}) {
    GgufWriter writer({.path = scratch / "x.gguf", .part_tensors = parts}, metadata, kTensors);
    write_pieces(writer, 1000);
    GgufMetadata known = metadata;
    known.set("late", GgufValue::string("done"));
    writer.replace_metadata(known);
    writer.commit();
    EXPECT_EQ(GgufFile::open(writer.path()).metadata().required_string("late"), "done");
  }
  GgufWriter writer({.path = scratch / "y.gguf"}, metadata, kTensors);
  EXPECT_THROW(writer.replace_metadata(some_metadata()), Error);
}

}  // namespace
}  // namespace aurea::formats
