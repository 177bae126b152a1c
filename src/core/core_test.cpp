// Unit tests of the small parts of core: UTF-8, JSON limits, output files, the thread pool.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "core/checked_math.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "core/output_file.h"
#include "core/quant_type.h"
#include "core/thread_pool.h"
#include "core/utf8.h"
#include "tests/support/test_support.h"

namespace aurea {
namespace {

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTooLargeValues) {
  for (const char* bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
  }
  EXPECT_TRUE(is_valid_utf8("na\u00efve \u6771\u4eac \U0001F600"));
}

TEST(Utf8, EveryCodePointSurvivesTheRoundTrip) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, value);
    const CodePoint point = decode_utf8(text, 0);
    ASSERT_TRUE(point.valid);
    ASSERT_EQ(point.value, value);
    ASSERT_EQ(point.bytes, text.size());
  }
}

TEST(Utf8, PrefixNeverSplitsACharacterAndNeverStalls) {
  const std::string smile = "a\U0001F600";
  EXPECT_EQ(complete_utf8_prefix(smile), 5u);
  EXPECT_EQ(complete_utf8_prefix(smile.substr(0, 4)), 1u);
  EXPECT_EQ(complete_utf8_prefix(smile.substr(0, 2)), 1u);
  EXPECT_EQ(complete_utf8_prefix("a\xFF"), 2u);      // can never become valid
  EXPECT_EQ(complete_utf8_prefix("a\xE0\x80"), 3u);  // overlong: can never become valid
  EXPECT_EQ(complete_utf8_prefix("\x80\x80\x80\x80"), 4u);
  EXPECT_EQ(sanitize_utf8("a\xFFz"), "a\uFFFDz");
}

TEST(Json, RefusesDepthRepeatedKeysAndGarbage) {
  EXPECT_THROW(parse_json(std::string(300, '['), "x"), Error);
  EXPECT_THROW(parse_json(std::string(1000000, '['), "x"), Error);
  EXPECT_THROW(parse_json(R"({"a":1,"a":2})", "x"), Error);
  EXPECT_THROW(parse_json("{", "x"), Error);
  EXPECT_THROW(parse_json("\"\xFF\"", "x"), Error);
  EXPECT_EQ(parse_json(R"({"b":1,"a":[{"a":1},{"a":2}]})", "x").dump(), R"({"b":1,"a":[{"a":1},{"a":2}]})");
}

// A scan of the keys before each key would run into the time limit of the tests.
TEST(Json, AVocabularyOf300kKeysIsNoObstacle) {
  std::string text = "{\"first\":0";
  for (int i = 1; i < 300000; ++i) text += fmt::format(",\"token {}\":{}", i, i);
  EXPECT_EQ(parse_json(text + "}", "x").size(), 300000u);
  EXPECT_THROW(parse_json(text + ",\"first\":1}", "x"), Error);
}

TEST(Json, TheNumberOfValuesIsBounded) {
  std::string items(2 * (kJsonMaxValues - 1), '0');  // and the array itself
  for (size_t at = 1; at < items.size(); at += 2) items[at] = ',';
  items.pop_back();
  EXPECT_EQ(parse_json("[" + items + "]", "x").size(), kJsonMaxValues - 1);
  try {
    parse_json("[" + items + ",{}]", "x");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_EQ(std::string(error.what()), fmt::format("x: more than {} JSON values", kJsonMaxValues));
  }
}

TEST(Json, MembersNameWhatIsWrong) {
  const Json object = parse_json(R"({"n":"x","big":18446744073709551615,"none":null})", "x");
  EXPECT_EQ(optional_int(object, "none"), std::nullopt);
  EXPECT_THROW(optional_int(object, "big"), Error);
  try {
    optional_int(object, "n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "key 'n': expected an integer, found string");
  }
}

TEST(OutputFile, AppearsOnlyWhenCommitted) {
  const test::ScratchDir scratch;
  {
    OutputFile file(scratch / "out", false);
    file.write("abc");
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  {
    OutputFile file(scratch / "out", false);
    file.write("abc");
    file.commit();
  }
  EXPECT_EQ(test::read_file(scratch / "out"), "abc");
  EXPECT_THROW(OutputFile(scratch / "out", false), Error);
  EXPECT_NO_THROW(OutputFile(scratch / "out", true));
  EXPECT_EQ(test::read_file(scratch / "out"), "abc");
}

TEST(OutputFile, WritesThroughNothingThatLiesAtTheTemporaryName) {
  const test::ScratchDir scratch;
  test::write_file(scratch / "precious", "precious");
  const auto temporary = [&](int attempt) { return scratch / fmt::format(".out.{}-{}.part", ::getpid(), attempt); };
  std::filesystem::create_symlink(scratch / "precious", temporary(0));
  std::filesystem::create_symlink(scratch / "created", temporary(1));
  ASSERT_EQ(::mkfifo(temporary(2).c_str(), 0600), 0);
  OutputFile file(scratch / "out", false);
  file.write("abc");
  file.commit();
  EXPECT_EQ(test::read_file(scratch / "out"), "abc");
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(scratch / "out")));
  EXPECT_EQ(test::read_file(scratch / "precious"), "precious");
  EXPECT_FALSE(std::filesystem::exists(scratch / "created"));
  EXPECT_TRUE(std::filesystem::is_fifo(temporary(2)));
}

