// Lines of --tensor-type and files of them, good and bad.
#include "quantization/type_override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "tests/support/test_support.h"

namespace aurea::quantization {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(NamePattern, IsSearchedInAnyCase) {
  EXPECT_TRUE(NamePattern("ATTN_v").found_in("blk.0.attn_v.weight"));
  EXPECT_TRUE(NamePattern("blk\\.(1[0-9]|2)\\.ffn").found_in("blk.12.ffn_up.weight"));
  EXPECT_FALSE(NamePattern("blk\\.(1[0-9]|2)\\.ffn").found_in("blk.1.ffn_up.weight"));
  EXPECT_FALSE(NamePattern("^ffn").found_in("blk.0.ffn_up.weight"));
  EXPECT_TRUE(NamePattern("blk\\.\\D").found_in("blk.x"));  // escapes are not made lower-case: \d is another class
  EXPECT_FALSE(NamePattern("blk\\.\\D").found_in("blk.0"));
}

TEST(NamePattern, MistakesAndRunawaysAreNamed) {
  EXPECT_THAT(message_of([] { NamePattern("blk.(0"); }), testing::HasSubstr("'blk.(0' is no regular expression"));
  EXPECT_THAT(message_of([] { NamePattern(std::string(2000, 'a')); }), testing::HasSubstr("2000 bytes"));
  EXPECT_THAT(message_of([] { (void)NamePattern("(a+)+$").found_in(std::string(60, 'a') + "b"); }),
              testing::HasSubstr("(a+)+$"));
  EXPECT_NO_THROW((void)NamePattern(".*.*x.*y").found_in(std::string(63, 'a')));
}

TEST(NamePattern, AnExactOneMatchesOneName) {
  const NamePattern exact(exact_pattern("blk.1.ffn_down.weight"));
  EXPECT_TRUE(exact.found_in("blk.1.ffn_down.weight"));
  for (const char* other :
       {"blk.11.ffn_down.weight", "blk.1.ffn_down.weights", "blk.1xffn_down.weight", "ablk.1.ffn_down.weight"}) {
    EXPECT_FALSE(exact.found_in(other)) << other;
  }
  for (const char* name : {"a+b(c)[d]{e}|f^$?*\\", "x-y z", "\xc3\xa9.weight"})
    EXPECT_TRUE(NamePattern(exact_pattern(name)).found_in(name)) << name;
}

TEST(TypeOverride, TheTypeStandsBehindTheLastEqualsSign) {
  const TypeOverride override = parse_type_override("ffn(?=_down)=iq4_xs", "--tensor-type");
  EXPECT_EQ(override.type, QuantType::kIQ4_XS);
  EXPECT_EQ(override.pattern.text(), "ffn(?=_down)");
}

TEST(TypeOverride, MistakesNameTextAndPlace) {
  for (const char* text : {"", "=", "ffn", "=q4_k", "ffn="}) {
    EXPECT_THAT(message_of([&] { parse_type_override(text, "here"); }),
                testing::HasSubstr(fmt::format("here: '{}'", text)));
  }
  const std::string unknown = message_of([] { parse_type_override("ffn=q4_k_m", "here"); });
  EXPECT_THAT(unknown, testing::HasSubstr("'q4_k_m' is no tensor type; known: F32 F16"));
  EXPECT_THAT(unknown, testing::HasSubstr("here: "));
}

TEST(TypeOverride, FilesHaveCommentsAndSeveralOnALine) {
  const aurea::test::ScratchDir scratch;
  aurea::test::write_file(scratch / "types.txt", "# all of it\n\n  attn_v=q6_k  ffn_down=q5_k # the rest stays\n" +
                                                     exact_override("blk.0.ffn_up.weight", QuantType::kQ8_0));
  const auto overrides = read_type_overrides(scratch / "types.txt");
  ASSERT_EQ(overrides.size(), 3u);
  EXPECT_EQ(overrides[1].pattern.text(), "ffn_down");
  EXPECT_EQ(overrides[1].type, QuantType::kQ5_K);
  EXPECT_THAT(overrides[2].origin, testing::EndsWith("types.txt, line 4"));
  EXPECT_TRUE(overrides[2].pattern.found_in("blk.0.ffn_up.weight"));

  aurea::test::write_file(scratch / "bad.txt", "attn_v=q6_k\nattn_k\n");
  EXPECT_THAT(message_of([&] { read_type_overrides(scratch / "bad.txt"); }),
              testing::HasSubstr("bad.txt, line 2: 'attn_k'"));
  EXPECT_THROW(read_type_overrides(scratch / "absent.txt"), Error);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "a=F16\n";
  aurea::test::write_file(scratch / "many.txt", many);
  EXPECT_THROW(read_type_overrides(scratch / "many.txt"), Error);
}

}  // namespace
}  // namespace aurea::quantization
