#include "engine/sampling/text_stream.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/utf8.h"

namespace aurea::engine {
namespace {

/// Everything shown when the bytes come one by one; every piece must be valid by itself.
std::string feed(TextStream& stream, std::string_view bytes) {
  std::string shown;
  for (const char byte : bytes) {
    const std::string piece = stream.push({&byte, 1});
    EXPECT_TRUE(is_valid_utf8(piece));
    shown += piece;
  }
  return shown + stream.finish();
}

TEST(TextStream, NeverSplitsACharacter) {
  TextStream stream({});
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x98\x80z"), "\U0001F600z");
  TextStream all({});
  EXPECT_EQ(feed(all, "na\u00efve \u6771\u4eac \U0001F600"), "na\u00efve \u6771\u4eac \U0001F600");
}

TEST(TextStream, UnfinishedAndBrokenCharactersBecomeReplacements) {
  TextStream stream({});
  EXPECT_EQ(feed(stream, "a\xF0\x9F"), "a\uFFFD\uFFFD");
  TextStream broken({});
  EXPECT_EQ(feed(broken, "a\xFF" "b"), "a\uFFFD" "b");
}

TEST(TextStream, StopStringsAreNeverShown) {
  TextStream stream({"END"});
  EXPECT_EQ(feed(stream, "text EN ENDrest"), "text EN ");
  EXPECT_TRUE(stream.stopped());
}

TEST(TextStream, TheEarliestOfSeveralStopsWins) {
  TextStream stream({"stop here", "top", "xyz"});
  EXPECT_EQ(feed(stream, "a stop here"), "a s");
  TextStream at_once({"cd", "abc"});
  EXPECT_EQ(at_once.push("xabcd"), "");
  EXPECT_EQ(at_once.finish(), "x");
}

TEST(TextStream, APossibleBeginningIsShownOnceItIsNone) {
  TextStream stream({"aab"});
  EXPECT_EQ(stream.push("aa"), "");
  EXPECT_EQ(stream.push("a"), "a");  // "aa" may still begin the stop string
  EXPECT_EQ(stream.push("c"), "aac");
  EXPECT_FALSE(stream.stopped());
}

TEST(TextStream, AnEmptyStopStringIsRefused) { EXPECT_THROW(TextStream({""}), Error); }

}  // namespace
}  // namespace aurea::engine
