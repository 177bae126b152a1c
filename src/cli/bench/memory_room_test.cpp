// Which tests are left out when memory is short.
#include <gtest/gtest.h>

#include "cli/bench/memory_room.h"
#include "core/error.h"

namespace aurea::cli::bench {
namespace {

Row decode(size_t model, size_t batch, size_t depth) {
  return {.model = model, .work = {.kind = Kind::kDecode, .generate = 10, .batch = batch, .depth = depth}};
}

TEST(MemoryRoom, SequencesOfADepthAreShared) {
  // 10 tokens of 100 bytes each; then 8 sequences of 10, of which one is there already; then one of 110.
  std::vector<Row> rows = {decode(0, 1, 0), decode(0, 8, 0), decode(0, 1, 100)};
  leave_out_too_large(rows, std::vector<uint64_t>{100}, 8'000 + 11'000);
  for (const Row& row : rows) EXPECT_EQ(row.left_out, "");
  leave_out_too_large(rows, std::vector<uint64_t>{100}, 8'000 + 10'999);
  EXPECT_EQ(rows[1].left_out, "");
  EXPECT_EQ(rows[2].left_out, "its keys and values take 11.0 kB, 11.0 kB of memory are free for them");
}

TEST(MemoryRoom, WhatFollowsATooLargeOneMayFit) {
  std::vector<Row> rows = {
      decode(0, 100, 1000), decode(0, 1, 0), decode(1, 1, 0), {.work = {.kind = Kind::kPrefill, .prompt = 5}}};
  leave_out_too_large(rows, std::vector<uint64_t>{100, 10}, 1'000 + 100 + 500);
  EXPECT_NE(rows[0].left_out, "");
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(rows[i].left_out, "");
}

TEST(MemoryRoom, NothingLeftIsAnError) {
  std::vector<Row> rows = {decode(0, 8, 1000)};
  try {
    leave_out_too_large(rows, std::vector<uint64_t>{100}, 99);
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory);
    EXPECT_EQ(std::string(error.what()),
              "decode 10 x 8 at 1000: its keys and values take 808 kB, 99 B of memory are free for them");
  }
}

}  // namespace
}  // namespace aurea::cli::bench
