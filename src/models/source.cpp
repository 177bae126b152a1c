#include "models/source.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>

#include "core/error.h"
#include "core/json.h"

namespace aurea::models {
namespace {

constexpr size_t kMaxConfigBytes = 16 << 20;

/// GGUF drops trailing ones of its reversed shape, so leading ones do not count.
bool same_shape(const Shape& expected, const Shape& found) {
  const auto significant = [](const Shape& shape) {
    return std::span(shape).subspan(static_cast<size_t>(
        std::find_if(shape.begin(), shape.end() - (shape.empty() ? 0 : 1), [](uint64_t n) { return n != 1; }) - shape.begin()));
  };
  return std::ranges::equal(significant(expected), significant(found));
}

/// Tensors of a checkpoint that carry no information: frequencies that follow from the configuration.
bool is_derived(std::string_view source_name) { return source_name.ends_with("rotary_emb.inv_freq"); }

}  // namespace

ModelSource ModelSource::open(const std::filesystem::path& path) {
  ModelSource source;
  source.path_ = path;
  if (std::filesystem::is_directory(path)) {
    source.open_folder();
  } else if (!std::filesystem::exists(path)) {
    fail_file("{}: no such file or folder", path.string());
  } else if (formats::is_gguf(path)) {
    source.open_gguf();
  } else {
    fail_file("{}: neither a GGUF file nor a Hugging Face folder (a folder with config.json)", path.string());
  }
  return source;
}

void ModelSource::open_folder() {
  const auto config_path = path_ / "config.json";
  if (!std::filesystem::exists(config_path)) {
    fail_file("{}: no config.json in this folder; expected a Hugging Face checkpoint", path_.string());
  }
  const Json config = read_json_file(config_path, kMaxConfigBytes);
  const Architecture* architecture = nullptr;
  Hyperparams params;
  try {
    if (!config.is_object()) fail_file("expected an object, found {}", config.type_name());
    architecture = &architecture_for_huggingface(config);
    params = architecture->from_huggingface(config);
    validate(params);
  } catch (Error& error) {
    throw error.add_context(config_path.string());
  }
  safetensors_ = formats::SafetensorsFile::open_folder(path_);
  bind(*architecture, params);
  std::vector<std::string> stored;
  for (const auto& tensor : safetensors_->tensors()) {
    // Some savers write a copy of the embedding under the output's name; the configuration says that it is one.
    if (!(params.tied_embeddings && tensor.name == "lm_head.weight")) stored.push_back(tensor.name);
  }
  for (const auto& [name, type] : safetensors_->other_tensors()) {
    if (!is_derived(name)) fail(ErrorCode::kUnsupported, "{}: tensor '{}' has type {}; expected F32, F16 or BF16", path_.string(), name, type);
  }
  check_nothing_left(stored);
}

void ModelSource::open_gguf() {
  gguf_ = formats::GgufFile::open(path_);
  try {
    const Architecture& architecture = architecture_for_gguf(gguf_->metadata().required_string("general.architecture"));
    const Hyperparams params = architecture.from_gguf(*gguf_);
    validate(params);
    bind(architecture, params);
  } catch (Error& error) {
    throw error.add_context(path_.string());
  }
  std::vector<std::string> stored;
  for (const auto& tensor : gguf_->tensors()) stored.push_back(tensor.name);
  check_nothing_left(stored);
}

void ModelSource::bind(const Architecture& architecture, const Hyperparams& params) {
  architecture_ = &architecture;
  description_ = architecture.describe(params);
  for (const TensorSpec& spec : description_.tensors) {
    const TensorView* view = nullptr;
    if (gguf_) {
      if (const auto* tensor = gguf_->find(spec.name)) view = &tensor->view;
    } else if (const auto* tensor = safetensors_->find(spec.source_name)) {
      view = &tensor->view;
    }
    const std::string& stored_name = gguf_ ? spec.name : spec.source_name;
    if (view != nullptr) {
      if (!same_shape(spec.shape, view->shape)) {
        fail_file("{}: tensor '{}': expected shape [{}], found [{}]", path_.string(), stored_name, fmt::join(spec.shape, ", "),
                  fmt::join(view->shape, ", "));
      }
      TensorView bound = *view;
      bound.shape = spec.shape;
      views_.push_back(bound);
    } else if (!spec.constant.empty()) {
      views_.push_back({QuantType::kF32, spec.shape, std::as_bytes(std::span(spec.constant))});
    } else {
      fail_file("{}: tensor '{}' is missing; expected shape [{}]", path_.string(), stored_name, fmt::join(spec.shape, ", "));
    }
    stored_.push_back(view != nullptr);
  }
}

void ModelSource::check_nothing_left(const std::vector<std::string>& stored) const {
  std::unordered_set<std::string> known;
  for (const TensorSpec& spec : description_.tensors) known.insert(gguf_ ? spec.name : spec.source_name);
  for (const std::string& name : stored) {
    if (!known.contains(name) && !is_derived(name)) {
      fail(ErrorCode::kUnsupported, "{}: tensor '{}' has no place in this architecture ({}); leaving it out would change the model",
           path_.string(), name, description_.architecture);
    }
  }
}

uint64_t ModelSource::parameter_count() const {
  uint64_t count = 0;
  for (size_t id = 0; id < views_.size(); ++id) {
    if (description_.tensors[id].role != TensorRole::kRopeFactors) count += views_[id].elements();
  }
  return count;
}

uint64_t ModelSource::tensor_bytes() const {
  uint64_t bytes = 0;
  for (const TensorView& view : views_) bytes += view.data.size();
  return bytes;
}

double ModelSource::bits_per_weight() const {
  return 8.0 * static_cast<double>(tensor_bytes()) / static_cast<double>(parameter_count());
}

uint64_t ModelSource::file_bytes() const { return gguf_ ? gguf_->file_bytes() : safetensors_->file_bytes(); }

}  // namespace aurea::models
