// NumPy arrays: round trip, the element types, headers as NumPy and others write them, hostile bytes.
#include "formats/npy/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "tests/support/test_support.h"

namespace aurea::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file_bytes(std::string_view header, std::string_view data, char version = 1) {
  std::string bytes("\x93NUMPY");
  bytes += version;
  bytes += '\0';
  const auto length = static_cast<uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return bytes.append(header).append(data);
}

std::string array_bytes(std::string_view descr, std::string_view shape, std::string_view data) {
  return file_bytes(fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}\n", descr, shape), data);
}

NpyArray parse(const std::string& text) {
  // On the heap and of exact size, so that a sanitizer sees a read beyond the end.
  const std::vector<char> bytes(text.begin(), text.end());
  return parse_npy(std::as_bytes(std::span(bytes)), "x.npy");
}

std::string refusal(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_THAT(error.what(), testing::StartsWith("x.npy: "));
    return error.what();
  }
  return "accepted";
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

TEST(Npy, RoundTrip) {
  const test::ScratchDir scratch;
  const std::vector<float> values = {1.5f, -2.f, 3e38f, 0.1f, -0.f, 1e-45f};
  NpyWriter writer(scratch / "a.npy", false, 2, 3);
  writer.write_row(std::span(values).first(3));
  writer.write_row(std::span(values).last(3));
  writer.commit();
  const NpyArray array = read_npy(scratch / "a.npy");
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_EQ(array.values, values);
  EXPECT_EQ(std::filesystem::file_size(scratch / "a.npy"), 128 + sizeof(float) * 6);
}

TEST(Npy, WritesWhatNumpyWrites) {
  const test::ScratchDir scratch;
  const float row[] = {1.f, 2.f, 3.f};
  NpyWriter writer(scratch / "a.npy", false, 1, 3);
  writer.write_row(row);
  writer.commit();
  // The bytes of numpy.save for a float32 array of shape (1, 3).
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }";
  header.resize(117, ' ');
  EXPECT_EQ(test::read_file(scratch / "a.npy"), file_bytes(header + "\n", raw({1.f, 2.f, 3.f})));
}

TEST(Npy, ConvertsTheOtherElementTypes) {
  EXPECT_THAT(parse(array_bytes("<f8", "(2,)", raw({0.5, -3.0}))).values, ElementsAre(0.5f, -3.f));
  EXPECT_THAT(parse(array_bytes("<i4", "(2,)", raw<int32_t>({7, -1}))).values, ElementsAre(7.f, -1.f));
  EXPECT_THAT(parse(array_bytes("<i8", "(2,)", raw<int64_t>({1 << 20, -1}))).values, ElementsAre(1048576.f, -1.f));
  EXPECT_THAT(parse(array_bytes("|u1", "(2,)", raw<uint8_t>({0, 255}))).values, ElementsAre(0.f, 255.f));
}

TEST(Npy, ShapesAndHeaderStyles) {
  EXPECT_TRUE(parse(array_bytes("<f4", "()", raw({1.f}))).shape.empty());
  EXPECT_THAT(parse(array_bytes("<f4", "(2, 0)", "")).shape, ElementsAre(2, 0));
  EXPECT_THAT(parse(array_bytes("<f4", "(1,1,1)", raw({1.f}))).shape, ElementsAre(1, 1, 1));
  const std::string header = "{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"<f4\"}";
  for (const char version : {'\1', '\2', '\3'}) {
    EXPECT_THAT(parse(file_bytes(header, raw({4.f}), version)).values, ElementsAre(4.f));
  }
}

TEST(Npy, RefusesHostileBytes) {
  const std::string one = raw({1.f});
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
  EXPECT_EQ(refusal(file_bytes(good, one)), "accepted");
  EXPECT_THAT(refusal(""), HasSubstr("truncated: magic"));
  EXPECT_THAT(refusal("NUMPY1"), HasSubstr("not a .npy file"));
  EXPECT_THAT(refusal(file_bytes(good, one, 4)), HasSubstr("version 4.0"));
  EXPECT_THAT(refusal(file_bytes(good, one, 0)), HasSubstr("version 0.0"));
  EXPECT_THAT(refusal(file_bytes(good, "").substr(0, 40)), HasSubstr("truncated: header"));
  std::string longest = file_bytes(good, one, 2);
  std::memset(longest.data() + 8, 0xFF, 4);
  EXPECT_THAT(refusal(longest), HasSubstr("header needs 4294967295 bytes"));
  for (const char* header :
       {"", "{", "[]", "{'descr'", "{'descr':", "{'descr': '<f4", "{'descr': <f4}", "{'fortran_order': Fal}",
        "{'shape': 3}", "{'shape': (-1,)}", "{'shape': (1.5,)}", "{'shape': (1 2)}", "{'shape': (",
        "{'shape': (18446744073709551616,)}", "{'descr': '<f4' 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x"}) {
    EXPECT_THAT(refusal(file_bytes(header, one)), HasSubstr("header: expected")) << header;
  }
  EXPECT_THAT(refusal(file_bytes(good + std::string(1, '\0'), one)), HasSubstr("header: expected the end"));
  EXPECT_THAT(refusal(file_bytes("{'descr': '<f4', 'shape': (1,)}", one)), HasSubstr("needs"));
  EXPECT_THAT(refusal(file_bytes("{'descr': '<f4', 'descr': '<f8'}", one)), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(file_bytes("{'other': '<f4'}", one)), HasSubstr("unknown header key 'other'"));
  EXPECT_THAT(refusal(file_bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", one)), HasSubstr("Fortran"));
  for (const char* descr : {">f4", "<f2", "|O", "<U5", ""}) {
    EXPECT_THAT(refusal(array_bytes(descr, "(1,)", one)), HasSubstr("elements of '")) << descr;
  }
  EXPECT_THAT(refusal(array_bytes("<f4", "(2,)", one)), HasSubstr("expected 8 bytes of data, found 4"));
  EXPECT_THAT(refusal(array_bytes("<f4", "(1,)", one + "x")), HasSubstr("expected 4 bytes of data, found 5"));
  EXPECT_THAT(refusal(array_bytes("<f4", "(4294967296, 4294967296)", "")), HasSubstr("does not fit in 64 bits"));
  EXPECT_THAT(refusal(array_bytes("<f4", "(4611686018427387904,)", "")), HasSubstr("does not fit in 64 bits"));
  std::string many = "(";
  for (int i = 0; i < 33; ++i) many += "1,";
  EXPECT_THAT(refusal(array_bytes("<f4", many + ")", one)), HasSubstr("more than 32 dimensions"));
}

TEST(Npy, EveryTruncationIsRefusedAndNoFlipDoesHarm) {
  const std::string whole = array_bytes("<f4", "(2, 2)", raw({1.f, 2.f, 3.f, 4.f}));
  for (size_t at = 0; at < whole.size(); ++at) {
    EXPECT_NE(refusal(whole.substr(0, at)), "accepted") << at;
    for (int change = 1; change < 256; ++change) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ change);
      (void)refusal(flipped);
    }
  }
}

TEST(NpyGolden, EveryExpectedArrayOpens) {
  const auto models = test::find_golden("models");
  if (!models) GTEST_SKIP() << "no golden models";
  size_t opened = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*models)) {
    if (entry.path().extension() != ".npy") continue;
    const NpyArray array = read_npy(entry.path());
    EXPECT_FALSE(array.values.empty()) << entry.path();
    ++opened;
  }
  EXPECT_GT(opened, 0u);
}

}  // namespace
}  // namespace aurea::formats
