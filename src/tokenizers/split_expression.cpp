#include "tokenizers/split_expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/utf8.h"

#if PCRE2_MAJOR == 10 && PCRE2_MINOR < 40
#error "PCRE2 10.40 or newer is needed: older ones do not know the property White_Space"
#endif

namespace aurea::tokenizers {
namespace {

// The budget of a foreign expression. A match may take this many steps and look this far ahead for nothing; beyond that
// it pays for each step and byte. So the cost of a text is bounded by its length times a constant, whatever the
// expression.
constexpr uint32_t kFreeSteps = 200;
constexpr size_t kFreeBytes = 1024;
constexpr uint64_t kBudgetBase = 1'000'000;
constexpr uint64_t kBudgetPerByte = 400;
constexpr uint64_t kGrowth = 4;  // of the bounds, each time a match meets one
constexpr uint32_t kHeapLimitKib = 64 << 10;

[[noreturn]] void refuse(std::string_view pattern, std::string_view what) {
  fail(ErrorCode::kUnsupported, "pre-tokenizer expression '{}': '{}' means something else to Hugging Face's tokenizers",
       pattern, what);
}

/// The pattern with \s and \S in the properties' words. `check`: throws where Oniguruma takes something in another way
/// than PCRE2: ^ and $ stand at every line's ends, \h is a hexadecimal digit, \v one character, \w has marks, \Q quotes
/// nothing, and classes can hold classes.
std::string translate(std::string_view pattern, bool check) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      if (check && std::string_view("hHvVwWbBQ").find(escaped) != std::string_view::npos)
        refuse(pattern, pattern.substr(i - 1, 2));
      out += escaped == 's' ? R"(\p{White_Space})" : escaped == 'S' ? R"(\P{White_Space})" : std::string{'\\', escaped};
      continue;
    }
    if (check && (in_class ? c == '[' || pattern.substr(i, 2) == "&&" : c == '^' || c == '$'))
      refuse(pattern, pattern.substr(i, 1));
    out += c;
    if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') out += pattern[++i];  // the first one is a member
    }
  }
  return out;
}

std::string error_message(int code) {
  char message[160] = "";
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof(message));
  return message;
}

struct Match {
  size_t begin, end;
};

/// End of a window of at most `size` bytes that starts at `at`, at a character's border.
size_t window_end(std::string_view text, size_t at, size_t size) {
  if (text.size() - at <= size) return text.size();
  size_t end = at + size;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

/// What one split needs besides the code; not shared between threads.
class Searcher {
 public:
  Searcher(const pcre2_code* code, const std::string& pattern, bool linear)
      : code_(code), pattern_(pattern), linear_(linear) {
    data_.reset(pcre2_match_data_create_from_pattern(code, nullptr));
    context_.reset(pcre2_match_context_create(nullptr));
    if (!data_ || !context_) throw Error(ErrorCode::kOutOfMemory, "no memory for a regular expression's match");
    pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
  }

  void set_text(std::string_view text) {
    text_ = text;
    budget_ += kBudgetPerByte * text.size();
  }

  /// The first match at or after `from`.
  std::optional<Match> find(size_t from) {
    const int result = linear_ ? run_linear(from) : run_with_budget(from);
    if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (result < 0) {
      fail(ErrorCode::kUnsupported, "pre-tokenizer expression '{}' failed: {}", pattern_, error_message(result));
    }
    const Match match = found();
    if (match.begin < from || match.end < match.begin) {  // \K can do this
      fail(ErrorCode::kUnsupported, "pre-tokenizer expression '{}' moves backwards", pattern_);
    }
    return match;
  }

 private:
  int run(size_t from, size_t visible, uint32_t options) {
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), visible, from, options | PCRE2_NO_UTF_CHECK,
                       data_.get(), context_.get());
  }
  [[nodiscard]] Match found() const {
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data_.get());
    return {offsets[0], offsets[1]};
  }

  int run_linear(size_t from) {
    pcre2_set_match_limit(context_.get(), std::numeric_limits<uint32_t>::max());
    const int result = run(from, text_.size(), 0);
    return result == PCRE2_ERROR_JIT_STACKLIMIT ? run(from, text_.size(), PCRE2_NO_JIT) : result;
  }

  /// PCRE2 can bound the steps of a match but does not tell how many it took, and not how far it looked: so both bounds
  /// grow as needed, and the budget pays for each raised one.
  int run_with_budget(size_t from) {
    uint64_t steps = kFreeSteps;
    size_t window = kFreeBytes;
    for (;;) {
      const size_t visible = window_end(text_, from, window);
      pcre2_set_match_limit(context_.get(), static_cast<uint32_t>(std::min<uint64_t>(steps, UINT32_MAX)));
      // "Partial hard": whatever would have to know what comes after the window says so instead of guessing.
      const int result = run(from, visible, visible < text_.size() ? PCRE2_PARTIAL_HARD : 0);
      if (result == PCRE2_ERROR_MATCHLIMIT) {
        steps *= kGrowth;
        if (!pay(steps)) return result;
      } else if (result == PCRE2_ERROR_PARTIAL) {
        window *= kGrowth;
        if (!pay(window)) return PCRE2_ERROR_MATCHLIMIT;
      } else if (visible < text_.size() &&
                 (result == PCRE2_ERROR_NOMATCH || (result > 0 && found().begin == visible))) {
        from = visible;  // nothing starts before the window's end
      } else {
        return result;
      }
    }
  }
  bool pay(uint64_t cost) {
    if (cost > budget_) return false;
    budget_ -= cost;
    return true;
  }

  struct Deleter {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  };
  const pcre2_code* code_;
  const std::string& pattern_;
  bool linear_;
  std::string_view text_;
  uint64_t budget_ = kBudgetBase;
  std::unique_ptr<pcre2_match_data, Deleter> data_;
  std::unique_ptr<pcre2_match_context, Deleter> context_;
};

}  // namespace

void SplitExpression::CodeDeleter::operator()(void* code) const { pcre2_code_free(static_cast<pcre2_code*>(code)); }

SplitExpression::SplitExpression(std::string_view pattern, bool linear) : pattern_(pattern), linear_(linear) {
  const std::string translated = translate(pattern, !linear);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (code == nullptr) {
    fail(ErrorCode::kUnsupported, "pre-tokenizer expression '{}' does not compile: {}", pattern_, error_message(error));
  }
  code_.reset(code);
  // Where machine code cannot be made (a hardened kernel), PCRE2 interprets: slower, the same matches.
  if (linear_) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

std::vector<std::string_view> SplitExpression::split(std::span<const std::string_view> texts) const {
  std::vector<std::string_view> pieces;
  const auto add_piece = [&](std::string_view piece) {
    if (!piece.empty()) pieces.push_back(piece);
  };
  Searcher searcher(static_cast<const pcre2_code*>(code_.get()), pattern_, linear_);
  for (const std::string_view text : texts) {
    searcher.set_text(text);
    size_t start = 0;  // of what has not been handed out
    for (size_t at = 0; at < text.size();) {
      const auto match = searcher.find(at);
      if (!match) break;
      add_piece(text.substr(start, match->begin - start));
      add_piece(text.substr(match->begin, match->end - match->begin));
      start = at = match->end;
      // An empty match cuts where it stands; the next search starts one character on.
      if (match->begin == match->end && at < text.size()) at += decode_utf8(text, at).bytes;
    }
    add_piece(text.substr(start));
  }
  return pieces;
}

}  // namespace aurea::tokenizers
