#include "engine/model.h"

#include "core/error.h"

namespace aurea::engine {

Model Model::load(const std::filesystem::path& path) {
  Model model;
  model.source_ = std::make_unique<models::ModelSource>(models::ModelSource::open(path));
  const size_t vocab_size = model.source_->params().vocab_size;
  const formats::GgufFile* gguf = model.source_->gguf();
  std::optional<tokenizers::Vocabulary> vocabulary;
  if (gguf == nullptr) vocabulary = tokenizers::load_huggingface(path, vocab_size);  // its errors name the file
  try {
    if (gguf != nullptr) vocabulary = tokenizers::load_gguf(gguf->metadata());
    if (!vocabulary) return model;
    if (vocabulary->tokens.size() != vocab_size) {
      fail_file("the tokenizer has {} tokens but the embedding {} rows; these files do not belong together",
                vocabulary->tokens.size(), vocab_size);
    }
    if (vocabulary->chat_template) model.chat_template_.emplace(*vocabulary->chat_template);
    model.tokenizer_ = tokenizers::Tokenizer::create(*std::move(vocabulary));
  } catch (Error& error) {
    throw error.add_context(path.string());
  }
  return model;
}

const tokenizers::Tokenizer& Model::tokenizer() const {
  if (!tokenizer_) {
    fail(ErrorCode::kUnsupported, "{}: this model has no tokenizer; give token ids with --tokens instead of text",
         source_->path().string());
  }
  return *tokenizer_;
}

const templates::ChatTemplate& Model::chat_template() const {
  if (!chat_template_) {
    fail(ErrorCode::kUnsupported, "{}: this model has no chat template; use 'aurea run', which continues plain text",
         source_->path().string());
  }
  return *chat_template_;
}

std::vector<int32_t> Model::encode_chat(const Json& messages, bool add_generation_prompt) const {
  const tokenizers::Vocabulary& vocabulary = tokenizer().vocabulary();
  Json variables = {{"messages", messages}, {"tools", nullptr}, {"documents", nullptr},
                    {"add_generation_prompt", add_generation_prompt}};
  const auto set_token = [&](const char* key, std::optional<int32_t> id) {
    if (id) variables[key] = tokenizer().token_bytes(*id, true);
  };
  set_token("bos_token", vocabulary.bos);
  set_token("eos_token", vocabulary.eos);
  set_token("unk_token", vocabulary.unk);
  set_token("pad_token", vocabulary.pad);
  std::vector<templates::Span> spans;
  try {
    spans = chat_template().render_spans(variables);
  } catch (Error& error) {
    throw error.add_context(source_->path().string());
  }
  std::vector<tokenizers::Tokenizer::Piece> pieces;
  for (const templates::Span& span : spans) pieces.push_back({span.text, span.from_template});
  return tokenizer().encode_pieces(pieces, true);
}

}  // namespace aurea::engine
