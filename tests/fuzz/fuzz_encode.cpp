// Any bytes through each kind of tokenizer. The first byte chooses the tokenizer, the second says where to cut the rest
// into two pieces and which of them may hold control tokens.
#include <array>
#include <string>
#include <string_view>

#include "core/error.h"
#include "tests/fuzz/fuzz_support.h"
#include "tokenizers/test_vocabularies.h"
#include "tokenizers/tokenizer.h"

namespace {

using namespace aurea;
using tokenizers::Tokenizer;
namespace test_data = tokenizers::test_data;

std::unique_ptr<Tokenizer> byte_level(const char* pre) {
  return Tokenizer::create(test_data::byte_level(pre, {"t h", "th e", "Ġ the", "Ġ Ġ", "ĠĠ ĠĠ", "Ċ Ċ", "a a", "aa aa"},
                                                 {test_data::control("<|a|>", true, true)}));
}

std::unique_ptr<Tokenizer> sentencepiece(bool words_are_separate) {
  return Tokenizer::create(test_data::sentencepiece({"\u2581", "t", "h", "e", "th", "the", "\u2581the", "\u2581\u2581",
                                                     "a", "aa", words_are_separate ? "aaa" : "a\u2581"},
                                                    {test_data::control("<|a|>", false, true)}));
}

const Tokenizer& tokenizer_for(uint8_t choice) {
  static const std::array<std::unique_ptr<Tokenizer>, 7> kTokenizers = {
      byte_level("gpt-2"),   byte_level("dbrx"),  byte_level("gpt-4o"), byte_level("llama-bpe"),
      byte_level("default"), sentencepiece(true), sentencepiece(false)};
  return *kTokenizers[choice % kTokenizers.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Tokenizer& tokenizer = tokenizer_for(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  // Without control tokens every byte comes back; U+2581 is SentencePiece's space.
  const bool sentencepiece = tokenizer.vocabulary().kind == tokenizers::TokenizerKind::kSentencePiece;
  const auto ids = tokenizer.encode(text, {.add_special = false, .parse_special = false});
  if (!sentencepiece || text.find("\u2581") == std::string_view::npos) fuzz::require(tokenizer.decode(ids) == text);

  // Two pieces that allow the same are one text; pieces that allow nothing give the plain ids.
  const size_t cut = text.empty() ? 0 : data[1] % text.size();
  const bool first = (data[1] & 64) != 0, second = (data[1] & 128) != 0;
  const std::array<Tokenizer::Piece, 2> pieces = {{{text.substr(0, cut), first}, {text.substr(cut), second}}};
  const auto piece_ids = tokenizer.encode_pieces(pieces, false);
  if (first == second)
    fuzz::require(piece_ids == tokenizer.encode(text, {.add_special = false, .parse_special = first}));
  return 0;
}