TEST(OutputFile, SaysEarlyWhyAPlaceIsNoPlaceForAFile) {
  const test::ScratchDir scratch;
  test::write_file(scratch / "file", "");
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  const std::pair<std::filesystem::path, const char*> cases[] = {
      {"", "expected the name of a file"},       {scratch / "folder/", "expected the name of a file"},
      {scratch.path(), "this is a folder"},      {scratch / "pipe", "not a regular file"},
      {scratch / "file", "exists already"},      {scratch / "missing/out", "No such file or directory"},
      {scratch / "file/out", "Not a directory"}, {scratch / std::string(300, 'n'), "File name too long"}};
  for (const auto& [path, reason] : cases) {
    try {
      check_output_path(path, false);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr(path.string()), testing::HasSubstr(reason)));
    }
  }
  EXPECT_NO_THROW(check_output_path(scratch / "file", true));
  EXPECT_NO_THROW(OutputFile(scratch / std::string(255, 'n'), false));  // the longest name there is
}

TEST(MappedFile, RefusesWhatIsNotAFile) {
  const test::ScratchDir scratch;
  EXPECT_THROW(MappedFile(scratch / "absent"), Error);
  EXPECT_THROW(MappedFile(scratch.path()), Error);
  test::write_file(scratch / "empty", "");
  EXPECT_TRUE(MappedFile(scratch / "empty").bytes().empty());
}

TEST(CheckedMath, ThrowsInsteadOfWrapping) {
  EXPECT_EQ(checked_round_up(33, 32, "x"), 64u);
  EXPECT_THROW(checked_round_up(UINT64_MAX - 3, 32, "x"), Error);
  EXPECT_THROW(checked_mul(UINT64_MAX / 2, 3, "x"), Error);
  EXPECT_THROW(checked_add(UINT64_MAX, 1, "x"), Error);
}

TEST(QuantType, NamesAndIdsFindTheirRow) {
  for (const QuantTypeInfo& row : kQuantTypes) {
    EXPECT_EQ(find_quant_type(row.name), row.type);
    EXPECT_EQ(find_quant_type_by_gguf_id(row.gguf_id), row.type);
  }
  EXPECT_EQ(find_quant_type("q4_k"), QuantType::kQ4_K);
  EXPECT_EQ(find_quant_type("Q4"), std::nullopt);
  EXPECT_EQ(find_quant_type_by_gguf_id(4), std::nullopt);
}

TEST(ThreadPool, EveryItemOnceForAnyNumberOfThreads) {
  for (const unsigned threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> hits(1000);
      pool.parallel_for(hits.size(), 7, [&](size_t begin, size_t end, unsigned thread) {
        ASSERT_LT(thread, pool.size());
        for (size_t i = begin; i < end; ++i) ++hits[i];
      });
      for (const auto& hit : hits) ASSERT_EQ(hit, 1);
    }
  }
}

TEST(ThreadPool, RethrowsTheFirstErrorAndStaysUsable) {
  ThreadPool pool(3);
  const auto bad = [](size_t begin, size_t, unsigned) {
    if (begin == 50) throw Error(ErrorCode::kBadFile, "row 50");
  };
  EXPECT_THROW(pool.parallel_for(100, 1, bad), Error);
  std::atomic<size_t> sum = 0;
  pool.parallel_for(100, 1, [&](size_t begin, size_t, unsigned) { sum += begin; });
  EXPECT_EQ(sum, 4950u);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AUREA_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define AUREA_TEST_SANITIZED 1
#endif
#endif

#ifndef AUREA_TEST_SANITIZED  // sanitizers cannot live with a limit on the address space

/// Ends the process: with 0 if a pool whose threads find no room for their stacks says so. SIGALRM ends one that hangs.
[[noreturn]] void start_threads_without_room() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t room = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{100} << 20);
  const rlimit limit{room, room};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
  ::alarm(60);
  try {
    const ThreadPool pool(250);
    ::_exit(3);
  } catch (const Error& error) {
    ::_exit(error.code() == ErrorCode::kOutOfMemory && std::string(error.what()).starts_with("250 threads asked for")
                ? 0
                : 4);
  }
}

TEST(ThreadPoolDeathTest, ThreadsThatCannotStartAreAnErrorAndNotAnEndlessWait) {
  EXPECT_EXIT(start_threads_without_room(), testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
}  // namespace aurea
