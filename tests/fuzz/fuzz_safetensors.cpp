// The safetensors reader on any bytes.
#include <optional>

#include "formats/safetensors/safetensors_file.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  const auto bytes = fuzz::as_bytes(data, size);
  fuzz::allow_refusal([&] {
    const auto file = formats::SafetensorsFile::parse(bytes, "input");
    for (const auto& tensor : file.tensors()) {
      const auto view = tensor.view;
      fuzz::require(view.data.data() >= bytes.data() && view.data.data() + view.data.size() <= bytes.data() + size);
      fuzz::require(!view.data.empty() && view.data.size() == view.rows() * view.row_bytes());
      fuzz::require(file.find(tensor.name) == &tensor);
    }
    for (const auto& [name, type] : file.other_tensors()) fuzz::require(file.find(name) == nullptr);
  });
  return 0;
}
