#include "quantization/name_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/error.h"

namespace aurea::quantization {
namespace {

constexpr size_t kMaxPatternBytes = 1024;
// Names have at most 63 bytes, on which a sane expression takes some hundred steps.
constexpr uint32_t kMaxSteps = 100'000;
constexpr uint32_t kMaxHeapKib = 1024;

std::string message_of(int code) {
  char message[160] = "";
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof(message));
  return message;
}

struct MatchDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

NamePattern::NamePattern(std::string_view pattern) : text_(pattern) {
  if (text_.size() > kMaxPatternBytes) {
    fail(ErrorCode::kBadArgument, "the expression has {} bytes; expected at most {}", text_.size(), kMaxPatternBytes);
  }
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(),
                    PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (code == nullptr) {
    fail(ErrorCode::kBadArgument, "'{}' is no regular expression: {} (at character {})", text_, message_of(error),
         offset);
  }
  code_ = std::shared_ptr<const void>(
      code, [](const void* made) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(made))); });
}

bool NamePattern::found_in(std::string_view name) const {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const std::unique_ptr<pcre2_match_data, MatchDeleter> data(pcre2_match_data_create(1, nullptr));
  const std::unique_ptr<pcre2_match_context, MatchDeleter> context(pcre2_match_context_create(nullptr));
  if (!data || !context) throw Error(ErrorCode::kOutOfMemory, "no memory for a regular expression's match");
  pcre2_set_match_limit(context.get(), kMaxSteps);
  pcre2_set_heap_limit(context.get(), kMaxHeapKib);
  const int result =
      pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, data.get(), context.get());
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result < 0) {
    fail(ErrorCode::kBadArgument, "the expression '{}' fails on the name '{}': {}", text_, name, message_of(result));
  }
  return true;
}

std::string exact_pattern(std::string_view name) {
  std::string pattern = "^";
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!plain) pattern += '\\';
    pattern += c;
  }
  return pattern + '$';
}

}  // namespace aurea::quantization
