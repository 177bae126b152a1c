#include "tokenizers/pre_tokenizer.h"

#include <algorithm>

#include "core/error.h"

namespace aurea::tokenizers {

// Each expression below needs a bounded number of steps per byte: in every alternative at most one repetition can give
// back what it took, and what it scanned in vain belongs to the piece that another alternative then matches.

const std::string_view kGpt2Expression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

constexpr std::string_view kCl100kExpression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// The same as llama.cpp spells it.
constexpr std::string_view kCl100kOfLlamaCpp =
    R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::string_view kO200kExpression =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// Names that share expressions: the first of a kind is the one written to GGUF files.
const std::vector<PreTokenizerInfo>& known_pre_tokenizers() {
  static const std::vector<PreTokenizerInfo> table = {
      {"gpt-2", {kGpt2Expression}, false, false},
      {"phi-2", {kGpt2Expression}, false, false},
      {"dbrx", {kCl100kExpression}, false, false},
      {"smaug-bpe", {kCl100kExpression}, false, false},
      {"chatglm-bpe", {kCl100kExpression}, false, false},
      {"glm4", {kCl100kExpression}, false, false},
      {"llama-bpe", {kCl100kExpression}, true, true},
      {"llama3", {kCl100kExpression}, true, true},
      {"llama-v3", {kCl100kExpression}, true, true},
      {"gpt-4o", {kO200kExpression}, false, false},
      {"default",
       {R"([\p{P}\$\+<=>\^~\|]+)", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))",
        R"(\p{N}+)", R"([0-9][0-9][0-9])"},
       false,
       false},
  };
  return table;
}

bool is_known(std::string_view expression) {
  return expression == kCl100kOfLlamaCpp ||
         std::ranges::any_of(known_pre_tokenizers(), [&](const PreTokenizerInfo& info) {
           return std::ranges::find(info.expressions, expression) != info.expressions.end();
         });
}

}  // namespace

const PreTokenizerInfo* find_pre_tokenizer(std::string_view name) {
  const auto& table = known_pre_tokenizers();
  const auto found = std::ranges::find(table, name, &PreTokenizerInfo::name);
  return found == table.end() ? nullptr : &*found;
}

std::optional<std::string_view> name_pre_tokenizer(std::span<const std::string> expressions, bool ignore_merges,
                                                   bool has_white_space_tokens) {
  std::vector<std::string_view> wanted(expressions.begin(), expressions.end());
  for (std::string_view& expression : wanted) {
    if (expression == kCl100kOfLlamaCpp) expression = kCl100kExpression;
  }
  for (const PreTokenizerInfo& info : known_pre_tokenizers()) {
    if (info.expressions != wanted || info.ignore_merges != ignore_merges) continue;
    return info.name == "gpt-2" && has_white_space_tokens ? "phi-2" : info.name;
  }
  return std::nullopt;
}

PreTokenizer::PreTokenizer(const Vocabulary& vocabulary) {
  if (vocabulary.pre.empty()) {
    for (const std::string& expression : vocabulary.expressions)
      expressions_.emplace_back(expression, is_known(expression));
    return;
  }
  const PreTokenizerInfo* info = find_pre_tokenizer(vocabulary.pre);
  if (info == nullptr) fail(ErrorCode::kUnsupported, "unknown pre-tokenizer '{}'", vocabulary.pre);
  for (const std::string_view expression : info->expressions) expressions_.emplace_back(expression, true);
}

std::vector<std::string_view> PreTokenizer::split(std::string_view text) const {
  std::vector<std::string_view> pieces = {text};
  for (const SplitExpression& expression : expressions_) pieces = expression.split(pieces);
  return pieces;
}

}  // namespace aurea::tokenizers
