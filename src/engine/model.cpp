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

std::vector<templates::Span> Model::render_chat(const Json& messages, bool add_generation_prompt) const {
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
  try {
    return chat_template().render_spans(variables);
  } catch (Error& error) {
    throw error.add_context(source_->path().string());
  }
}

std::vector<int32_t> Model::encode_chat(const Json& messages, bool add_generation_prompt) const {
  const std::vector<templates::Span> spans = render_chat(messages, add_generation_prompt);
  std::vector<tokenizers::Tokenizer::Piece> pieces;
  for (const templates::Span& span : spans) pieces.push_back({span.text, span.from_template});
  return tokenizer().encode_pieces(pieces, true);
}

std::optional<Model::ChatFrame> Model::chat_frame() const {
  if (!has_tokenizer() || !has_chat_template()) return std::nullopt;
  const Json messages = {{{"role", "user"}, {"content", "a"}}, {{"role", "assistant"}, {"content", "b"}}, {{"role", "user"}, {"content", "c"}}};
  std::vector<templates::Span> spans;
  try {
    spans = render_chat(messages, false);
  } catch (const templates::TemplateError&) {
    return std::nullopt;
  }
  // Template's text and message by turns.
  constexpr std::string_view kContents[] = {"a", "b", "c"};
  if (spans.size() < 6) return std::nullopt;
  for (size_t i = 0; i < 6; ++i) {
    const bool is_content = i % 2 == 1;
    if (spans[i].from_template == is_content || (is_content && spans[i].text != kContents[i / 2])) return std::nullopt;
  }
  const auto encode = [&](size_t i) { return tokenizer().encode_pieces({{{spans[i].text, true}}}, i == 0); };
  return ChatFrame{.begin = encode(0), .to_assistant = encode(2), .to_user = encode(4)};
}

}  // namespace aurea::engine
