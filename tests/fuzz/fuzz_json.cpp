// The JSON parser on any text; what it accepts must survive being written and read again.
#include "core/json.h"

#include <optional>

#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<Json> json;
  fuzz::allow_refusal([&] { json = parse_json(text, "input"); });
  if (!json) return 0;
  fuzz::require(parse_json(to_text(*json), "rewritten") == *json);
  fuzz::allow_refusal([&] { (void)optional_int(*json, "a"); });
  fuzz::allow_refusal([&] { (void)optional_number(*json, "a"); });
  fuzz::allow_refusal([&] { (void)optional_bool(*json, "a"); });
  fuzz::allow_refusal([&] { (void)required_string(*json, "a"); });
  return 0;
}
