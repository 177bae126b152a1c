// Any text as a config.json: what is accepted must have a description and survive being written to GGUF keys.
#include "core/json.h"
#include "formats/gguf/gguf_value.h"
#include "models/architecture.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  fuzz::allow_refusal([&] {
    const Json config = parse_json({reinterpret_cast<const char*>(data), size}, "config.json");
    if (!config.is_object()) return;  // refused where the file is read
    const auto& architecture = models::architecture_for_huggingface(config);
    const models::Hyperparams params = architecture.from_huggingface(config, [](const std::string&) { return nullptr; });
    models::validate(params);
    fuzz::require(!architecture.describe(params).tensors.empty());
    formats::GgufMetadata keys;
    architecture.to_gguf(params, keys);
    fuzz::require(keys.optional_uint(fmt::format("{}.block_count", architecture.gguf_name)) == params.n_layers);
  });
  return 0;
}
