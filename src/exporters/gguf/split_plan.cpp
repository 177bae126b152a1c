#include "exporters/gguf/split_plan.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"

namespace aurea::exporters {

std::vector<size_t> keep_split(const models::ModelSource& source, GgufExportPlan& plan) {
  const formats::GgufFile* file = source.gguf();
  if (file == nullptr || file->part_ends().size() < 2) {
    fail(ErrorCode::kBadArgument, "--keep-split: {} is not a split GGUF file", source.path().string());
  }
  std::unordered_map<std::string_view, size_t> places;
  for (size_t i = 0; i < file->tensors().size(); ++i) places.emplace(file->tensors()[i].name, i);
  const auto place = [&](const PlannedTensor& tensor) {
    const auto found = places.find(source.description().tensors[tensor.source].name);
    return found != places.end() ? found->second : 0;
  };
  std::ranges::stable_sort(plan.tensors, {}, place);
  std::vector<size_t> counts;
  size_t n = 0;
  for (const size_t end : file->part_ends()) {
    counts.push_back(0);
    for (; n < plan.tensors.size() && (place(plan.tensors[n]) < end || end == file->part_ends().back()); ++n)
      ++counts.back();
  }
  // Pruning may have emptied some; only the first part may stay without tensors.
  counts.erase(std::remove(counts.begin() + 1, counts.end(), size_t{0}), counts.end());
  return counts;
}

}  // namespace aurea::exporters
