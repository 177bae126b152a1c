// Declares the kernels of a set's kernels.def and enters them into a KernelSet. Included in the set's namespace.

namespace {

template <class T>
struct Pointee;
template <class T>
struct Pointee<T*> {
  using type = T;
};

}  // namespace

#define AUREA_MATMUL(type, name, activation) \
  void matmul_##name(const MatmulArgs& args, size_t row_begin, size_t row_end) noexcept;
#define AUREA_OP(name) Pointee<decltype(KernelSet::name)>::type name;
#include AUREA_KERNELS_DEF
#undef AUREA_MATMUL
#undef AUREA_OP

/// Overrides the entries of the next lower set that `set` holds.
void install(KernelSet& set) noexcept {
  set.name = AUREA_ISA_NAME;
#define AUREA_MATMUL(type, name, activation)                                                       \
  set.matmul[static_cast<size_t>(QuantType::type)] = {matmul_##name, ActivationFormat::activation, \
                                                      AUREA_ISA_NAME "." #name};
#define AUREA_OP(name) set.name = name;
#include AUREA_KERNELS_DEF
#undef AUREA_MATMUL
#undef AUREA_OP
}
