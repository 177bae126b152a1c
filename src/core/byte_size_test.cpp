#include "core/byte_size.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "core/process_memory.h"

namespace aurea {
namespace {

TEST(ByteSize, Units) {
  EXPECT_EQ(parse_byte_size("4096", "--memory"), 4096u);
  EXPECT_EQ(parse_byte_size("512MiB", "--memory"), uint64_t{512} << 20);
  EXPECT_EQ(parse_byte_size("2.2GiB", "--fit"), 2362232013u);
  EXPECT_EQ(parse_byte_size("2.2 gb", "--fit"), 2'200'000'000u);
  EXPECT_EQ(parse_byte_size("300M", "--split-max-size"), 300'000'000u);
  EXPECT_EQ(parse_byte_size("1.5KiB", "x"), 1536u);
  EXPECT_EQ(parse_byte_size("1TiB", "x"), uint64_t{1} << 40);
}

TEST(ByteSize, RefusesEverythingElse) {
  for (const char* bad : {"", "MiB", "-1", "-1MiB", "0", "0.1", "1XB", "1 Mi B", "nan", "inf", "1e5", "1e99TiB",
                          "9999999999TiB", "12MiB!", "0x10"}) {
    EXPECT_THROW(parse_byte_size(bad, "--memory"), Error) << bad;
  }
}

TEST(ByteSize, IsPrintedAsItIsRead) {
  for (const uint64_t bytes :
       {uint64_t{1}, uint64_t{1000}, uint64_t{1536}, uint64_t{512} << 20, (uint64_t{3} << 40) + 1}) {
    EXPECT_EQ(parse_byte_size(to_byte_size(bytes), "x"), bytes);
  }
  EXPECT_EQ(to_byte_size(uint64_t{512} << 20), "512MiB");
}

TEST(ProcessMemory, FollowsWhatIsUsed) {
  const ResidentMemory before = resident_memory();
  ASSERT_GT(before.now, 1u << 20);
  EXPECT_GE(before.peak, before.now);
  std::vector<char> pages(64 << 20, 'x');
  asm volatile("" : : "r"(pages.data()) : "memory");  // else a compiler may see that nobody needs them
  EXPECT_GT(resident_memory().now, before.now + (60 << 20));
  EXPECT_EQ(pages[123], 'x');
}

}  // namespace
}  // namespace aurea
