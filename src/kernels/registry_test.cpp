// Which sets there are, and what selecting one by name does.
#include "kernels/registry.h"
#include "kernels/packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/cpu_features.h"
#include "core/error.h"

namespace aurea::kernels {
namespace {

using ::testing::HasSubstr;

Error error_of(std::string_view name) {
  try {
    select_kernel_set(name);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error for " << name;
  return {ErrorCode::kInternal, ""};
}

TEST(Registry, ScalarIsFirstAndTheBestIsUsed) {
  ASSERT_FALSE(available_kernel_sets().empty());
  EXPECT_STREQ(available_kernel_sets().front()->name, "scalar");
  EXPECT_EQ(&select_kernel_set(), available_kernel_sets().back());
}

TEST(Registry, SetsFollowTheCpu) {
  std::vector<std::string> want = {"scalar"};
  const CpuFeatures& cpu = cpu_features();
  if (cpu.avx2) want.push_back("avx2");
  if (cpu.avx512) want.push_back("avx512");
  if (cpu.avx512_vnni) want.push_back("avx512vnni");
  if (cpu.neon) want.push_back("neon");
  if (cpu.neon_dot) want.push_back("neon_dot");
  if (cpu.neon_i8mm) want.push_back("neon_i8mm");
  std::vector<std::string> names;
  for (const KernelSet* set : available_kernel_sets()) names.push_back(set->name);
  EXPECT_EQ(names, want);
}

TEST(Registry, EverySetIsSelectedByItsName) {
  for (const KernelSet* set : available_kernel_sets()) EXPECT_EQ(&select_kernel_set(set->name), set);
}

TEST(Registry, UnknownNamesAreErrorsThatNameTheChoice) {
  for (const char* name : {"avx3", "", "AVX2", "scalar ", "generic"}) {
    const Error error = error_of(name);
    EXPECT_EQ(error.code(), ErrorCode::kBadArgument) << name;
    EXPECT_THAT(error.what(), HasSubstr("scalar")) << name;
  }
}

TEST(Registry, ASetThatTheCpuLacksIsUnsupported) {
#if defined(__x86_64__)
  constexpr const char* kNames[] = {"avx2", "avx512", "avx512vnni"};
#elif defined(__aarch64__)
  constexpr const char* kNames[] = {"neon", "neon_dot", "neon_i8mm"};
#else
  constexpr const char* kNames[] = {"scalar"};
#endif
  bool tried = false;
  for (const char* name : kNames) {
    bool available = false;
    for (const KernelSet* set : available_kernel_sets()) available |= std::strcmp(set->name, name) == 0;
    if (available) continue;
    tried = true;
    EXPECT_EQ(error_of(name).code(), ErrorCode::kUnsupported) << name;
  }
  if (!tried) GTEST_SKIP() << "this CPU runs every set";
}

TEST(Registry, NoEntryIsEmptyAndNamesSayTheSet) {
  for (const KernelSet* set : available_kernel_sets()) {
    for (size_t i = 0; i < kQuantTypeCount; ++i) {
      ASSERT_NE(set->matmul[i].run, nullptr) << set->name << " " << kQuantTypes[i].name;
      ASSERT_NE(set->matmul[i].name, nullptr);
      EXPECT_EQ(is_float(kQuantTypes[i].type), packing(kQuantTypes[i].type) == nullptr) << kQuantTypes[i].name;
      const std::string name = set->matmul[i].name;
      if (set->matmul[i].activation == ActivationFormat::kQ8x256) {  // every set has its own kernels of super-blocks
        EXPECT_TRUE(name.starts_with(std::string(set->name) + ".")) << name;
      } else {  // other kernels may be those of a lower set, but never the slow ones
        EXPECT_EQ(name.starts_with("scalar."), set->name == std::string("scalar")) << set->name << " " << name;
      }
    }
    for (const bool there :
         {set->quantize_q8x32 != nullptr, set->quantize_q8x256 != nullptr, set->rms_norm != nullptr,
          set->layer_norm != nullptr, set->rope != nullptr, set->silu_mul != nullptr, set->gelu != nullptr,
           set->add != nullptr, set->store_keys != nullptr, set->store_values != nullptr, set->attention != nullptr,
           set->read_all != nullptr, set->int8_peak != nullptr, set->f32_peak != nullptr, set->gemm != nullptr}) {
      EXPECT_TRUE(there) << set->name;
    }
    const MatmulKernel& q4_k = set->matmul[static_cast<size_t>(QuantType::kQ4_K)];
    EXPECT_EQ(q4_k.name, std::string(set->name) + ".q4_k");
    EXPECT_EQ(q4_k.activation, ActivationFormat::kQ8x256);
  }
}

TEST(Registry, ActivationRowBytes) {
  EXPECT_EQ(activation_row_bytes(ActivationFormat::kF32, 512), 2048u);
  EXPECT_EQ(activation_row_bytes(ActivationFormat::kQ8x32, 512), 16 * sizeof(BlockQ8x32));
  EXPECT_EQ(activation_row_bytes(ActivationFormat::kQ8x256, 512), 2 * sizeof(BlockQ8x256));
}

}  // namespace
}  // namespace aurea::kernels
