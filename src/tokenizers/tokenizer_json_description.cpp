#include "tokenizers/tokenizer_json_description.h"

#include <algorithm>

#include "core/error.h"
#include "tokenizers/pre_tokenizer.h"
#include "tokenizers/space_mark.h"

namespace aurea::tokenizers {
namespace {

/// A member that may be absent or null.
const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

bool flag(const Json& object, const char* key, bool otherwise = false) {
  return optional_bool(object, key).value_or(otherwise);
}

[[noreturn]] void refuse(const char* key, std::string_view what, const char* more = "") {
  fail(ErrorCode::kUnsupported, "{}: '{}'{} is not supported", key, what, more);
}

std::string type_of(const Json& part, const char* key) {
  const auto type = optional_string(part, "type");
  if (!type) fail_file("{}: a part without a type", key);
  return *type;
}

/// The parts of a Sequence (whose list has the given name), or the part itself.
std::vector<const Json*> parts_of(const Json& part, const char* key, const char* list_name) {
  if (type_of(part, key) != "Sequence") return {&part};
  const Json* list = find(part, list_name);
  if (list == nullptr || !list->is_array()) fail_file("{}.{}: expected an array", key, list_name);
  std::vector<const Json*> parts;
  for (const Json& item : *list) parts.push_back(&item);
  return parts;
}

class Describer {
 public:
  explicit Describer(const Json& root) : root_(root) {
    if (!root.is_object()) fail_file("expected a JSON object");
  }

  TokenizerJsonDescription describe() {
    const Json* model = find(root_, "model");
    if (model == nullptr || !model->is_object()) fail_file("model: expected an object");
    check_model(*model);
    result_.unk_text = optional_string(*model, "unk_token");
    result_.ignore_merges = flag(*model, "ignore_merges");
    read_pre_tokenizer(find(root_, "pre_tokenizer"));
    if (byte_level_) {
      result_.kind = TokenizerKind::kByteLevelBpe;
      if (const Json* normalizer = find(root_, "normalizer")) check_no_normalizer(*normalizer);
      check_decoder({"ByteLevel", "Fuse"});
    } else if (flag(*model, "byte_fallback")) {
      result_.kind = TokenizerKind::kSentencePiece;
      if (!result_.expressions.empty()) refuse("pre_tokenizer", "Split", " with byte_fallback");
      read_space_normalizer();
      check_decoder({"Replace", "ByteFallback", "Fuse", "Strip"});
    } else {
      fail(ErrorCode::kUnsupported, "neither a ByteLevel pre-tokenizer nor a model with byte_fallback");
    }
    if (const Json* processor = find(root_, "post_processor")) read_post_processor(*processor);
    read_added_tokens();
    return std::move(result_);
  }

 private:
  void check_model(const Json& model) {
    const std::string type = optional_string(model, "type").value_or("BPE");
    if (type != "BPE") refuse("model.type", type);
    if (optional_number(model, "dropout").value_or(0) != 0) refuse("model", "dropout");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!optional_string(model, key).value_or("").empty()) refuse("model", key);
    }
  }

  void read_pre_tokenizer(const Json* pre_tokenizer) {
    if (pre_tokenizer == nullptr) return;
    const auto parts = parts_of(*pre_tokenizer, "pre_tokenizer", "pretokenizers");
    for (const Json* part : parts) {
      const std::string type = type_of(*part, "pre_tokenizer");
      if (byte_level_) refuse("pre_tokenizer", type, " after ByteLevel");
      if (type == "Split") {
        read_split(*part);
      } else if (type == "ByteLevel") {
        byte_level_ = true;
        result_.add_space_prefix = flag(*part, "add_prefix_space", true);
        // It would be added to each piece of the parts before.
        if (result_.add_space_prefix && parts.size() > 1) refuse("pre_tokenizer", "add_prefix_space", " in a Sequence");
        if (flag(*part, "use_regex", true)) result_.expressions.emplace_back(kGpt2Expression);
      } else {
        refuse("pre_tokenizer", type);
      }
    }
  }

  void read_split(const Json& split) {
    const Json* pattern = find(split, "pattern");
    const auto expression = pattern == nullptr ? std::nullopt : optional_string(*pattern, "Regex");
    if (!expression) refuse("pre_tokenizer.Split", "pattern", " that is no Regex");
    const std::string behavior = optional_string(split, "behavior").value_or("");
    const bool inverted = flag(split, "invert");
    // "Removed" and inverted keeps the matches and drops what lies between: the same where there is nothing between.
    const std::string listed[] = {*expression};
    const bool matches_all = name_pre_tokenizer(listed, false, false).has_value();
    if (!(behavior == "Isolated" || (behavior == "Removed" && inverted && matches_all))) {
      refuse("pre_tokenizer.Split", behavior, inverted ? " (inverted)" : "");
    }
    result_.expressions.push_back(*expression);
  }

