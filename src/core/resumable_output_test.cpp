// Outputs that are gone on with: what is kept, what is made again, what is refused. Kills of a whole process are tried
// in tests/cli/cases/quantize/killed.sh.
#include "core/resumable_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/error.h"
#include "tests/support/test_support.h"

namespace aurea {
namespace {

using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class Resumable : public testing::Test {
 protected:
  std::vector<OutputPart> two_parts() const { return {{scratch / "a", "[A]", 9}, {scratch / "b", "[B]", 6}}; }
  std::unique_ptr<ResumableOutput> open(const std::string& fingerprint = "same", bool overwrite = false) const {
    return std::make_unique<ResumableOutput>(scratch / "a", two_parts(), overwrite, fingerprint);
  }
  /// As if the process were killed: the files stay as they are.
  static void abandon(std::unique_ptr<ResumableOutput> output) { output->keep(); }

  /// Writes from wherever `output` is to the end, in pieces of 3 with a record each.
  static void finish(ResumableOutput& output) {
    static const std::vector<std::string> kPieces = {"one", "two", "thr"};
    size_t next = output.part() == 1 ? 2 + (output.position() - 3) / 3 : (output.position() - 3) / 3;
    for (; next < 3; ++next) {
      if (next == 2 && output.part() == 0) output.next_part();
      output.write(bytes_of(kPieces[next]));
      output.record("note" + std::to_string(next));
    }
    output.commit();
  }
  void expect_finished() const {
    EXPECT_EQ(test::read_file(scratch / "a"), "[A]onetwo");
    EXPECT_EQ(test::read_file(scratch / "b"), "[B]thr");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2);
  }
  /// Two records of the first part are there, and unrecorded bytes behind them.
  void leave_a_part() const {
    auto output = open();
    for (const char* piece : {"one", "two"}) {
      output->write(bytes_of(piece));
      output->record(piece);
    }
    abandon(std::move(output));
  }
  std::filesystem::path journal() const { return scratch / ".unfinished-a.journal"; }
  std::filesystem::path hidden() const { return scratch / ".unfinished-a"; }

