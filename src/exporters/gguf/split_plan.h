// The parts of a split output.
#pragma once

#include <vector>

#include "exporters/gguf/export_plan.h"

namespace aurea::exporters {

/// Puts the plan's tensors into the parts, and into the order, that a split GGUF source has them in; tensors that it
/// does not have come first. Returns the numbers of tensors of the parts. Throws kBadArgument when the source is not a
/// split GGUF file.
std::vector<size_t> keep_split(const models::ModelSource& source, GgufExportPlan& plan);

}  // namespace aurea::exporters