  void check_no_normalizer(const Json& normalizer) {
    for (const Json* part : parts_of(normalizer, "normalizer", "normalizers")) {
      refuse("normalizer", type_of(*part, "normalizer"), " with ByteLevel");
    }
  }

  /// SentencePiece's: an optional prefix, and every space replaced by U+2581.
  void read_space_normalizer() {
    const Json* normalizer = find(root_, "normalizer");
    bool replaced = false;
    if (normalizer != nullptr) {
      for (const Json* part : parts_of(*normalizer, "normalizer", "normalizers")) {
        const std::string type = type_of(*part, "normalizer");
        if (type == "Prepend" && !replaced && !result_.add_space_prefix &&
            optional_string(*part, "prepend") == kSpaceMark) {
          result_.add_space_prefix = true;
        } else if (type == "Replace" && !replaced && is_space_replacement(*part)) {
          replaced = true;
        } else {
          refuse("normalizer", type, " in this form");
        }
      }
    }
    if (!replaced) refuse("normalizer", "none", " that replaces spaces by U+2581");
  }
  static bool is_space_replacement(const Json& part) {
    const Json* pattern = find(part, "pattern");
    return pattern != nullptr && optional_string(*pattern, "String") == " " &&
           optional_string(part, "content") == kSpaceMark;
  }

  void check_decoder(std::initializer_list<std::string_view> known) {
    const Json* decoder = find(root_, "decoder");
    if (decoder == nullptr) return;
    for (const Json* part : parts_of(*decoder, "decoder", "decoders")) {
      const std::string type = type_of(*part, "decoder");
      if (std::find(known.begin(), known.end(), type) == known.end()) refuse("decoder", type);
    }
  }

  void read_post_processor(const Json& processor) {
    for (const Json* part : parts_of(processor, "post_processor", "processors")) {
      const std::string type = type_of(*part, "post_processor");
      if (type == "ByteLevel") continue;  // changes offsets only
      if (type != "TemplateProcessing") refuse("post_processor", type);
      read_template(*part);
    }
  }
  void read_template(const Json& part) {
    const Json* single = find(part, "single");
    if (single == nullptr || !single->is_array()) fail_file("post_processor.single: expected an array");
    bool after_text = false;
    for (const Json& item : *single) {
      const Json* special = find(item, "SpecialToken");
      if (special == nullptr) {
        if (find(item, "Sequence") == nullptr || after_text) refuse("post_processor", "single", " in this form");
        after_text = true;
        continue;
      }
      std::optional<std::string>& text = after_text ? result_.suffix_text : result_.prefix_text;
      if (text) refuse("post_processor", "single", " with two special tokens on one side");
      text = required_string(*special, "id");
    }
    if (!after_text) refuse("post_processor", "single", " without the text");
  }

  void read_added_tokens() {
    const Json* list = find(root_, "added_tokens");
    if (list == nullptr) return;
    if (!list->is_array()) fail_file("added_tokens: expected an array");
    for (const Json& entry : *list) result_.added.push_back(parse_added_token(entry, required_int(entry, "id")));
  }

  const Json& root_;
  TokenizerJsonDescription result_;
  bool byte_level_ = false;
};

}  // namespace

AddedTokenEntry parse_added_token(const Json& entry, int64_t id) {
  if (id < 0 || static_cast<uint64_t>(id) >= kMaxTokens)
    fail_file("added token: id {} is not between 0 and {}", id, kMaxTokens - 1);
  AddedTokenEntry token{static_cast<TokenId>(id), required_string(entry, "content"),
                        flag(entry, "special"),   flag(entry, "lstrip"),
                        flag(entry, "rstrip"),    flag(entry, "normalized")};
  if (flag(entry, "single_word"))
    fail(ErrorCode::kUnsupported, "added token '{}': single_word is not supported", token.text);
  return token;
}

TokenizerJsonDescription describe_tokenizer_json(const Json& rest, const std::string& source) {
  try {
    return Describer(rest).describe();
  } catch (Error& error) {
    error.add_context(source);
    throw;
  }
}

}  // namespace aurea::tokenizers
