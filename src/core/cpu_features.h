// What the CPU and the operating system allow, read once.
#pragma once

#include <string>

namespace aurea {

struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA, F16C and BMI2 together
  bool avx512 = false;       // F, BW, CD, DQ and VL together, with the OS saving the registers
  bool avx512_vnni = false;  // VNNI on top of avx512
  bool avx512_bf16 = false;
  bool neon = false;       // AdvSIMD of AArch64
  bool neon_dot = false;   // SDOT on top of neon (Armv8.2 FEAT_DotProd)
  bool neon_i8mm = false;  // SMMLA on top of neon_dot (FEAT_I8MM)
  std::string model_name;  // for reports only
};

const CpuFeatures& cpu_features();

/// Processors this process may use (its affinity mask), at least 1.
unsigned available_cpus();

}  // namespace aurea
