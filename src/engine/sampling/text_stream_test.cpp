#include "engine/sampling/text_stream.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/utf8.h"

namespace aurea::engine {
namespace {

/// Everything shown when the bytes come in pieces of `step`; every piece shown must be valid by itself.
std::string feed(TextStream& stream, std::string_view bytes, size_t step = 1) {
  std::string shown;
  for (size_t at = 0; at < bytes.size(); at += step) {
    const std::string piece = stream.push(bytes.substr(at, step));
    EXPECT_TRUE(is_valid_utf8(piece));
    shown += piece;
  }
  return shown + stream.finish();
}

struct StopCase {
  std::vector<std::string> stops;
  std::string bytes, shown;
  bool stopped;
};

TEST(TextStream, NeverSplitsACharacter) {
  TextStream stream;
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x98\x80z"), "\U0001F600z");
  EXPECT_EQ(stream.push(""), "");
  TextStream all;
  EXPECT_EQ(feed(all, "na\u00efve \u6771\u4eac \U0001F600"), "na\u00efve \u6771\u4eac \U0001F600");
}

TEST(TextStream, UnfinishedAndBrokenCharactersBecomeReplacements) {
  TextStream stream;
  EXPECT_EQ(feed(stream, "a\xF0\x9F"), "a\uFFFD\uFFFD");
  TextStream broken;
  EXPECT_EQ(broken.push("a\xFF"), "a\uFFFD") << "a byte that no character begins with is not waited on";
  EXPECT_EQ(broken.push("\xE2("), "\uFFFD(");
}

TEST(TextStream, TheCutsBetweenTokensDoNotMatter) {
  const StopCase kCases[] = {
      {{"END"}, "text EN ENDrest", "text EN ", true},
      {{"END"}, "text EN", "text EN", false},
      {{"END"}, "END", "", true},
      {{"aab"}, "aaab", "a", true},
      {{"aab"}, "aaac aa", "aaac aa", false},
      {{"abab"}, "ababab", "", true},
      {{"abac"}, "ababac", "ab", true},
      {{"stop here", "top", "xyz"}, "a stop here", "a s", true},
      {{"cd", "abc"}, "xabcd", "x", true},
      {{"ab", "abc"}, "xabc", "x", true},
      {{"abc", "bc"}, "xabc", "x", true},
      {{"abcd", "bc"}, "xabcd", "xa", true},
      {{"\n\n", "\nUser:"}, "hi\nUser: x", "hi", true},
      {{"\n\n", "\nUser:"}, "hi\nUsed\n\nx", "hi\nUsed", true},
      {{"\u6771\u4eac"}, "a\u6771\u6771\u4eacb", "a\u6771", true},
      {{"\u6771\u4eac"}, "a\u6771\u4e2d", "a\u6771\u4e2d", false},
      {{"!"}, "\xE2!", "\uFFFD", true},
      {{"ab"},
       "\xE2"
       "ab",
       "\uFFFD",
       true},
      {{"ab"},
       "\xE2"
       "a\xE2",
       "\uFFFDa\uFFFD",
       false},
      {{"\u00e9"}, "caf\xC3", "caf\uFFFD", false},
      {{}, "", "", false},
  };
  for (const StopCase& item : kCases) {
    for (size_t step = 1; step <= item.bytes.size() + 1; ++step) {
      SCOPED_TRACE(item.bytes + " in pieces of " + std::to_string(step));
      TextStream stream(item.stops);
      EXPECT_EQ(feed(stream, item.bytes, step), item.shown);
      EXPECT_EQ(stream.stopped(), item.stopped);
    }
  }
}

TEST(TextStream, APossibleBeginningIsShownOnceItIsNone) {
  TextStream stream({"aab"});
  EXPECT_EQ(stream.push("aa"), "");
  EXPECT_EQ(stream.push("a"), "a");  // "aa" may still begin the stop string
  EXPECT_EQ(stream.push("c"), "aac");
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, NothingComesAfterAStop) {
  TextStream stream({"|"});
  EXPECT_EQ(stream.push("a|b"), "a");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.push("c"), "");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, LongStopStringsTakeLinearTime) {
  // An hour where each byte means comparing the whole stop string.
  const std::string stop = std::string(200'000, 'a') + "b";
  TextStream stream({stop, stop + "c"});
  EXPECT_EQ(feed(stream, std::string(400'000, 'a') + "b"), std::string(200'000, 'a'));
  EXPECT_TRUE(stream.stopped());
}

TEST(TextStream, StopStringsWithoutMeaningAreRefused) {
  EXPECT_THROW(TextStream({""}), Error);
  EXPECT_THROW(TextStream({"a", ""}), Error);
  EXPECT_THROW(TextStream({"\xFF"}), Error);
}

}  // namespace
}  // namespace aurea::engine
