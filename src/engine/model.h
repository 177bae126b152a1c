// A model ready to be used: its source, its tokenizer and its chat template, from a GGUF file or a Hugging Face folder.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "models/source.h"
#include "templates/chat_template.h"
#include "tokenizers/tokenizer.h"

namespace aurea::engine {

class Model {
 public:
  /// Throws kBadFile / kUnsupported. A model without a tokenizer loads: it can be run on token ids.
  static Model load(const std::filesystem::path& path);

  [[nodiscard]] const models::ModelSource& source() const { return *source_; }
  [[nodiscard]] bool has_tokenizer() const { return tokenizer_ != nullptr; }
  /// Throws kUnsupported, saying how to go on without one.
  [[nodiscard]] const tokenizers::Tokenizer& tokenizer() const;
  [[nodiscard]] bool has_chat_template() const { return chat_template_.has_value(); }
  /// Throws kUnsupported when the model brings none.
  [[nodiscard]] const templates::ChatTemplate& chat_template() const;

  /// Renders messages ([{"role", "content"}, ...]) with the model's template and encodes them: control tokens are recognised
  /// in the template's own text, never in the messages' contents.
  [[nodiscard]] std::vector<int32_t> encode_chat(const Json& messages, bool add_generation_prompt) const;

  /// What the template puts around the messages of a conversation that the user begins.
  struct ChatFrame {
    std::vector<int32_t> begin;         // a conversation, the user's turn left open
    std::vector<int32_t> to_assistant;  // ends the user's turn, opens the assistant's
    std::vector<int32_t> to_user;       // and back
  };
  /// Nothing without a template, or when it does not render such a conversation as text around each message.
  [[nodiscard]] std::optional<ChatFrame> chat_frame() const;

 private:
  [[nodiscard]] std::vector<templates::Span> render_chat(const Json& messages, bool add_generation_prompt) const;

  std::unique_ptr<models::ModelSource> source_;
  std::unique_ptr<tokenizers::Tokenizer> tokenizer_;
  std::optional<templates::ChatTemplate> chat_template_;
};

}  // namespace aurea::engine
