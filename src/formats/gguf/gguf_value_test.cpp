// Typed access to metadata: any integer width, and nothing returned as what it is not (check 21 of
// docs/formats/gguf.md).
#include "formats/gguf/gguf_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace aurea::formats {
namespace {

GgufMetadata one(GgufValue value) {
  GgufMetadata metadata;
  metadata.set("k", std::move(value));
  return metadata;
}

template <typename Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    return error.what();
  }
  return "no error";
}

TEST(GgufMetadata, KeepsOrderWhenAValueIsReplacedOrErased) {
  GgufMetadata metadata;
  for (const char* key : {"a", "b", "c", "d"}) metadata.set(key, GgufValue::string(key));
  metadata.set("b", GgufValue::u32(7));
  metadata.erase("a");
  metadata.erase("absent");
  ASSERT_EQ(metadata.entries().size(), 3u);
  EXPECT_EQ(metadata.entries()[0].key, "b");
  EXPECT_EQ(metadata.required_uint("b"), 7u);
  EXPECT_EQ(metadata.required_string("c"), "c");
  EXPECT_EQ(metadata.required_string("d"), "d");
  EXPECT_FALSE(metadata.contains("a"));
}

TEST(GgufMetadata, AcceptsEveryIntegerWidth) {
  for (const GgufType type : {GgufType::kUint8, GgufType::kUint16, GgufType::kUint32, GgufType::kUint64}) {
    EXPECT_EQ(one({type, uint64_t{200}}).required_uint("k"), 200u);
    EXPECT_EQ(one({type, uint64_t{200}}).required_number("k"), 200.0);
  }
  for (const GgufType type : {GgufType::kInt8, GgufType::kInt16, GgufType::kInt32, GgufType::kInt64}) {
    EXPECT_EQ(one({type, int64_t{100}}).required_uint("k"), 100u);
    EXPECT_EQ(one({type, int64_t{-100}}).required_number("k"), -100.0);
    EXPECT_EQ(message_of([&] {
                (void)one({type, int64_t{-1}}).optional_uint("k");
              }),
              "key 'k': expected an integer of at least 0, found -1");
  }
}

TEST(GgufMetadata, ReturnsNothingAsWhatItIsNot) {
  const auto text = one(GgufValue::string("1")), flag = one(GgufValue::boolean(true)), real = one(GgufValue::f32(1));
  const auto words = one(GgufValue::strings({"a", "b"}));
  EXPECT_EQ(message_of([&] { (void)text.optional_uint("k"); }), "key 'k': expected an integer, found string");
  EXPECT_EQ(message_of([&] { (void)flag.optional_uint("k"); }), "key 'k': expected an integer, found bool");
  EXPECT_EQ(message_of([&] { (void)real.optional_uint("k"); }), "key 'k': expected an integer, found f32");
  EXPECT_EQ(message_of([&] { (void)flag.optional_number("k"); }), "key 'k': expected a number, found bool");
  EXPECT_EQ(message_of([&] { (void)real.optional_bool("k"); }), "key 'k': expected a bool, found f32");
  EXPECT_EQ(message_of([&] { (void)words.optional_string("k"); }),
            "key 'k': expected a string, found array of 2 string");
  EXPECT_EQ(message_of([&] { (void)text.optional_strings("k"); }),
            "key 'k': expected an array of strings, found string");
  EXPECT_EQ(message_of([&] { (void)words.optional_floats("k"); }),
            "key 'k': expected an array of f32, found array of 2 string");
  EXPECT_EQ(message_of([&] { (void)words.optional_ints("k"); }),
            "key 'k': expected an array of integers, found array of 2 string");
  EXPECT_EQ(message_of([&] { (void)real.optional_ints("k"); }), "key 'k': expected an array of integers, found f32");
  EXPECT_EQ(message_of([&] { (void)real.required_uint("x"); }), "key 'x' is missing");
}

TEST(GgufMetadata, IntegerArraysOfAnyWidth) {
  const std::vector<uint64_t> small = {0, 255};
  EXPECT_THAT(*one({GgufType::kArray, GgufArray{GgufType::kUint8, small}}).optional_ints("k"),
              testing::ElementsAre(0, 255));
  EXPECT_THAT(*one(GgufValue::i32s({-1, 3})).optional_ints("k"), testing::ElementsAre(-1, 3));
  const std::vector<uint64_t> large = {1, uint64_t{1} << 63};
  EXPECT_EQ(message_of([&] {
              (void)one({GgufType::kArray, GgufArray{GgufType::kUint64, large}}).optional_ints("k");
            }),
            "key 'k': 9223372036854775808 does not fit in a signed 64-bit integer");
}

TEST(GgufMetadata, AnAbsentKeyIsNothing) {
  const GgufMetadata metadata;
  EXPECT_EQ(metadata.optional_uint("k"), std::nullopt);
  EXPECT_EQ(metadata.optional_number("k"), std::nullopt);
  EXPECT_EQ(metadata.optional_bool("k"), std::nullopt);
  EXPECT_EQ(metadata.optional_string("k"), std::nullopt);
  EXPECT_EQ(metadata.optional_ints("k"), std::nullopt);
  EXPECT_EQ(metadata.optional_strings("k"), nullptr);
  EXPECT_EQ(metadata.optional_floats("k"), nullptr);
}

}  // namespace
}  // namespace aurea::formats
