// Any text as a chat template, rendered with a fixed conversation; the limits are low so that each run is short.
#include "templates/chat_template.h"

#include "core/utf8.h"
#include "tests/fuzz/fuzz_support.h"

namespace {

using namespace aurea;
using namespace aurea::templates;

constexpr Limits kLimits = {.source_bytes = 1 << 16,
                            .nodes = 5'000,
                            .nesting = 50,
                            .call_depth = 50,
                            .range_items = 1'000,
                            .steps = 50'000,
                            .output_bytes = 1 << 16,
                            .value_bytes = 1 << 16};

const Json& variables() {
  static const Json kVariables = Json::parse(R"({
    "messages": [{"role": "system", "content": "Be brief.", "tools": "[]"},
                 {"role": "user", "content": "Caf\u00e9 <|end|>\r\n {{ x }}\ud83d\ude00", "n": [1, -2.5, null, true]},
                 {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"a": 1, "b": "x"}}]},
                 {"role": "<|odd|>", "content": null}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
    "add_generation_prompt": true, "bos_token": "<s>", "eos_token": "</s>"})");
  return kVariables;
}

std::tm fixed_clock() {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mday = 15;
  time.tm_wday = 4;
  return time;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  fuzz::allow_refusal([&] {
    const ChatTemplate chat(source, kLimits);
    const std::string text = chat.render(variables(), fixed_clock);
    fuzz::require(text.size() <= kLimits.output_bytes);
    fuzz::require(is_valid_utf8(text));
    std::string joined;
    for (const Span& span : chat.render_spans(variables(), fixed_clock)) {
      fuzz::require(!span.text.empty() && is_valid_utf8(span.text));
      joined += span.text;
    }
    fuzz::require(joined == text);
  });
  return 0;
}
