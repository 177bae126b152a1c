// The GGUF reader on any bytes; what it accepts must survive being written and read again. Its keys go on to the
// readers of vocabularies and of models' numbers.
#include <optional>

#include "formats/gguf/gguf_file.h"
#include "formats/gguf/gguf_writer.h"
#include "models/architecture.h"
#include "tests/fuzz/fuzz_support.h"
#include "tokenizers/tokenizer.h"

namespace {

using namespace aurea;
using namespace aurea::formats;

/// Every view lies inside the bytes and has the size of its shape.
void check_views(const GgufFile& file, std::span<const std::byte> bytes) {
  for (const GgufTensor& tensor : file.tensors()) {
    const auto data = tensor.view.data;
    fuzz::require(data.data() >= bytes.data() && data.data() + data.size() <= bytes.data() + bytes.size());
    fuzz::require(data.size() == tensor.view.rows() * tensor.view.row_bytes());
    fuzz::require(file.find(tensor.name) == &tensor);
  }
}

/// Metadata and tensor list as they are written, with zeros for data.
std::string encode(const GgufFile& file) {
  std::vector<GgufTensorSpec> specs;
  size_t data_bytes = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    specs.push_back({tensor.name, tensor.view.type, tensor.view.shape});
    data_bytes += (tensor.view.data.size() + 31) / 32 * 32;
  }
  return encode_gguf_header(file.metadata(), specs) + std::string(data_bytes, '\0');
}

/// A file that was written and read comes out of the writer the same. (Compared as bytes: a NaN is equal to itself.)
void check_rewriting(const GgufFile& file) {
  const std::string once = encode(file);
  const GgufFile again = GgufFile::parse(std::as_bytes(std::span(once)), "rewritten");
  fuzz::require(again.tensors().size() == file.tensors().size());
  fuzz::require(encode(again) == once);
}

/// A vocabulary that can be loaded encodes and decodes; its ids lie inside it.
void check_vocabulary(const GgufFile& file) {
  fuzz::allow_refusal([&] {
    auto vocabulary = tokenizers::load_gguf(file.metadata());
    if (!vocabulary) return;
    const size_t n_tokens = vocabulary->tokens.size();
    const auto tokenizer = tokenizers::Tokenizer::create(*std::move(vocabulary));
    const auto ids =
        tokenizer->encode("Hello  w\u00F6rld\n12 <|end|> \xFF", {.add_special = true, .parse_special = true});
    for (const auto id : ids) fuzz::require(id >= 0 && static_cast<size_t>(id) < n_tokens);
    (void)tokenizer->decode(ids, true);
  });
}

/// As a model is opened, up to the comparison of its tensors with the description.
void check_model(const GgufFile& file) {
  fuzz::allow_refusal([&] {
    const auto& architecture = models::architecture_for_gguf(file.metadata().required_string("general.architecture"));
    const models::Hyperparams params = architecture.from_gguf(file);
    models::validate(params);
    fuzz::require(!architecture.describe(params).tensors.empty());
    GgufMetadata written;
    architecture.to_gguf(params, written);
    fuzz::require(written.optional_uint(fmt::format("{}.block_count", architecture.gguf_name)) == params.n_layers);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = fuzz::as_bytes(data, size);
  std::optional<GgufFile> file;
  fuzz::allow_refusal([&] { file = GgufFile::parse(bytes, "input"); });
  if (!file) return 0;
  check_views(*file, bytes);
  check_rewriting(*file);  // outside allow_refusal: what was read must be writable
  check_vocabulary(*file);
  check_model(*file);
  return 0;
}
