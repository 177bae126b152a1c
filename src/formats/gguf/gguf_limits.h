// What this program accepts in a GGUF file, the same for reader and writer. Real files stay far below every limit.
#pragma once

#include <cstdint>

namespace aurea::formats {

inline constexpr uint64_t kGgufDefaultAlignment = 32;
inline constexpr uint64_t kGgufMaxAlignment = 65536;
inline constexpr uint32_t kGgufMaxDims = 4;
inline constexpr uint64_t kGgufMaxTensorNameBytes = 63;  // ggml keeps 64 with the terminator
inline constexpr uint64_t kGgufMaxKeyBytes = 65535;
inline constexpr uint64_t kGgufMaxKeys = uint64_t{1} << 16;
inline constexpr uint64_t kGgufMaxTensors = uint64_t{1} << 20;
inline constexpr uint64_t kGgufMaxHeaderBytes = uint64_t{256} << 20;  // everything in front of the tensor data
// All arrays together, which bounds the memory they take: tokens, scores, types and merges of 2^20 each.
inline constexpr uint64_t kGgufMaxArrayItems = uint64_t{1} << 22;

}  // namespace aurea::formats
