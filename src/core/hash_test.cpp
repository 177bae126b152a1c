// Known answers of both hashes, and files.
#include "core/hash.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/test_support.h"

namespace aurea {
namespace {

TEST(Hash, KnownAnswers) {
  // FIPS 180-4's example and the empty message.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // xxHash's own value of XXH3 128 for no input at all (xxhsum -H128).
  EXPECT_EQ(FastHash().hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, PiecesMakeNoDifference) {
  const std::string text(100'000, 'x');
  FastHash whole, pieces;
  Sha256 sha_pieces;
  whole.update(text);
  for (size_t begin = 0; begin < text.size(); begin += 777) {
    pieces.update(std::string_view(text).substr(begin, 777));
    sha_pieces.update(std::string_view(text).substr(begin, 777));
  }
  EXPECT_EQ(whole.hex(), pieces.hex());
  EXPECT_EQ(sha256_hex(text), sha_pieces.hex());
  pieces.reset();
  EXPECT_EQ(pieces.hex(), FastHash().hex());
}

TEST(Hash, OfAFile) {
  const test::ScratchDir scratch;
  const std::string text = std::string(3'000'000, 'a') + "end";
  test::write_file(scratch / "file", text);
  EXPECT_EQ(sha256_of_file(scratch / "file"), sha256_hex(text));
  EXPECT_THROW((void)sha256_of_file(scratch / "absent"), Error);
  EXPECT_THROW((void)sha256_of_file(scratch.path()), Error);
}

}  // namespace
}  // namespace aurea
