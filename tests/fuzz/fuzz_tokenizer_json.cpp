// The JSON files of a Hugging Face tokenizer, in one input: texts separated by the byte 0x1E, in the order of kFiles.
// What can be loaded must also encode, and go through GGUF metadata, without anything but a refusal.
#include <string>
#include <string_view>

#include "core/error.h"
#include "formats/gguf/gguf_value.h"
#include "tests/fuzz/fuzz_support.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/tokenizer.h"

namespace {

using namespace aurea;
using tokenizers::HuggingFaceFiles;

constexpr std::optional<std::string> HuggingFaceFiles::*kFiles[] = {
    &HuggingFaceFiles::tokenizer_json,     &HuggingFaceFiles::tokenizer_config,  &HuggingFaceFiles::added_tokens,
    &HuggingFaceFiles::special_tokens_map, &HuggingFaceFiles::generation_config, &HuggingFaceFiles::config,
    &HuggingFaceFiles::chat_template_json,
};

HuggingFaceFiles split_files(std::string_view input) {
  HuggingFaceFiles files;
  files.folder = "folder";
  for (const auto member : kFiles) {
    const size_t end = input.find('\x1E');
    if (end != 0 && !input.empty()) files.*member = std::string(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const HuggingFaceFiles files = split_files({reinterpret_cast<const char*>(data), size});
  std::optional<tokenizers::Vocabulary> vocabulary;
  fuzz::allow_refusal([&] { vocabulary = tokenizers::build_vocabulary(files, 0); });
  if (!vocabulary) return 0;
  fuzz::allow_refusal([&] {
    formats::GgufMetadata metadata;
    tokenizers::store_gguf(*vocabulary, metadata);
    const auto loaded = tokenizers::load_gguf(metadata);
    fuzz::require(loaded && loaded->tokens == vocabulary->tokens && loaded->merges == vocabulary->merges);
  });
  fuzz::allow_refusal([&] {
    const auto tokenizer = tokenizers::Tokenizer::create(*vocabulary);
    const auto ids =
        tokenizer->encode("Hello  w\u00F6rld\n12 <|end|> \xFF", {.add_special = true, .parse_special = true});
    (void)tokenizer->decode(ids);
  });
  return 0;
}
