#include "models/pruning.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"

namespace aurea::models {
namespace {

/// The numbers of the blocks that stay.
std::vector<uint64_t> remaining_layers(uint64_t n_layers, std::span<const uint64_t> dropped) {
  for (const uint64_t layer : dropped) {
    if (layer >= n_layers) {
      fail(ErrorCode::kBadArgument, "block {} cannot be dropped: the model has {} blocks, numbered from 0", layer,
           n_layers);
    }
  }
  std::vector<uint64_t> kept;
  for (uint64_t layer = 0; layer < n_layers; ++layer) {
    if (std::ranges::find(dropped, layer) == dropped.end()) kept.push_back(layer);
  }
  if (kept.empty()) fail(ErrorCode::kBadArgument, "all {} blocks would be dropped; leave at least one", n_layers);
  return kept;
}

/// The name that a block's tensor has in the model that nothing was dropped from.
std::string original_name(const TensorSpec& spec, std::span<const uint64_t> kept) {
  if (spec.layer < 0) return spec.name;
  const auto layer = static_cast<size_t>(spec.layer);
  return fmt::format("blk.{}.{}", kept[layer], spec.name.substr(fmt::format("blk.{}.", layer).size()));
}

}  // namespace

PrunedModel prune_layers(const Architecture& architecture, const ModelDescription& description,
                         std::span<const uint64_t> dropped) {
  const std::vector<uint64_t> kept = remaining_layers(description.params.n_layers, dropped);
  Hyperparams params = description.params;
  params.n_layers = kept.size();
  PrunedModel pruned{.description = architecture.describe(params), .origin = {}};
  std::unordered_map<std::string_view, TensorId> ids;
  for (TensorId id = 0; id < description.tensors.size(); ++id) ids.emplace(description.tensors[id].name, id);
  for (const TensorSpec& spec : pruned.description.tensors) pruned.origin.push_back(ids.at(original_name(spec, kept)));
  return pruned;
}

}  // namespace aurea::models
