// --override-kv: spelling, widths, and what it must not touch.
#include "exporters/gguf/key_override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace aurea::exporters {
namespace {

using formats::GgufMetadata;
using formats::GgufType;
using formats::GgufValue;

GgufMetadata applied(const char* text, GgufMetadata metadata = {}) {
  apply_key_override(parse_key_override(text), metadata);
  return metadata;
}

GgufValue value_of(const char* text, const GgufMetadata& metadata = {}) {
  return *applied(text, metadata).find(parse_key_override(text).key);
}

TEST(KeyOverride, NewKeysGetLlamaCppsTypes) {
  EXPECT_EQ(value_of("a=int:7"), GgufValue::u32(7));
  EXPECT_EQ(value_of("a=int:-7"), GgufValue::i32(-7));
  EXPECT_EQ(value_of("a=int:4294967296").type, GgufType::kInt64);
  EXPECT_EQ(value_of("a=float:0.5"), GgufValue::f32(0.5f));
  EXPECT_EQ(value_of("a=float:1e-5"), GgufValue::f32(1e-5f));
  EXPECT_EQ(value_of("a=bool:false"), GgufValue::boolean(false));
  EXPECT_EQ(value_of("a=str:x=y:z"), GgufValue::string("x=y:z"));
  EXPECT_EQ(value_of("a=str:"), GgufValue::string(""));
}

TEST(KeyOverride, AKnownKeyKeepsItsWidthAndPlace) {
  GgufMetadata metadata;
  metadata.set("top_k", GgufValue::i32(40));
  metadata.set("small", {GgufType::kUint8, uint64_t{1}});
  metadata.set("wide", {GgufType::kFloat64, 1.0});
  EXPECT_EQ(value_of("top_k=int:5", metadata), GgufValue::i32(5));
  EXPECT_EQ(value_of("small=int:255", metadata).type, GgufType::kUint8);
  EXPECT_EQ(value_of("wide=float:0.1", metadata), (GgufValue{GgufType::kFloat64, 0.1}));
  EXPECT_EQ(applied("small=int:3", metadata).entries()[1].key, "small");
}

TEST(KeyOverride, WhatDoesNotFitOrBreaksTheFileIsRefused) {
  GgufMetadata metadata;
  metadata.set("small", {GgufType::kUint8, uint64_t{1}});
  metadata.set("name", GgufValue::string("Phi"));
  metadata.set("list", GgufValue::strings({"a"}));
  metadata.set("ratio", GgufValue::f32(1));
  metadata.set("on", GgufValue::boolean(true));
  for (const char* text :
       {"small=int:256", "small=int:-1", "small=float:1", "name=int:1", "list=str:a", "list=int:1", "ratio=int:1",
        "ratio=float:1e39", "on=int:1", "on=str:true", "general.architecture=str:llama", "general.alignment=int:64",
        "general.quantization_version=int:3", "split.count=int:2", "aurea.anything=int:1"}) {
    try {
      applied(text, metadata);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_THAT(error.what(), testing::HasSubstr(fmt::format(
                                    "'{}'", std::string_view(text).substr(0, std::string_view(text).find('=')))));
    }
  }
}

TEST(KeyOverride, OtherSpellingsAreRefused) {
  for (const char* text :
       {"", "a", "a=", "a=1", "a=int", "a=int:", "a=int:x", "a=int:1.5", "a=int:99999999999999999999",
        "a=float:", "a=float:nan", "a=float:inf", "a=bool:1", "a=bool:True", "a=u32:1", "=int:1"}) {
    EXPECT_THROW(parse_key_override(text), Error) << text;
  }
}

}  // namespace
}  // namespace aurea::exporters
