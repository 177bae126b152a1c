// The .npy reader on any bytes.
#include "formats/npy/npy.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  fuzz::allow_refusal([&] {
    const auto array = formats::parse_npy(fuzz::as_bytes(data, size), "input");
    uint64_t elements = 1;
    for (const uint64_t dimension : array.shape) elements *= dimension;
    fuzz::require(array.values.size() == elements && elements <= size);
  });
  return 0;
}
