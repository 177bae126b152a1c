// Safetensors: one file, shards by an index, and hostile versions of both.
#include "formats/safetensors/safetensors_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "core/json.h"
#include "tests/support/test_support.h"

namespace aurea::formats {
namespace {

using testing::HasSubstr;

/// A file with this header text and `data_bytes` bytes 'd' behind it.
std::string file_bytes(std::string_view header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  return bytes.append(header).append(data_bytes, 'd');
}

/// One tensor 't' with these fields.
std::string one_tensor(std::string_view dtype, std::string_view shape, std::string_view offsets, size_t data_bytes) {
  return file_bytes(fmt::format(R"({{"t":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape, offsets),
                    data_bytes);
}

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

constexpr std::string_view kSmallHeader =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},)"
    R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[20,28]},)"
    R"("none":{"dtype":"BF16","shape":[0,4],"data_offsets":[8,8]},"s":{"dtype":"BF16","shape":[],"data_offsets":[28,30]}}   )";
constexpr size_t kSmallData = 30;

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
  const std::string bytes = file_bytes(kSmallHeader, kSmallData);
  const auto file = SafetensorsFile::parse(as_bytes(bytes), "x");
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.tensors()[1].name, "b");
  EXPECT_EQ(file.tensors()[1].view.type, QuantType::kF16);
  EXPECT_EQ(file.tensors()[1].view.shape, (Shape{2, 3}));
  EXPECT_EQ(file.tensors()[1].view.data.size(), 12u);
  EXPECT_EQ(file.tensors()[1].view.data.data(), as_bytes(bytes).last(22).data());
  EXPECT_EQ(file.find("s")->view.shape, Shape{});
  EXPECT_EQ(file.find("s")->view.type, QuantType::kBF16);
  EXPECT_EQ(file.file_bytes(), bytes.size());
  EXPECT_THAT(file.other_tensors(), testing::ElementsAre(std::pair("none", "BF16"), std::pair("ids", "I64")));
  EXPECT_EQ(file.find("ids"), nullptr);
  EXPECT_EQ(file.find("absent"), nullptr);
}

TEST(Safetensors, UnknownTypesAreListedWithoutASize) {
  const std::string bytes = one_tensor("F8_E4M3FN", "[3]", "[0,7]", 7);
  EXPECT_THAT(SafetensorsFile::parse(as_bytes(bytes), "x").other_tensors(),
              testing::ElementsAre(std::pair("t", "F8_E4M3FN")));
  const std::string none = file_bytes("{}", 0);
  EXPECT_TRUE(SafetensorsFile::parse(as_bytes(none), "x").tensors().empty());
}

TEST(Safetensors, SmallFloatsTakeParts) {
  const std::string bytes = one_tensor("F4", "[3,2]", "[0,3]", 3);
  EXPECT_EQ(SafetensorsFile::parse(as_bytes(bytes), "x").other_tensors().size(), 1u);
}

struct HostileCase {
  std::string name, bytes, message;
};

void PrintTo(const HostileCase& hostile, std::ostream* out) { *out << hostile.name; }

std::string two_tensors(std::string_view first, std::string_view second, size_t data_bytes) {
  return file_bytes(fmt::format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},)"
                                R"("b":{{"dtype":"U8","shape":[4],"data_offsets":{}}}}})",
                                first, second),
                    data_bytes);
}

