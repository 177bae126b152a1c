// Which kernel sets exist, which of them this CPU can run, and which one is used.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/kernel_set.h"

namespace aurea::kernels {

/// Sets that this CPU can run, slowest (scalar) first, best last.
std::span<const KernelSet* const> available_kernel_sets();

/// The best set, or the one asked for by name (registry.cpp has them). Throws kBadArgument for an unknown name and
/// kUnsupported for one that this CPU cannot run, naming those that it can.
const KernelSet& select_kernel_set(std::optional<std::string_view> name = std::nullopt);

}  // namespace aurea::kernels
