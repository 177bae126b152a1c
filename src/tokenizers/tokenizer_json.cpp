#include "tokenizers/tokenizer_json.h"

#include "core/error.h"

namespace aurea::tokenizers {
namespace {

constexpr size_t kMaxMerges = size_t{1} << 21;

// Bytes of text for each place that is made in the lists beforehand. Growing would hold a list twice, while places that
// are never used take no memory: a text of fewer bytes for each token or merge grows its lists all the same.
constexpr size_t kTextBytesPerToken = 32, kTextBytesPerMerge = 16;

/// The tree, with the values of model.vocab and model.merges led aside (in the tree they are null).
class TokenizerBuilder : public JsonTreeBuilder {
 public:
  TokenizerBuilder(const std::string& source, size_t text_bytes) : JsonTreeBuilder(source) {
    result_.vocab.reserve(text_bytes / kTextBytesPerToken);
    result_.merges.reserve(text_bytes / kTextBytesPerMerge);
  }
  TokenizerJson take_all() {
    result_.rest = take();
    return std::move(result_);
  }

  bool key(std::string& name) {
    if (part_ == Part::kVocab) {
      result_.vocab.push_back({std::move(name), -1});
      if (result_.vocab.size() > kMaxTokens) fail_file("{}: model.vocab: more than {} tokens", source_, kMaxTokens);
      return true;
    }
    if (depth() == 1) in_model_ = name == "model";
    if (depth() == 2 && in_model_ && name == "vocab") part_ = Part::kVocabAhead;
    if (depth() == 2 && in_model_ && name == "merges") part_ = Part::kMergesAhead;
    JsonTreeBuilder::key(name);
    return part_ == Part::kRest || JsonTreeBuilder::null();
  }

  bool number_unsigned(uint64_t value) {
    if (part_ != Part::kVocab) return refuse_scalar("a number") && JsonTreeBuilder::number_unsigned(value);
    if (value >= kMaxTokens) {
      fail_file("{}: model.vocab: token '{}' has id {}, above the limit of {}", source_, result_.vocab.back().text,
                value, kMaxTokens);
    }
    result_.vocab.back().id = static_cast<TokenId>(value);
    return true;
  }
  bool string(std::string& value) {
    if (part_ == Part::kMerges) return add_merge(std::move(value));
    if (part_ == Part::kMergePair) return add_merge_part(value);
    return refuse_scalar("a string") && JsonTreeBuilder::string(value);
  }
  bool null() { return refuse_scalar("null") && JsonTreeBuilder::null(); }
  bool boolean(bool value) { return refuse_scalar("true or false") && JsonTreeBuilder::boolean(value); }
  bool number_integer(int64_t value) { return refuse_scalar("a number") && JsonTreeBuilder::number_integer(value); }
  bool number_float(double value, const std::string& text) {
    return refuse_scalar("a number") && JsonTreeBuilder::number_float(value, text);
  }

  bool start_object(size_t size) {
    if (part_ == Part::kVocabAhead) {
      part_ = Part::kVocab;
      return true;
    }
    return refuse_scalar("an object") && JsonTreeBuilder::start_object(size);
  }
  bool end_object() {
    if (part_ == Part::kVocab) {
      part_ = Part::kRest;
      return true;
    }
    return JsonTreeBuilder::end_object();
  }
  bool start_array(size_t size) {
    if (part_ == Part::kMergesAhead) {
      part_ = Part::kMerges;
      return true;
    }
    if (part_ == Part::kMerges) {
      part_ = Part::kMergePair;
      pair_parts_ = 0;
      return true;
    }
    return refuse_scalar("an array") && JsonTreeBuilder::start_array(size);
  }
  bool end_array() {
    if (part_ == Part::kMergePair) {
      if (pair_parts_ != 2) fail_merge();
      part_ = Part::kMerges;
      return add_merge(left_ + ' ' + right_);
    }
    if (part_ == Part::kMerges) {
      part_ = Part::kRest;
      return true;
    }
    return JsonTreeBuilder::end_array();
  }

 private:
  enum class Part { kRest, kVocabAhead, kVocab, kMergesAhead, kMerges, kMergePair };

  /// True where any value may stand; throws inside the vocabulary and the merges, which hold one kind only.
  bool refuse_scalar(const char* found) {
    switch (part_) {
      case Part::kRest:
        return true;
      case Part::kVocabAhead:
        fail_file("{}: model.vocab: expected an object, found {}", source_, found);
      case Part::kVocab:
        fail_file("{}: model.vocab: token '{}': expected an id, found {}", source_, result_.vocab.back().text, found);
      case Part::kMergesAhead:
        fail_file("{}: model.merges: expected an array, found {}", source_, found);
      case Part::kMerges:
      case Part::kMergePair:
        break;
    }
    fail_file("{}: model.merges: entry {}: expected a string or a pair of strings, found {}", source_,
              result_.merges.size(), found);
  }
  [[noreturn]] void fail_merge() {
    fail_file("{}: model.merges: entry {} is not a pair of texts without spaces", source_, result_.merges.size());
  }

  bool add_merge(std::string merge) {
    const size_t space = merge.find(' ');
    if (space == 0 || space == std::string::npos || space + 1 == merge.size() ||
        merge.find(' ', space + 1) != std::string::npos) {
      fail_merge();
    }
    if (result_.merges.size() >= kMaxMerges) fail_file("{}: model.merges: more than {} entries", source_, kMaxMerges);
    result_.merges.push_back(std::move(merge));
    return true;
  }
  bool add_merge_part(const std::string& text) {
    ++pair_parts_;
    (pair_parts_ == 1 ? left_ : right_) = text;
    return true;
  }

  TokenizerJson result_;
  Part part_ = Part::kRest;
  bool in_model_ = false;
  int pair_parts_ = 0;
  std::string left_, right_;
};

}  // namespace

TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& source) {
  TokenizerBuilder builder(source, text.size());
  Json::sax_parse(text, &builder);
  return builder.take_all();
}

}  // namespace aurea::tokenizers
