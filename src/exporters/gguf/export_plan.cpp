#include "exporters/gguf/export_plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "core/error.h"
#include "exporters/gguf/export_metadata.h"
#include "exporters/gguf/importance_use.h"
#include "models/pruning.h"
#include "tokenizers/vocabulary.h"

namespace aurea::exporters {
namespace {

/// Tensors in the order that llama-quantize writes: outside the blocks first, then block by block, by name.
std::vector<models::TensorId> file_order(const models::ModelDescription& description) {
  std::vector<models::TensorId> order(description.tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](models::TensorId a, models::TensorId b) {
    const auto& x = description.tensors[a];
    const auto& y = description.tensors[b];
    return std::tie(x.layer, x.name) < std::tie(y.layer, y.name);
  });
  return order;
}

void check_requantized(const models::ModelSource& source, const PlannedTensor& tensor) {
  if (is_float(tensor.stored) || tensor.stored == tensor.type) return;
  fail(ErrorCode::kBadArgument,
       "{}: tensor '{}' is {} already; quantizing it again as {} loses more than quantizing the original. "
       "Use the original, or --allow-requantize",
       source.path().string(), tensor.source_name, name(tensor.stored), name(tensor.type));
}

/// "'a', 'b' and 5 more".
std::string first_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 2;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += fmt::format("{}'{}'", i > 0 ? ", " : "", names[i]);
  return names.size() > kShown ? fmt::format("{} and {} more", text, names.size() - kShown) : text;
}

/// One notice for each wanted type that did not fit.
void add_fallback_notices(GgufExportPlan& plan, const quantization::TypeAssignment& assigned) {
  std::map<std::tuple<QuantType, QuantType, uint64_t>, std::vector<std::string>> groups;
  for (const quantization::Fallback& fallback : assigned.fallbacks) {
    const models::TensorSpec& spec = plan.description.tensors[fallback.tensor];
    groups[{fallback.wanted, assigned.types[fallback.tensor], spec.shape.back()}].push_back(spec.name);
  }
  for (const auto& [group, names] : groups) {
    const auto& [wanted, used, cols] = group;
    plan.notices.push_back(
        fmt::format("{} instead of {} for {} tensor{}, whose rows of {} do not divide into blocks of {}: {}",
                    name(used), name(wanted), names.size(), names.size() == 1 ? "" : "s", cols,
                    info(wanted).block_elements, first_names(names)));
  }
}

void add_unweighted_notice(GgufExportPlan& plan) {
  std::vector<std::string> names;
  for (const PlannedTensor& tensor : plan.tensors) {
    if (tensor.unweighted) names.push_back(tensor.source_name);
  }
  if (names.empty()) return;
  plan.notices.push_back(fmt::format("no importance data for {} tensor{}, quantized without weights: {}", names.size(),
                                     names.size() == 1 ? "" : "s", first_names(names)));
}

void add_recipe_notice(GgufExportPlan& plan, const quantization::Recipe& recipe) {
  if (recipe.name == "MXFP4_MOE" && plan.description.params.n_experts == 0) {
    plan.notices.push_back(
        "MXFP4_MOE: this model has no experts, so that all its matrices become Q8_0; --type MXFP4 makes 4-bit floats "
        "of them");
  }
  if (recipe.group == quantization::RecipeGroup::kTrained) {
    plan.notices.push_back(
        fmt::format("{} is for models that were trained with such weights; others lose nearly everything with it: take "
                    "IQ2_XXS or IQ1_M for them",
                    recipe.name));
  }
}

/// Lets the architecture's own reader look at the file before it exists, as the next program will.
void check_readable(const models::ModelSource& source, const GgufExportPlan& plan) {
  std::vector<formats::GgufTensor> tensors;
  for (const PlannedTensor& tensor : plan.tensors) {
    // The reader looks into rope factors alone, which are copied.
    tensors.push_back({tensor.name, {tensor.type, tensor.shape, source.parts(tensor.source).front().data}});
  }
  const auto file = formats::GgufFile::of(plan.metadata, std::move(tensors));
  const models::Hyperparams params = source.architecture().from_gguf(file);
  validate(params);
  const models::ModelDescription read = source.architecture().describe(params);
  for (const models::TensorSpec& spec : read.tensors) {
    const formats::GgufTensor* tensor = file.find(spec.name);
    if (tensor == nullptr) fail_file("tensor '{}' would be missing", spec.name);
    if (tensor->view.shape != spec.shape)
      fail_file("tensor '{}' would have another shape than the keys say", spec.name);
  }
  if (read.tensors.size() != plan.tensors.size())
    fail_file("{} tensors would have no place", plan.tensors.size() - read.tensors.size());
}