std::vector<HostileCase> hostile_cases() {
  const std::string all_ones(8, '\xFF');
  std::string over_limit = file_bytes("{}", 0);
  const uint64_t limit = 100'000'001;
  std::memcpy(over_limit.data(), &limit, sizeof(limit));
  return {
      {"Empty", "", "truncated: header length"},
      {"SevenBytes", std::string(7, '\0'), "truncated: header length"},
      {"HeaderBeyondTheEnd", file_bytes("{}", 0).substr(0, 9), "truncated: header needs 2 bytes"},
      {"HeaderLengthAllOnes", all_ones + "{}", "header of 18446744073709551615 bytes"},
      {"HeaderOver100Megabytes", over_limit, "header of 100000001 bytes"},
      {"HeaderLengthZero", file_bytes("", 0), "does not start with '{'"},
      {"LeadingSpace", file_bytes(" {}", 0), "does not start with '{'"},
      {"NotJson", file_bytes("{]", 0), "not valid JSON"},
      {"NotAnObject", file_bytes("[]", 0), "does not start with '{'"},
      {"TwoTexts", file_bytes("{}{}", 0), "not valid JSON"},
      {"InvalidUtf8", file_bytes("{\"\xFF\":1}", 0), "not valid JSON"},
      {"TooDeep", file_bytes(R"({"a":)" + std::string(1000, '['), 0), "nested deeper"},
      {"NameTwice",
       file_bytes(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                  R"("t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                  2),
       "'t' appears twice"},
      {"FieldTwice", file_bytes(R"({"t":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1),
       "'dtype' appears twice"},
      {"NameWithNul", file_bytes(R"({"a\u0000b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1),
       "control character"},
      {"TensorIsANumber", file_bytes(R"({"t":1})", 0), "tensor 't': expected an object, found number"},
      {"MetadataIsAList", file_bytes(R"({"__metadata__":["a"]})", 0), "'__metadata__'"},
      {"MetadataHoldsANumber", file_bytes(R"({"__metadata__":{"a":1}})", 0), "'__metadata__'"},
      {"NoType", file_bytes(R"({"t":{"shape":[1],"data_offsets":[0,1]}})", 1), "'dtype' is missing"},
      {"NoShape", file_bytes(R"({"t":{"dtype":"U8","data_offsets":[0,1]}})", 1), "'shape': expected an array"},
      {"NoOffsets", file_bytes(R"({"t":{"dtype":"U8","shape":[1]}})", 1), "'data_offsets': expected an array"},
      {"TypeIsANumber", file_bytes(R"({"t":{"dtype":1,"shape":[1],"data_offsets":[0,1]}})", 1), "expected a string"},
      {"NineDimensions", one_tensor("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]", 1), "9 items, at most 8"},
      {"NegativeDimension", one_tensor("U8", "[-1]", "[0,1]", 1), "at least 0"},
      {"FractionalDimension", one_tensor("U8", "[1.0]", "[0,1]", 1), "at least 0, found number"},
      {"DimensionBeyond64Bits", one_tensor("U8", "[18446744073709551616]", "[0,1]", 1), "at least 0, found number"},
      {"ProductWrapsToZero", one_tensor("U8", "[4294967296,4294967296]", "[0,0]", 0), "does not fit in 64 bits"},
      {"ProductWrapsToOne", one_tensor("U8", "[3,12297829382473034411]", "[0,1]", 1), "does not fit in 64 bits"},
      {"BitsWrap", one_tensor("F32", "[2305843009213693952]", "[0,0]", 0), "does not fit in 64 bits"},
      {"OneOffset", one_tensor("U8", "[1]", "[1]", 1), "expected [begin, end]"},
      {"ThreeOffsets", one_tensor("U8", "[1]", "[0,1,2]", 1), "3 items, at most 2"},
      {"OffsetsTurned", one_tensor("U8", "[1]", "[1,0]", 1), "expected [begin, end]"},
      {"NegativeOffset", one_tensor("U8", "[1]", "[-1,0]", 1), "at least 0"},
      {"SizeTooSmall", one_tensor("F32", "[2]", "[0,7]", 7), "2 elements of F32 do not take 7 bytes"},
      {"SizeTooLarge", one_tensor("F32", "[2]", "[0,9]", 9), "do not take 9 bytes"},
      {"HalfAByte", one_tensor("F4", "[3]", "[0,1]", 1), "3 elements of F4 do not take 1 bytes"},
      {"KnownOtherTypeTooSmall", one_tensor("I64", "[2]", "[0,8]", 8), "2 elements of I64"},
      {"EndBeyondTheData", one_tensor("F32", "[2]", "[0,8]", 7), "truncated: tensor 't' ends at byte 8"},
      {"UnknownTypeBeyondTheData", one_tensor("X", "[2]", "[0,8]", 7), "truncated: tensor 't'"},
      {"EndAllOnes", one_tensor("X", "[2]", "[0,18446744073709551615]", 7), "truncated: tensor 't'"},
      {"GapAtTheFront", one_tensor("U8", "[4]", "[4,8]", 8),
       "begins at byte 4 of the data, but the one before ends at 0"},
      {"Gap", two_tensors("[0,4]", "[5,9]", 9), "tensor 'b' begins at byte 5"},
      {"Overlap", two_tensors("[0,4]", "[3,7]", 7), "tensor 'b' begins at byte 3"},
      {"SameBytes", two_tensors("[0,4]", "[0,4]", 4), "begins at byte 0"},
      {"BytesLeftOver", two_tensors("[4,8]", "[0,4]", 9), "9 bytes of data, but the tensors end at 8"},
  };
}

class SafetensorsHostile : public testing::TestWithParam<HostileCase> {};

TEST_P(SafetensorsHostile, IsRefusedForTheRightReason) {
  // On the heap and of exact size, so that a sanitizer sees a read beyond the end.
  const std::vector<char> bytes(GetParam().bytes.begin(), GetParam().bytes.end());
  try {
    SafetensorsFile::parse(std::as_bytes(std::span(bytes)), "x.safetensors");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile) << error.what();
    EXPECT_THAT(error.what(), testing::StartsWith("x.safetensors: "));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

TEST(Safetensors, RefusesAHeaderOfTooManyValues) {
  std::string header = R"({"t":[)";
  for (size_t i = 0; i < kJsonMaxValues; ++i) header += "[],";
  try {
    SafetensorsFile::parse(as_bytes(file_bytes(header + "[]]}", 0)), "x.safetensors");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_THAT(error.what(), HasSubstr("JSON values"));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, SafetensorsHostile, testing::ValuesIn(hostile_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(SafetensorsCut, EveryTruncationIsRefused) {
  const std::string whole = file_bytes(kSmallHeader, kSmallData);
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THROW(SafetensorsFile::parse(std::as_bytes(std::span(cut)), "x"), Error) << "at " << length;
  }
}

TEST(SafetensorsCut, NoFlippedByteDoesHarm) {
  const std::string whole = file_bytes(kSmallHeader, kSmallData);
  for (size_t at = 0; at < whole.size() - kSmallData; ++at) {
    for (int change = 1; change < 256; ++change) {
      std::vector<char> flipped(whole.begin(), whole.end());
      flipped[at] = static_cast<char>(flipped[at] ^ change);
      const auto bytes = std::as_bytes(std::span(flipped));
      try {
        const auto file = SafetensorsFile::parse(bytes, "x");
        for (const auto& tensor : file.tensors()) {
          const auto data = tensor.view.data;
          ASSERT_TRUE(data.data() >= bytes.data() && data.data() + data.size() <= bytes.data() + bytes.size());
          ASSERT_EQ(data.size(), tensor.view.rows() * tensor.view.row_bytes());
        }
      } catch (const Error& error) {
        ASSERT_NE(error.code(), ErrorCode::kInternal) << error.what();
      }
    }
  }
}

class SafetensorsFolder : public testing::Test {
 protected:
  void write(std::string_view name, std::string_view content) { test::write_file(scratch_ / name, content); }
  void write_index(std::string_view weight_map) {
    write("model.safetensors.index.json",
          fmt::format(R"({{"metadata":{{"total_size":8}},"weight_map":{}}})", weight_map));
  }
  void write_shard(std::string_view file, std::string_view tensor) {
    write(file, file_bytes(fmt::format(R"({{"{}":{{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}}})", tensor), 4));
  }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)SafetensorsFile::open_folder(scratch_.path());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
      return error.what();
    }
    return "accepted";
  }
  test::ScratchDir scratch_;
};

TEST_F(SafetensorsFolder, OpensASingleFile) {
  EXPECT_THAT(refusal(), HasSubstr("neither model.safetensors.index.json nor model.safetensors is there"));
  write_shard("model.safetensors", "w");
  const auto file = SafetensorsFile::open_folder(scratch_.path());
  ASSERT_NE(file.find("w"), nullptr);
  EXPECT_EQ(file.file_bytes(), std::filesystem::file_size(scratch_ / "model.safetensors"));
  EXPECT_EQ(std::to_integer<char>(file.find("w")->view.data[3]), 'd');
}

TEST_F(SafetensorsFolder, OpensTheShardsOfAnIndex) {
  write_index(R"({"w":"model-2.safetensors","v":"model-1.safetensors"})");
  write_shard("model-1.safetensors", "v");
  write_shard("model-2.safetensors", "w");
  write_shard("model.safetensors", "ignored");
  const auto file = SafetensorsFile::open_folder(scratch_.path());
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.tensors()[0].name, "v");
  EXPECT_EQ(file.tensors()[1].name, "w");
  EXPECT_EQ(file.find("ignored"), nullptr);
}

