#include "tokenizers/sentencepiece_model.h"

#include <sentencepiece_model.pb.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace aurea::tokenizers {
namespace {

constexpr int kModelTypeBpe = 2;

void check_supported(const sentencepiece::Model& model, const std::string& source) {
  const auto refuse = [&](const char* what) { fail(ErrorCode::kUnsupported, "{}: {} is not supported", source, what); };
  if (model.trainer_spec().model_type() != kModelTypeBpe) {
    fail(ErrorCode::kUnsupported, "{}: SentencePiece model type {} is not supported, only 2 (BPE)", source,
         model.trainer_spec().model_type());
  }
  if (model.trainer_spec().treat_whitespace_as_suffix()) refuse("trainer_spec.treat_whitespace_as_suffix");
  if (!model.normalizer_spec().precompiled_charsmap().empty()) refuse("normalizer_spec.precompiled_charsmap");
  if (model.normalizer_spec().remove_extra_whitespaces()) refuse("normalizer_spec.remove_extra_whitespaces");
  if (!model.normalizer_spec().escape_whitespaces()) refuse("normalizer_spec.escape_whitespaces = false");
}

Token parse_piece(const sentencepiece::Piece& piece, int id, const std::string& source) {
  if (piece.type() < 1 || piece.type() > static_cast<int>(TokenType::kByte)) {
    fail_file("{}: piece {} has type {}, expected 1 to 6", source, id, piece.type());
  }
  if (!std::isfinite(piece.score())) fail_file("{}: the score of piece {} is not finite", source, id);
  Token token;
  token.text = piece.piece();
  token.score = piece.score();
  token.type = static_cast<TokenType>(piece.type());
  if (token.type == TokenType::kByte && !parse_byte_token(token.text)) {
    fail_file("{}: piece {} is a byte, but its text is '{}' and not <0x00> to <0xFF>", source, id, token.text);
  }
  return token;
}

}  // namespace

Vocabulary parse_sentencepiece_model(std::string_view bytes, const std::string& source) {
  sentencepiece::Model model;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail_file("{}: not a SentencePiece model", source);
  }
  if (model.pieces_size() == 0) fail_file("{}: a SentencePiece model without pieces", source);
  if (static_cast<size_t>(model.pieces_size()) > kMaxTokens) {
    fail(ErrorCode::kUnsupported, "{}: {} pieces; the most that are supported is {}", source, model.pieces_size(),
         kMaxTokens);
  }
  check_supported(model, source);

  Vocabulary vocabulary;
  for (int id = 0; id < model.pieces_size(); ++id)
    vocabulary.tokens.push_back(parse_piece(model.pieces(id), id, source));
  const auto id_of = [&](const char* name, int id) -> std::optional<TokenId> {
    if (id < 0) return std::nullopt;
    if (id >= model.pieces_size())
      fail_file("{}: trainer_spec.{} is {}, with {} pieces", source, name, id, model.pieces_size());
    return id;
  };
  const sentencepiece::TrainerSpec& trainer = model.trainer_spec();
  vocabulary.unk = id_of("unk_id", trainer.unk_id());
  vocabulary.bos = id_of("bos_id", trainer.bos_id());
  vocabulary.eos = id_of("eos_id", trainer.eos_id());
  vocabulary.pad = id_of("pad_id", trainer.pad_id());
  vocabulary.add_space_prefix = model.normalizer_spec().add_dummy_prefix();
  return vocabulary;
}

}  // namespace aurea::tokenizers
