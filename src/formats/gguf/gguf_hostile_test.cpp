// Hostile GGUF bytes: at least one case for each check of docs/formats/gguf.md that one file can violate, truncation at
// every byte and single flips. Each refusal must come for the expected reason, which the message shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/gguf/gguf_file.h"
#include "formats/gguf/gguf_test_bytes.h"

namespace aurea::formats {
namespace {

constexpr uint32_t kF32 = 0, kF16 = 1, kQ4_0 = 2;

struct HostileCase {
  std::string name;
  int check;  // number in docs/formats/gguf.md
  std::string bytes;
  std::string message;  // a part of the error's text
  ErrorCode code = ErrorCode::kBadFile;
};

void PrintTo(const HostileCase& hostile, std::ostream* out) { *out << hostile.name; }

/// One tensor, its data section of `data_bytes`.
std::string one_tensor(std::string_view name, std::initializer_list<uint64_t> dims, uint32_t type, uint64_t offset = 0,
                       size_t data_bytes = 64) {
  return GgufBytes(1, 0).tensor(name, dims, type, offset).pad().data(data_bytes).str();
}

std::string alignment_key(uint32_t alignment) {
  return GgufBytes(0, 1).u32_key("general.alignment", alignment).data(64).str();
}

std::vector<HostileCase> preamble_cases() {
  const auto unsupported = ErrorCode::kUnsupported;
  return {
      {"EmptyFile", 2, "", "truncated: magic"},
      {"OtherMagic", 1, "GGML" + std::string(20, '\0'), "not a GGUF file"},
      {"MagicOnly", 2, "GGUF", "truncated: version"},
      {"BigEndian", 1, GgufBytes(0, 0, 0x03000000).str(), "big-endian", unsupported},
      {"Version0", 1, GgufBytes(0, 0, 0).str(), "version 0", unsupported},
      {"Version1", 1, GgufBytes(0, 0, 1).str(), "version 1", unsupported},
      {"Version4", 1, GgufBytes(0, 0, 4).str(), "version 4", unsupported},
      {"NoKeyCount", 2, GgufBytes(0, 0).str().substr(0, 20), "truncated: keys"},
      {"MoreTensorsThanBytes", 3, GgufBytes(2, 0).data(39).str(), "announces 2 tensors"},
      {"NegativeTensorCount", 3, GgufBytes(UINT64_MAX, 0).data(64).str(), "announces 18446744073709551615 tensors"},
      // The count times ggml's per-tensor bookkeeping wraps.
      {"TensorCountWraps", 3, GgufBytes(uint64_t{1} << 61, 0).data(64).str(), "tensors; at most"},
      {"MoreKeysThanBytes", 4, GgufBytes(0, 2).data(25).str(), "announces 2 keys"},
      {"NegativeKeyCount", 4, GgufBytes(0, UINT64_MAX).data(64).str(), "announces 18446744073709551615 keys"},
      {"KeyCountWraps", 4, GgufBytes(0, 0x555555555555556).data(64).str(), "keys; at most"},
  };
}

std::vector<HostileCase> metadata_cases() {
  const auto kString = GgufType::kString, kArray = GgufType::kArray;
  return {
      {"StringLengthAllOnes", 5, GgufBytes(0, 1).key("k", kString).put(UINT64_MAX).data(64).str(), "key 'k': string"},
      {"StringBeyondTheEnd", 5, GgufBytes(0, 1).key("k", kString).put<uint64_t>(65).data(64).str(),
       "truncated: string"},
      {"StringOverTheHeaderLimit", 5, GgufBytes(0, 1).key("k", kString).put(uint64_t{1} << 30).data(64).str(),
       "the header may have at most"},
      {"KeyLengthAllOnes", 5, GgufBytes(0, 1).put(UINT64_MAX).data(64).str(), "key of 18446744073709551615 bytes"},
      {"EmptyKey", 6, GgufBytes(0, 1).u32_key("", 1).str(), "empty key"},
      {"KeyTooLong", 6, GgufBytes(0, 1).u32_key(std::string(65536, 'k'), 1).str(), "too long"},
      {"KeyWithNul", 6, GgufBytes(0, 1).u32_key({"a\0b", 3}, 1).str(), "control character"},
      {"KeyWithEscape", 6, GgufBytes(0, 1).u32_key("a\x1B[2J", 1).str(), "control character"},
      {"KeyNotUtf8", 6, GgufBytes(0, 1).u32_key("a\xFF", 1).str(), "invalid UTF-8"},
      {"KeyTwice", 6, GgufBytes(0, 2).u32_key("k", 1).u32_key("k", 1).str(), "key 'k' appears twice"},
      {"ValueType13", 7, GgufBytes(0, 1).key("k", GgufType{13}).data(8).str(), "key 'k': value type 13"},
      {"ValueTypeNegative", 7, GgufBytes(0, 1).key("k", GgufType{-1}).data(8).str(), "value type -1"},
      {"ElementType13", 7, GgufBytes(0, 1).array_key("k", GgufType{13}, 1).data(8).str(), "array element type 13"},
      {"NestedArray", 7, GgufBytes(0, 1).array_key("k", kArray, 1).put(GgufType::kUint8).put<uint64_t>(0).str(),
       "array of arrays"},
      {"NestedEmptyArray", 7, GgufBytes(0, 1).array_key("k", kArray, 0).str(), "array of arrays"},
      {"ArrayCountAllOnes", 8, GgufBytes(0, 1).array_key("k", GgufType::kUint8, UINT64_MAX).data(64).str(),
       "key 'k': array of 18446744073709551615 items"},
      // Count times element size wraps to 8.
      {"ArraySizeWraps", 8, GgufBytes(0, 1).array_key("k", GgufType::kUint64, (uint64_t{1} << 61) + 1).data(64).str(),
       "may have 4194304 together"},
      {"ArrayBeyondTheEnd", 8, GgufBytes(0, 1).array_key("k", GgufType::kUint32, 17).data(64).str(),
       "truncated: array"},
      {"BoolsBeyondTheEnd", 8, GgufBytes(0, 1).array_key("k", GgufType::kBool, 65).data(64, 0).str(),
       "truncated: array"},
      {"StringsBeyondTheEnd", 8, GgufBytes(0, 1).array_key("k", kString, 9).data(64, 0).str(), "array of 9 strings"},
      {"StringCountWraps", 8, GgufBytes(0, 1).array_key("k", kString, (uint64_t{1} << 61) + 1).data(64, 0).str(),
       "may have 4194304 together"},
      // Each array alone would do.
      {"ArraysTogether", 8,
       GgufBytes(0, 2)
           .array_key("a", GgufType::kUint8, 1 << 22)
           .data(1 << 22)
           .array_key("b", GgufType::kUint8, 1)
           .data(1)
           .str(),
       "key 'b': array of 1 items: the arrays of a file may have 4194304 together"},
      {"BoolOf2", 9, GgufBytes(0, 1).key("k", GgufType::kBool).put<uint8_t>(2).str(), "key 'k': a bool"},
      {"ArrayWithBoolOf255", 9, GgufBytes(0, 1).array_key("k", GgufType::kBool, 1).put<uint8_t>(255).str(), "a bool"},
      {"Alignment0", 10, alignment_key(0), "general.alignment"},
      {"Alignment24", 10, alignment_key(24), "power of two"},
      {"Alignment131072", 10, alignment_key(131072), "up to 65536, found 131072"},
      {"AlignmentTopBit", 10, alignment_key(0x80000000), "found 2147483648"},
      {"AlignmentU64", 10, GgufBytes(0, 1).key("general.alignment", GgufType::kUint64).put<uint64_t>(32).str(),
       "expected u32, found u64"},
  };
}

std::vector<HostileCase> tensor_cases() {
  const auto unsupported = ErrorCode::kUnsupported;
  const uint64_t huge = uint64_t{1} << 62;
  return {
      {"NameOf64Bytes", 11, one_tensor(std::string(64, 'n'), {16}, kF32), "too long"},
      {"NameWithNul", 11, one_tensor({"a\0b", 3}, {16}, kF32), "control character"},
      {"NameNotUtf8", 11, one_tensor("\xC0\x80", {16}, kF32), "invalid UTF-8"},
      {"NameTwice", 11, GgufBytes(2, 0).tensor("t", {8}, kF32, 0).tensor("t", {8}, kF32, 32).pad().data(64).str(),
       "tensor 't' appears twice"},
      {"FiveDimensions", 12, one_tensor("t", {1, 1, 1, 1, 16}, kF32), "tensor 't': 5 dimensions"},
      {"DimensionCountAllOnes", 12, GgufBytes(1, 0).text("t").put(UINT32_MAX).data(64).str(), "4294967295 dimensions"},
      {"ZeroDimension", 13, one_tensor("t", {16, 0}, kF32), "dimension 1 is 0"},
      {"NegativeDimension", 13, one_tensor("t", {UINT64_MAX}, kF32), "dimension 0 is 18446744073709551615"},
      // Accepted by llama.cpp v0.5.0: the signed product of the dimensions is negative.
      {"NegativeProduct", 13, one_tensor("t", {INT64_MAX, 2}, kF32), "dimension 1 is 2"},
      {"ProductWrapsToZero", 13, one_tensor("t", {huge, 4}, kF32), "dimension 1 is 4"},
      {"RemovedType4", 14, one_tensor("t", {32}, 4), "tensor 't': type id 4 was removed", unsupported},
      {"RemovedType38", 14, one_tensor("t", {32}, 38), "type id 38 was removed", unsupported},
      {"TypeI8", 14, one_tensor("t", {32}, 24), "type I8 (id 24) is not supported", unsupported},
      {"TypeQ8_1", 14, one_tensor("t", {32}, 9), "type Q8_1 (id 9) is not supported", unsupported},
      {"UnknownType", 14, one_tensor("t", {32}, 1000), "tensor 't': type id 1000 is not known", unsupported},
      {"NegativeType", 14, one_tensor("t", {32}, UINT32_MAX), "is not known", unsupported},
      {"BrokenBlock", 15, one_tensor("t", {33}, kQ4_0), "rows of 33 elements; Q4_0 needs a multiple of 32"},
      {"ScalarOfBlocks", 15, one_tensor("t", {}, kQ4_0), "rows of 1 elements"},
      // Accepted by llama.cpp v0.5.0 with a size of 4 bytes: elements times 18 wraps before the division.
      {"BytesWrap", 16, one_tensor("t", {1024819115206086208}, kQ4_0), "needs 576460752303423492 bytes"},
      {"RowTimesBytesWraps", 16, one_tensor("t", {huge}, kF32), "does not fit in 64 bits"},
      {"RowsTimesBytesWrap", 16, one_tensor("t", {1, huge}, kF32), "does not fit in 64 bits"},
      {"OddOffset", 17, one_tensor("t", {8}, kF32, 4), "offset 4 is not a multiple of the alignment 32"},
      // Accepted by llama.cpp v0.5.0: the padded size is 0, and the next tensor gets the same offset.
      {"PaddedSizeWraps", 18,
       GgufBytes(2, 0).tensor("a", {4611686018427387903}, kF32, 0).tensor("b", {8}, kF32, 0).pad().data(64).str(),
       "tensor 'a' needs 18446744073709551612 bytes"},
      {"OffsetBeyondTheEnd", 18, one_tensor("t", {8}, kF32, 96), "truncated: tensor 't'"},
      {"OffsetPlusSizeWraps", 18, one_tensor("t", {16}, kF32, UINT64_MAX - 31), "truncated: tensor 't'"},
      {"DataOneByteShort", 18, one_tensor("t", {16}, kF32, 0, 63), "needs 64 bytes at data offset 0"},
      {"NoDataAtAll", 18, GgufBytes(1, 0).tensor("t", {1}, kF16, 0).str(), "the file has 0 bytes of tensor data"},
      {"SameBytes", 19, GgufBytes(2, 0).tensor("a", {8}, kF32, 32).tensor("b", {8}, kF32, 32).pad().data(64).str(),
       "overlap"},
      {"Overlap", 19, GgufBytes(2, 0).tensor("a", {8}, kF32, 32).tensor("b", {9}, kF32, 0).pad().data(64).str(),
       "tensors 'b' and 'a' overlap"},
  };
}

class GgufHostile : public testing::TestWithParam<HostileCase> {};

TEST_P(GgufHostile, IsRefusedForTheRightReason) {
  const HostileCase& hostile = GetParam();
  const ExactBytes bytes(hostile.bytes);
  try {
    GgufFile::parse(bytes, "x.gguf");
    FAIL() << "check " << hostile.check << ": accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), hostile.code) << error.what();
    EXPECT_THAT(error.what(), testing::StartsWith("x.gguf: "));
    EXPECT_THAT(error.what(), testing::HasSubstr(hostile.message));
  }
}

const auto case_name = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Preamble, GgufHostile, testing::ValuesIn(preamble_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Metadata, GgufHostile, testing::ValuesIn(metadata_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Tensors, GgufHostile, testing::ValuesIn(tensor_cases()), case_name);

/// A file with every kind of record; its last tensor fills its last 32 bytes, so that no byte of it is idle padding.
std::string small_file() {
  return GgufBytes(2, 5)
      .key("general.architecture", GgufType::kString)
      .text("phi3")
      .u32_key("general.alignment", 64)
      .key("flag", GgufType::kBool)
      .put<uint8_t>(1)
      .array_key("tokenizer.ggml.tokens", GgufType::kString, 3)
      .text("<s>")
      .text("")
      .text("a")
      .array_key("scores", GgufType::kFloat32, 2)
      .put(1.5f)
      .put(-2.f)
      .tensor("a", {32, 2}, kQ4_0, 64)
      .tensor("b", {16}, kF16, 0)
      .pad(64)
      .data(64)
      .data(36)
      .str();
}

TEST(GgufBytesCut, EveryTruncationIsRefused) {
  const std::string whole = small_file();
  const ExactBytes exact(whole);
  const auto file = GgufFile::parse(exact, "x");
  ASSERT_EQ(file.tensors().size(), 2u);
  for (size_t length = 0; length < whole.size(); ++length) {
    const ExactBytes cut(std::string_view(whole).substr(0, length));
    EXPECT_THROW(GgufFile::parse(cut, "x"), Error) << "at " << length;
  }
}

TEST(GgufBytesCut, NoFlippedByteDoesHarm) {
  const std::string whole = small_file();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ change);
      const ExactBytes exact(flipped);
      const std::span<const std::byte> bytes = exact;
      try {
        const auto file = GgufFile::parse(bytes, "x");
        for (const GgufTensor& tensor : file.tensors()) {
          const auto data = tensor.view.data;
          ASSERT_TRUE(data.data() >= bytes.data() && data.data() + data.size() <= bytes.data() + bytes.size());
          ASSERT_EQ(data.size(), tensor.view.rows() * tensor.view.row_bytes());
          ASSERT_EQ(file.find(tensor.name), &tensor);
        }
      } catch (const Error& error) {
        ASSERT_NE(error.code(), ErrorCode::kInternal) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace aurea::formats