TEST_F(SafetensorsFolder, RefusesAContradictoryIndex) {
  write_shard("s1", "v");
  write_index(R"({"v":"s1","w":"s2"})");
  EXPECT_THAT(refusal(), HasSubstr("s2: cannot open"));
  write_shard("s2", "x");
  EXPECT_THAT(refusal(), HasSubstr("tensor 'w' is said to be in s2, but is not there"));
  write_shard("s2", "v");
  EXPECT_THAT(refusal(), HasSubstr("s2: tensor 'v' is in another shard too"));
  write("s2", file_bytes(R"({"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 3));
  EXPECT_THAT(refusal(), HasSubstr("s2: truncated"));
  write_shard("s2", "w");
  write_index(R"({"v":"s2","w":"s1"})");
  EXPECT_THAT(refusal(), HasSubstr("tensor 'v' is said to be in s2"));
}

TEST_F(SafetensorsFolder, RefusesNamesThatLeaveTheFolder) {
  std::filesystem::create_directory(scratch_ / "sub");
  write_shard("sub/s", "w");
  write_shard("s", "w");
  const std::string absolute = (scratch_ / "s").string();
  for (const std::string& name :
       {std::string("../s"), std::string("sub/s"), std::string("./s"), absolute, std::string(".."), std::string("."),
        std::string(), std::string("a\\\\b"), std::string("s\\u0000")}) {
    write_index(fmt::format(R"({{"w":"{}"}})", name));
    EXPECT_THAT(refusal(), HasSubstr("tensor 'w': expected the name of a file beside the index")) << name;
  }
  for (const char* value : {"1", "null", "[\"s\"]"}) {
    write_index(fmt::format(R"({{"w":{}}})", value));
    EXPECT_THAT(refusal(), HasSubstr("expected the name of a file")) << value;
  }
  write_index(R"({"w":"sub"})");
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
  for (const char* map : {"{}", "[]", "\"s\"", "null"}) {
    write_index(map);
    EXPECT_THAT(refusal(), HasSubstr("expected an object 'weight_map'")) << map;
  }
  write("model.safetensors.index.json", "[]");
  EXPECT_THAT(refusal(), HasSubstr("expected an object 'weight_map'"));
  write_index(R"({"w":"s"})");
  EXPECT_EQ(refusal(), "accepted");
}

TEST(SafetensorsGolden, RealCheckpointsOpen) {
  auto folders = test::golden_models();
  folders.push_back(test::demo_model_dir());
  size_t opened = 0;
  for (const auto& folder : folders) {
    if (!std::filesystem::exists(folder / "model.safetensors")) continue;
    const auto file = SafetensorsFile::open_folder(folder);
    EXPECT_NE(file.find("model.embed_tokens.weight"), nullptr) << folder;
    uint64_t bytes = 0;
    for (const auto& tensor : file.tensors()) bytes += tensor.view.data.size();
    EXPECT_LT(bytes, file.file_bytes());
    EXPECT_GT(bytes + (1 << 20), file.file_bytes());  // the rest is a header of these few tensors
    ++opened;
  }
  if (opened == 0) GTEST_SKIP() << "no checkpoint is there";
}

}  // namespace
}  // namespace aurea::formats
