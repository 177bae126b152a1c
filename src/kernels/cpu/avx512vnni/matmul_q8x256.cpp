// The k-types' matrix products with VNNI.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "codecs/blocks.h"
#include "core/half.h"
#include "kernels/kernel_set.h"

namespace aurea::kernels::avx512vnni {
namespace {
#if defined(__clang__)
#define AUREA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AUREA_UNROLL _Pragma("GCC unroll 16")
#endif
#define AUREA_LAMBDA __attribute__((always_inline))

#include "kernels/cpu/generic/vec512.inc.h"

#include "kernels/cpu/generic/dot_vnni.inc.h"

#include "kernels/cpu/generic/super_blocks.inc.h"

#ifndef TV
#define TV 2
#define TT 6
#endif
constexpr size_t kTileVecs = TV, kTileTokens = TT;
#include "kernels/cpu/generic/matmul_q8x256.inc.h"

}  // namespace

void matmul_q2_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { matmul_q8x256<SuperQ2K>(args, begin, end); }
void matmul_q3_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { matmul_q8x256<SuperQ3K>(args, begin, end); }
void matmul_q4_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { matmul_q8x256<SuperQ4K>(args, begin, end); }
void matmul_q5_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { matmul_q8x256<SuperQ5K>(args, begin, end); }
void matmul_q6_k(const MatmulArgs& args, size_t begin, size_t end) noexcept { matmul_q8x256<SuperQ6K>(args, begin, end); }

}  // namespace aurea::kernels::avx512vnni
