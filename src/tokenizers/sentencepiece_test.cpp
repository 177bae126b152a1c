// SentencePiece: the protobuf file tokenizer.model, and bounds on what a vocabulary costs.
#include <gmock/gmock.h>

#include "tokenizers/huggingface_test_support.h"
#include "tokenizers/tokenizer.h"

namespace aurea::tokenizers {
namespace {

using testing::HasSubstr;
using namespace test_data;

/// A protobuf field with a length.
std::string field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t size = bytes.size();; size >>= 7) {
    out.push_back(static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
    if (size <= 0x7F) break;
  }
  return out + bytes;
}
std::string number_field(int number, char value) { return {static_cast<char>(number << 3), value}; }
std::string piece(const std::string& text, char type, const std::string& score = std::string(4, '\0')) {
  return field(1, field(1, text) + "\x15" + score + number_field(3, type));
}
const std::string kBpeSpec = field(2, number_field(3, 2));
const std::string kIdentity = field(3, number_field(4, 0));

TEST(SentencePieceModel, UnsupportedAndMalformedModelsAreNamed) {
  const auto message = [](const std::string& bytes, ErrorCode code) {
    HuggingFaceFiles files;
    files.folder = "folder";
    files.tokenizer_model = bytes;
    files.tokenizer_config = R"({"add_bos_token": false})";
    return message_of([&] { (void)build_vocabulary(files, 0); }, code);
  };
  const std::string pieces = piece("<unk>", 2) + piece("<s>", 3) + piece("</s>", 3) + piece("a", 1);
  EXPECT_EQ(message(pieces + kBpeSpec + kIdentity, ErrorCode::kInternal), "");
  EXPECT_THAT(message("", ErrorCode::kBadFile), HasSubstr("without pieces"));
  EXPECT_THAT(message("garbage", ErrorCode::kBadFile), HasSubstr("folder/tokenizer.model"));
  EXPECT_THAT(message((pieces + kBpeSpec).substr(0, 20), ErrorCode::kBadFile), HasSubstr("not a SentencePiece model"));
  EXPECT_THAT(message(pieces + kIdentity, ErrorCode::kUnsupported), HasSubstr("type 1"));
  EXPECT_THAT(message(pieces + kBpeSpec, ErrorCode::kUnsupported), HasSubstr("remove_extra_whitespaces"));
  EXPECT_THAT(message(pieces + kBpeSpec + field(3, number_field(4, 0) + field(2, "map")), ErrorCode::kUnsupported),
              HasSubstr("charsmap"));
  EXPECT_THAT(message(piece("a", 9) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("type 9"));
  EXPECT_THAT(message(piece("<0x+1>", 6) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("<0x+1>"));
  EXPECT_THAT(message(piece("a", 1, std::string("\0\0\xC0\x7F", 4)) + kBpeSpec + kIdentity, ErrorCode::kBadFile),
              HasSubstr("finite"));
  EXPECT_THAT(message(piece("a", 1) + kBpeSpec + kIdentity, ErrorCode::kBadFile), HasSubstr("bos_id"));
}

TEST(SentencePieceBpe, TheWorkOfSplittingPiecesIsBounded) {
  const auto message = [](const std::vector<std::string>& pieces) {
    Vocabulary vocabulary = sentencepiece({});
    for (const std::string& text : pieces) vocabulary.tokens.push_back({text});
    return message_of([&] { (void)Tokenizer::create(vocabulary); }, ErrorCode::kUnsupported);
  };
  // Every word of at most 18 letters a and b: each can be made at each of its letters.
  std::vector<std::string> words;
  for (uint32_t word = 2; word < (1u << 19); ++word) {
    std::string& text = words.emplace_back();
    for (uint32_t bits = word; bits > 1; bits >>= 1) text += bits & 1 ? 'b' : 'a';
  }
  EXPECT_THAT(message(words), HasSubstr("more than 4194304 ways"));
  // 65,537 pieces of 256 bytes that cannot be made at all.
  std::vector<std::string> long_pieces;
  for (char32_t i = 0; i <= 65'536; ++i) {
    std::string& text = long_pieces.emplace_back();
    append_utf8(text, 0x10000 + i % 4096);
    append_utf8(text, 0x10000 + i / 4096);
    while (text.size() < 256) append_utf8(text, 0x1F600);
  }
  EXPECT_THAT(message(long_pieces), HasSubstr("more than 16777216 bytes"));
  long_pieces.pop_back();
  EXPECT_EQ(message(long_pieces), "");
}

}  // namespace
}  // namespace aurea::tokenizers
