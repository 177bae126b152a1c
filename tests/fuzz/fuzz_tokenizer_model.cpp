// tokenizer.model, a protobuf message. What can be loaded must encode and decode without anything but a refusal.
#include <string>

#include "core/error.h"
#include "tests/fuzz/fuzz_support.h"
#include "tokenizers/huggingface_files.h"
#include "tokenizers/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  tokenizers::HuggingFaceFiles files;
  files.folder = "folder";
  files.tokenizer_model.emplace(reinterpret_cast<const char*>(data), size);
  fuzz::allow_refusal([&] {
    const auto vocabulary = tokenizers::build_vocabulary(files, 0);
    const auto tokenizer = tokenizers::Tokenizer::create(vocabulary.value());
    (void)tokenizer->decode(
        tokenizer->encode("Hello  w\u00F6rld\n12 </s> \xFF", {.add_special = true, .parse_special = true}));
  });
  return 0;
}