void check_overrides(const models::ModelSource& source, const GgufExportPlan& plan,
                     const std::vector<KeyOverride>& keys) {
  try {
    check_readable(source, plan);
    const bool of_tokenizer =
        std::ranges::any_of(keys, [](const KeyOverride& k) { return k.key.starts_with("tokenizer."); });
    if (of_tokenizer) tokenizers::load_gguf(plan.metadata);
  } catch (const Error& error) {
    if (keys.empty()) throw;
    fail(ErrorCode::kBadArgument, "--override-kv: the result could not be loaded: {}", error.what());
  }
}

}  // namespace

uint64_t PlannedTensor::bytes() const {
  uint64_t rows = 1;
  for (size_t d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];  // bounded: the source has the tensor
  return rows * row_bytes(type, shape.back());
}

uint64_t GgufExportPlan::tensor_bytes() const {
  uint64_t bytes = 0;
  for (const PlannedTensor& tensor : tensors) bytes += tensor.bytes();
  return bytes;
}

double GgufExportPlan::bits_per_weight() const {
  return 8.0 * static_cast<double>(tensor_bytes()) / static_cast<double>(parameters());
}

uint64_t GgufExportPlan::file_bytes() const {
  constexpr uint64_t kAlignment = formats::GgufWriter::kAlignment;
  uint64_t bytes = formats::encode_gguf_header(metadata, tensor_specs()).size();
  for (const PlannedTensor& tensor : tensors) bytes += (tensor.bytes() + kAlignment - 1) / kAlignment * kAlignment;
  return bytes;
}

std::vector<formats::GgufTensorSpec> GgufExportPlan::tensor_specs() const {
  std::vector<formats::GgufTensorSpec> specs;
  for (const PlannedTensor& tensor : tensors) specs.push_back({tensor.name, tensor.type, tensor.shape});
  return specs;
}

std::string GgufExportPlan::missing_importance() const {
  std::vector<std::string> names;
  QuantType type = QuantType::kF32;
  for (const PlannedTensor& tensor : tensors) {
    if (!tensor.lacks_importance) continue;
    if (names.empty()) type = tensor.type;
    names.push_back(tensor.source_name);
  }
  if (names.empty()) return {};
  const char* help = importance == nullptr ? "add --imatrix FILE, or --imatrix auto to have them collected first"
                                           : "collect them for all tensors, or choose another type for these";
  return fmt::format("{} is of no use without importance data, which {} lack{}: {}; {}", name(type),
                     names.size() == 1 ? "one tensor" : fmt::format("{} tensors", names.size()),
                     names.size() == 1 ? "s" : "", first_names(names), help);
}

GgufExportPlan plan_gguf_export(const models::ModelSource& source, const GgufExportRequest& request) {
  models::PrunedModel pruned =
      models::prune_layers(source.architecture(), source.description(), request.dropped_layers);
  GgufExportPlan plan{.description = std::move(pruned.description), .importance = request.importance};
  std::vector<QuantType> stored;
  for (const models::TensorId id : pruned.origin) stored.push_back(source.parts(id).front().type);
  const bool has_importance = request.importance != nullptr || request.assume_importance;
  const auto assigned = quantization::assign_types(plan.description, request.types, stored, has_importance);
  for (const models::TensorId id : file_order(plan.description)) {
    const models::TensorSpec& spec = plan.description.tensors[id];
    const models::TensorId origin = pruned.origin[id];
    PlannedTensor tensor{
        origin, source.description().tensors[origin].name, spec.name, spec.shape, stored[id], assigned.types[id]};
    if (tensor.stored != tensor.type && !request.assume_importance) {
      const bool has_own = request.importance != nullptr && request.importance->has(tensor.source_name);
      tensor.lacks_importance = !has_own && quantization::needs_importance(spec, tensor.type, *request.types.recipe);
      tensor.unweighted = misses_importance(request.importance, source.description().tensors[origin], tensor.type);
    }
    if (!request.allow_requantize) check_requantized(source, tensor);
    plan.tensors.push_back(std::move(tensor));
  }
  add_recipe_notice(plan, *request.types.recipe);
  add_fallback_notices(plan, assigned);
  add_unweighted_notice(plan);
  plan.metadata = export_metadata(source, plan.description, request);
  check_overrides(source, plan, request.keys);
  return plan;
}

}  // namespace aurea::exporters
