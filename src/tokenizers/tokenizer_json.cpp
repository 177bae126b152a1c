#include "tokenizers/tokenizer_json.h"

#include "core/error.h"

namespace aurea::tokenizers {
namespace {

constexpr size_t kMaxValues = 1'000'000;  // of the Json part
constexpr size_t kMaxKeys = 10'000;       // of one object: Json looks through all of them for each new one
constexpr size_t kMaxMerges = size_t{1} << 21;

/// Builds a Json value from parser events.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const std::string& source) : source_(source) {}
  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    Json& object = *open_.back();
    if (object.size() >= kMaxKeys) fail_file("{}: a JSON object with more than {} keys", source_, kMaxKeys);
    if (object.contains(name)) fail_file("{}: JSON key '{}' appears twice in one object", source_, name);
    slot_ = &object[name];
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    fail_syntax(source_, error);
  }

 protected:
  /// Number of containers that are open.
  [[nodiscard]] size_t depth() const { return open_.size(); }
  const std::string& source_;

 private:
  /// Puts a value where it belongs and returns its place.
  Json* place(Json value) {
    if (++n_values_ > kMaxValues) fail_file("{}: more than {} JSON values", source_, kMaxValues);
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    *slot_ = std::move(value);
    return slot_;
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (depth() >= static_cast<size_t>(kJsonMaxDepth))
      fail_file("{}: JSON nested deeper than {} levels", source_, kJsonMaxDepth);
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // innermost last; only the innermost grows, so the others' places stay
  Json* slot_ = nullptr;     // of the key that waits for its value
  size_t n_values_ = 0;
};

/// The same, with the values of model.vocab and model.merges led aside.
class TokenizerBuilder : public Builder {
 public:
  using Builder::Builder;
  TokenizerJson take_all() {
    result_.rest = take();
    return std::move(result_);
  }

  bool key(std::string& name) override {
    if (part_ == Part::kVocab) {
      result_.vocab.push_back({std::move(name), -1});
      if (result_.vocab.size() > kMaxTokens) fail_file("{}: model.vocab: more than {} tokens", source_, kMaxTokens);
      return true;
    }
    if (depth() == 1) in_model_ = name == "model";
    if (depth() == 2 && in_model_ && name == "vocab") part_ = Part::kVocabAhead;
    if (depth() == 2 && in_model_ && name == "merges") part_ = Part::kMergesAhead;
    return Builder::key(name);
  }

  bool number_unsigned(uint64_t value) override {
    if (part_ != Part::kVocab) return refuse_scalar("a number") && Builder::number_unsigned(value);
    if (value >= kMaxTokens) {
      fail_file("{}: model.vocab: token '{}' has id {}, above the limit of {}", source_, result_.vocab.back().text,
                value, kMaxTokens);
    }
    result_.vocab.back().id = static_cast<TokenId>(value);
    return true;
  }
  bool string(std::string& value) override {
    if (part_ == Part::kMerges) return add_merge(std::move(value));
    if (part_ == Part::kMergePair) return add_merge_part(value);
    return refuse_scalar("a string") && Builder::string(value);
  }
  bool null() override { return refuse_scalar("null") && Builder::null(); }
  bool boolean(bool value) override { return refuse_scalar("true or false") && Builder::boolean(value); }
  bool number_integer(int64_t value) override { return refuse_scalar("a number") && Builder::number_integer(value); }
  bool number_float(double value, const std::string& text) override {
    return refuse_scalar("a number") && Builder::number_float(value, text);
  }

  bool start_object(size_t size) override {
    if (part_ == Part::kVocabAhead) {
      part_ = Part::kVocab;
      return true;
    }
    return refuse_scalar("an object") && Builder::start_object(size);
  }
  bool end_object() override {
    if (part_ == Part::kVocab) {
      part_ = Part::kRest;
      return true;
    }
    return Builder::end_object();
  }
  bool start_array(size_t size) override {
    if (part_ == Part::kMergesAhead) {
      part_ = Part::kMerges;
      return true;
    }
    if (part_ == Part::kMerges) {
      part_ = Part::kMergePair;
      pair_parts_ = 0;
      return true;
    }
    return refuse_scalar("an array") && Builder::start_array(size);
  }
  bool end_array() override {
    if (part_ == Part::kMergePair) {
      if (pair_parts_ != 2) fail_merge();
      part_ = Part::kMerges;
      return add_merge(left_ + ' ' + right_);
    }
    if (part_ == Part::kMerges) {
      part_ = Part::kRest;
      return true;
    }
    return Builder::end_array();
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
  TokenizerBuilder builder(source);
  Json::sax_parse(text, &builder);
  return builder.take_all();
}

Json parse_small_json(std::string_view text, const std::string& source) {
  Builder builder(source);
  Json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace aurea::tokenizers
