#include "models/source.h"

#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "core/error.h"
#include "core/hash.h"
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
  const auto in_config = [&](const auto& read) -> decltype(auto) {
    try {
      return read();
    } catch (Error& error) {
      throw error.add_context(config_path.string());
    }
  };
  const Architecture& architecture = in_config([&]() -> const Architecture& {
    if (!config.is_object()) fail_file("expected an object, found {}", config.type_name());
    return architecture_for_huggingface(config);
  });
  safetensors_ = formats::SafetensorsFile::open_folder(path_);
  if (architecture.current_name != nullptr) {
    for (const auto& tensor : safetensors_->tensors()) {
      std::string current = in_config([&] { return architecture.current_name(tensor.name, config); });
      if (current != tensor.name) stored_names_.emplace(std::move(current), tensor.name);
    }
  }
  const Hyperparams params = in_config([&] {
    Hyperparams read = architecture.from_huggingface(config, [this](const std::string& name) -> const Shape* {
      const auto* tensor = safetensors_->find(stored_name(name));
      return tensor != nullptr ? &tensor->view.shape : nullptr;
    });
    validate(read);
    return read;
  });
  bind(architecture, params);
  for (const auto& [name, type] : safetensors_->other_tensors()) {
    if (!is_derived(name)) fail(ErrorCode::kUnsupported, "{}: tensor '{}' has type {}; expected F32, F16 or BF16", path_.string(), name, type);
  }
  std::vector<std::string> stored;
  for (const auto& tensor : safetensors_->tensors()) stored.push_back(tensor.name);
  check_nothing_left(stored);
}

void ModelSource::open_gguf() {
  gguf_ = formats::GgufFile::open(path_);
  const Architecture* architecture = nullptr;
  Hyperparams params;
  try {
    architecture = &architecture_for_gguf(gguf_->metadata().required_string("general.architecture"));
    params = architecture->from_gguf(*gguf_);
    validate(params);
  } catch (Error& error) {
    throw error.add_context(path_.string());
  }
  bind(*architecture, params);
  std::vector<std::string> stored;
  for (const auto& tensor : gguf_->tensors()) stored.push_back(tensor.name);
  check_nothing_left(stored);
}

const std::string& ModelSource::stored_name(const std::string& current) const {
  const auto found = stored_names_.find(current);
  return found != stored_names_.end() ? found->second : current;
}

void ModelSource::bind(const Architecture& architecture, const Hyperparams& params) {
  architecture_ = &architecture;
  description_ = architecture.describe(params);
  for (const TensorSpec& spec : description_.tensors) {
    std::vector<TensorView> parts = gguf_ ? find_in_gguf(spec) : find_in_folder(spec);
    stored_.push_back(!parts.empty());
    if (parts.empty() && !spec.constant.empty()) parts.push_back({QuantType::kF32, spec.shape, std::as_bytes(std::span(spec.constant))});
    if (parts.empty()) {
      fail_file("{}: tensor '{}' is missing; expected shape [{}]", path_.string(), gguf_ ? spec.name : stored_name(spec.sources.front()),
                fmt::join(spec.shape, ", "));
    }
    parts_.push_back(std::move(parts));
  }
}

TensorView ModelSource::checked(const TensorView& view, const std::string& name, const Shape& expected) const {
  if (!same_shape(expected, view.shape)) {
    fail_file("{}: tensor '{}': expected shape [{}], found [{}]", path_.string(), name, fmt::join(expected, ", "), fmt::join(view.shape, ", "));
  }
  return {view.type, expected, view.data};
}

std::vector<TensorView> ModelSource::find_in_gguf(const TensorSpec& spec) const {
  const formats::GgufTensor* tensor = gguf_->find(spec.name);
  if (tensor == nullptr) return {};
  const TensorView whole = checked(tensor->view, spec.name, spec.shape);
  if (spec.shape.size() != 3) return {whole};
  std::vector<TensorView> parts;
  const size_t part_bytes = whole.data.size() / spec.n_parts();
  for (uint64_t part = 0; part < spec.n_parts(); ++part) {
    parts.push_back({whole.type, {spec.shape[1], spec.shape[2]}, whole.data.subspan(part * part_bytes, part_bytes)});
  }
  return parts;
}

std::vector<TensorView> ModelSource::find_in_folder(const TensorSpec& spec) const {
  const Shape part_shape(spec.shape.begin() + (spec.shape.size() == 3 ? 1 : 0), spec.shape.end());
  std::vector<TensorView> parts;
  for (const std::string& source : spec.sources) {
    const std::string& name = stored_name(source);
    const formats::SafetensorsTensor* tensor = safetensors_->find(name);
    if (tensor == nullptr) {
      if (parts.empty()) return {};
      fail_file("{}: tensor '{}' is missing; expected shape [{}]", path_.string(), name, fmt::join(part_shape, ", "));
    }
    parts.push_back(checked(tensor->view, name, part_shape));
    if (parts.back().type != parts.front().type) {
      fail(ErrorCode::kUnsupported, "{}: tensor '{}' has type {}, but '{}' {}; expected one type for all experts", path_.string(), name,
           aurea::name(parts.back().type), stored_name(spec.sources.front()), aurea::name(parts.front().type));
    }
  }
  return parts;
}

void ModelSource::check_nothing_left(const std::vector<std::string>& stored) const {
  std::unordered_set<std::string> known;
  for (const TensorSpec& spec : description_.tensors) {
    if (gguf_) {
      known.insert(spec.name);
    } else {
      for (const std::string& source : spec.sources) known.insert(stored_name(source));
    }
  }
  if (!gguf_) known.insert(description_.copies.begin(), description_.copies.end());
  for (const std::string& name : stored) {
    if (!known.contains(name) && !is_derived(name)) {
      fail(ErrorCode::kUnsupported, "{}: tensor '{}' has no place in this architecture ({}); leaving it out would change the model",
           path_.string(), name, description_.architecture);
    }
  }
}

uint64_t ModelSource::parameter_count() const { return models::parameter_count(description_); }

uint64_t ModelSource::tensor_bytes() const {
  uint64_t bytes = 0;
  for (const auto& parts : parts_) {
    for (const TensorView& part : parts) bytes += part.data.size();
  }
  return bytes;
}

double ModelSource::bits_per_weight() const {
  return 8.0 * static_cast<double>(tensor_bytes()) / static_cast<double>(parameter_count());
}

std::span<const MappedFile> ModelSource::files() const { return gguf_ ? gguf_->files() : safetensors_->files(); }

void ModelSource::release(std::span<const std::byte> range) const {
  for (const MappedFile& file : files()) {
    const auto bytes = file.bytes();
    if (range.data() >= bytes.data() && range.data() < bytes.data() + bytes.size()) return file.release(range);
  }
}

uint64_t ModelSource::file_bytes() const { return gguf_ ? gguf_->file_bytes() : safetensors_->file_bytes(); }

std::string ModelSource::fingerprint() const {
  FastHash hash;
  for (const MappedFile& file : files()) {
    struct stat status {};
    if (::stat(file.path().c_str(), &status) != 0) fail_file("{}: cannot be looked at: {}", file.path().string(), std::strerror(errno));
    hash.update(fmt::format("{} {}.{:09} {}\n", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, file.bytes().size()));
  }
  for (TensorId id = 0; id < parts_.size(); ++id) {
    if (is_mapped(id)) continue;
    for (const TensorView& part : parts_[id]) hash.update(part.data);
  }
  return hash.hex();
}

}  // namespace aurea::models
