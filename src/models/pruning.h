// A model without some of its blocks: the rest moves up, and is a model of the same architecture with fewer layers.
#pragma once

#include <span>
#include <vector>

#include "models/architecture.h"

namespace aurea::models {

struct PrunedModel {
  ModelDescription description;
  std::vector<TensorId> origin;  // by TensorId of the pruned description: the tensor whose values it has
};

/// Describes the model without the blocks `dropped` (any order, repetitions count once; none: the model itself).
/// Throws kBadArgument for a block that is not there, and when none would be left.
PrunedModel prune_layers(const Architecture& architecture, const ModelDescription& description,
                         std::span<const uint64_t> dropped);

}  // namespace aurea::models