  test::ScratchDir scratch;
};

TEST_F(Resumable, AppearsWholeOrNotAtAll) {
  {
    auto output = open();
    output->write(bytes_of("one"));
    output->record("");
    EXPECT_FALSE(std::filesystem::exists(scratch / "a"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  auto output = open();
  EXPECT_TRUE(output->recovered().empty());
  EXPECT_EQ(output->remark(), "");
  finish(*output);
  output.reset();
  expect_finished();
  EXPECT_THROW(open(), Error);
  EXPECT_EQ(test::read_file(scratch / "a"), "[A]onetwo");
}

TEST_F(Resumable, GoesOnBehindTheLastRecord) {
  leave_a_part();
  auto output = open();
  EXPECT_EQ(output->position(), 9u);
  ASSERT_EQ(output->recovered().size(), 2u);
  EXPECT_EQ(output->recovered()[1].note, "two");
  finish(*output);
  output.reset();
  expect_finished();
}

TEST_F(Resumable, GoesOnFromEveryPlaceWhereAFileOrTheJournalEnds) {
  leave_a_part();
  const std::string file = test::read_file(hidden()), log = test::read_file(journal());
  for (size_t file_bytes = 0; file_bytes <= file.size(); ++file_bytes) {
    for (size_t log_bytes = 0; log_bytes <= log.size(); ++log_bytes) {
      test::write_file(hidden(), file.substr(0, file_bytes));
      test::write_file(journal(), log.substr(0, log_bytes));
      auto output = open();
      EXPECT_LE(output->position(), std::max<size_t>(file_bytes, 3));
      finish(*output);
      output.reset();
      expect_finished();
      std::filesystem::remove(scratch / "a");
      std::filesystem::remove(scratch / "b");
    }
  }
}

TEST_F(Resumable, DamageIsFoundByteByByte) {
  leave_a_part();
  const std::string file = test::read_file(hidden()), log = test::read_file(journal());
  for (size_t at = 3; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] ^= 1;
    test::write_file(hidden(), damaged);
    test::write_file(journal(), log);
    auto output = open();
    EXPECT_EQ(output->position(), at < 6 ? 3 : 6) << at;
    EXPECT_THAT(output->remark(), HasSubstr("damaged"));
    finish(*output);
    output.reset();
    expect_finished();
    std::filesystem::remove(scratch / "a");
    std::filesystem::remove(scratch / "b");
  }
  for (size_t at = 0; at < log.size(); ++at) {
    std::string damaged = log;
    damaged[at] ^= 1;
    test::write_file(hidden(), file);
    test::write_file(journal(), damaged);
    finish(*open());
    std::filesystem::remove(journal());  // of other files, when their names were what was damaged
    expect_finished();
    std::filesystem::remove(scratch / "a");
    std::filesystem::remove(scratch / "b");
  }
}

TEST_F(Resumable, AnotherFingerprintStartsAnewAndClearsAway) {
  leave_a_part();
  test::write_file(scratch / ".unfinished-older", "of the run before");
  std::string log = test::read_file(journal());
  log.insert(log.find(".unfinished-a"), ".unfinished-older\n../precious\n");
  test::write_file(journal(), log);
  auto output = open("other");
  EXPECT_EQ(output->position(), 3u);
  EXPECT_THAT(output->remark(), HasSubstr("starting anew"));
  EXPECT_FALSE(std::filesystem::exists(scratch / ".unfinished-older"));
  finish(*output);
  output.reset();
  expect_finished();
}

TEST_F(Resumable, WithoutAFingerprintNothingIsKept) {
  auto output = open("");
  output->write(bytes_of("one"));
  output->record("");
  output->keep();
  output.reset();
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST_F(Resumable, HeadersMayChangeUntilTheEnd) {
  auto output = open();
  output->write(bytes_of("one"));
  output->record("");
  output->write(bytes_of("two"));
  output->record("");
  output->set_header(0, "{a}");
  abandon(std::move(output));
  output = open();  // the header it was called with is back
  EXPECT_EQ(output->position(), 9u);
  EXPECT_EQ(test::read_file(hidden()).substr(0, 3), "[A]");
  output->set_header(0, "<A>");
  finish(*output);
  EXPECT_EQ(test::read_file(scratch / "a"), "<A>onetwo");
}

TEST_F(Resumable, ARunThatEndedWhileRenamingIsFinished) {
  leave_a_part();
  {
    auto output = open();
    output->next_part();
    output->write(bytes_of("thr"));
    output->record("");
    output->set_header(0, "{a}");
    abandon(std::move(output));
  }
  test::write_file(journal(), test::read_file(journal()) + "commit\n");
  std::filesystem::rename(scratch / ".unfinished-b", scratch / "b");
  auto output = open();
  EXPECT_TRUE(output->only_to_commit());
  output->commit();
  output.reset();
  EXPECT_EQ(test::read_file(scratch / "a"), "{a}onetwo");
  EXPECT_EQ(test::read_file(scratch / "b"), "[B]thr");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2);
}

TEST_F(Resumable, TwoAtOnceAreRefused) {
  auto first = open();
  try {
    open();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
    EXPECT_THAT(error.what(), HasSubstr("another run"));
  }
  finish(*first);
  first.reset();
  expect_finished();
}

TEST_F(Resumable, WritesThroughNothingThatLiesAtAHiddenName) {
  test::write_file(scratch / "precious", "precious");
  for (const auto& name : {hidden(), journal(), scratch / ".unfinished-b"}) {
    const std::vector<std::function<void()>> in_the_way = {
        [&] { std::filesystem::create_symlink(scratch / "precious", name); },
        [&] { std::filesystem::create_symlink(scratch / "created", name); },
        [&] { std::filesystem::create_hard_link(scratch / "precious", name); },
        [&] { ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0); }, [&] { std::filesystem::create_directory(name); }};
    for (const auto& make : in_the_way) {
      make();
      EXPECT_THROW(open(), Error) << name;
      EXPECT_EQ(test::read_file(scratch / "precious"), "precious");
      EXPECT_FALSE(std::filesystem::exists(scratch / "created"));
      EXPECT_TRUE(std::filesystem::remove(name)) << name;  // it was left alone
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1) << name;
    }
  }
}

TEST(UnfinishedPath, IsShortEnoughAndKeepsTheEnd) {
  EXPECT_EQ(unfinished_path("folder/x.gguf"), "folder/.unfinished-x.gguf");
  const std::string long_name(230, 'n');
  const std::string hidden = unfinished_path(long_name + "-00001-of-00002.gguf").string();
  EXPECT_LE(hidden.size(), 255 - std::string_view(".journal").size());
  EXPECT_TRUE(hidden.ends_with("n-00001-of-00002.gguf"));
  EXPECT_NE(hidden, unfinished_path("m" + long_name.substr(1) + "-00001-of-00002.gguf").string());
}

}  // namespace
}  // namespace aurea
