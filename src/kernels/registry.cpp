// The list of instruction sets, and the kernel sets built from it once, at first use.
#include "kernels/registry.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "core/cpu_features.h"
#include "core/error.h"

namespace aurea::kernels {

// One row per instruction set, lowest first: each set starts as a copy of the one before it and overrides entries.
// `supported` is asked before anything of the set's folder runs.
#define AUREA_KERNEL_SET(isa)            \
  namespace isa {                        \
  void install(KernelSet& set) noexcept; \
  }
AUREA_KERNEL_SET(scalar)
#if defined(__x86_64__)
AUREA_KERNEL_SET(avx2)
AUREA_KERNEL_SET(avx512)
AUREA_KERNEL_SET(avx512vnni)
#elif defined(__aarch64__)
AUREA_KERNEL_SET(neon)
AUREA_KERNEL_SET(neon_dot)
AUREA_KERNEL_SET(neon_i8mm)
#endif
#undef AUREA_KERNEL_SET

namespace {

struct Row {
  std::string_view name;
  void (*install)(KernelSet&) noexcept;
  bool (*supported)(const CpuFeatures&);
};

constexpr Row kRows[] = {
    {"scalar", scalar::install, [](const CpuFeatures&) { return true; }},
#if defined(__x86_64__)
    {"avx2", avx2::install, [](const CpuFeatures& cpu) { return cpu.avx2; }},
    {"avx512", avx512::install, [](const CpuFeatures& cpu) { return cpu.avx512; }},
    {"avx512vnni", avx512vnni::install, [](const CpuFeatures& cpu) { return cpu.avx512_vnni; }},
#elif defined(__aarch64__)
    {"neon", neon::install, [](const CpuFeatures& cpu) { return cpu.neon; }},
    {"neon_dot", neon_dot::install, [](const CpuFeatures& cpu) { return cpu.neon_dot; }},
    {"neon_i8mm", neon_i8mm::install, [](const CpuFeatures& cpu) { return cpu.neon_i8mm; }},
#endif
};

struct Registry {
  std::array<KernelSet, std::size(kRows)> sets = {};
  std::vector<const KernelSet*> available;

  Registry() {
    KernelSet set = {};
    for (const Row& row : kRows) {
      if (!row.supported(cpu_features())) break;
      row.install(set);
      sets[available.size()] = set;
      available.push_back(&sets[available.size()]);
    }
  }
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

std::string names_of_available() {
  std::string names;
  for (const KernelSet* set : registry().available) names += fmt::format("{}{}", names.empty() ? "" : ", ", set->name);
  return names;
}

}  // namespace

std::span<const KernelSet* const> available_kernel_sets() { return registry().available; }

const KernelSet& select_kernel_set(std::optional<std::string_view> name) {
  if (!name) return *registry().available.back();
  for (const KernelSet* set : registry().available) {
    if (set->name == *name) return *set;
  }
  for (const Row& row : kRows) {
    if (row.name == *name) {
      fail(ErrorCode::kUnsupported, "kernel set \"{}\": this CPU ({}) cannot run it; it can run: {}", *name,
           cpu_features().model_name, names_of_available());
    }
  }
  fail(ErrorCode::kBadArgument, "kernel set \"{}\" is not known; this CPU can run: {}", *name, names_of_available());
}

}  // namespace aurea::kernels
