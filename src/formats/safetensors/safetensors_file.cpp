#include "formats/safetensors/safetensors_file.h"

#include <map>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "formats/name_check.h"
#include "formats/safetensors/safetensors_header.h"

namespace aurea::formats {
namespace {

constexpr size_t kMaxIndexBytes = 64 << 20;
constexpr uint64_t kMaxFileNameBytes = 255;

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == std::string_view::npos &&
         name_problem(name, kMaxFileNameBytes).empty();
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// Tensor name -> shard file name.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& index_path) {
  const Json index = read_json_file(index_path, kMaxIndexBytes);
  const auto weight_map = index.is_object() ? index.find("weight_map") : index.end();
  if (weight_map == index.end() || !weight_map->is_object() || weight_map->empty()) {
    fail_file("{}: expected an object 'weight_map' of tensor and file names", index_path.string());
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& [name, shard] : weight_map->items()) {
    if (!shard.is_string() || !is_plain_file_name(shard.get_ref<const std::string&>())) {
      fail_file("{}: tensor '{}': expected the name of a file beside the index", index_path.string(), name);
    }
    shard_of.emplace(name, shard.get<std::string>());
  }
  return shard_of;
}

}  // namespace

SafetensorsFile SafetensorsFile::open_folder(const std::filesystem::path& folder) {
  SafetensorsFile file;
  const auto index_path = folder / "model.safetensors.index.json";
  const auto single_path = folder / "model.safetensors";
  if (is_there(index_path)) {
    file.open_index(folder, index_path);
  } else if (is_there(single_path)) {
    file.shards_.emplace_back(single_path);
    file.add_file(file.shards_.back().bytes(), single_path.string());
  } else {
    fail_file("{}: neither model.safetensors.index.json nor model.safetensors is there", folder.string());
  }
  return file;
}

void SafetensorsFile::open_index(const std::filesystem::path& folder, const std::filesystem::path& index_path) {
  const auto shard_of = read_weight_map(index_path);
  std::set<std::string> shards;
  for (const auto& [name, shard] : shard_of) shards.insert(shard);

  std::map<std::string, std::set<std::string>> names_of;  // shard -> what it holds
  for (const std::string& shard : shards) {
    const size_t n_tensors = tensors_.size(), n_other = other_.size();
    const auto path = folder / shard;
    shards_.emplace_back(path);
    add_file(shards_.back().bytes(), path.string());
    auto& names = names_of[shard];
    for (size_t i = n_tensors; i < tensors_.size(); ++i) names.insert(tensors_[i].name);
    for (size_t i = n_other; i < other_.size(); ++i) names.insert(other_[i].first);
  }
  for (const auto& [name, shard] : shard_of) {
    if (!names_of[shard].contains(name)) {
      fail_file("{}: tensor '{}' is said to be in {}, but is not there", index_path.string(), name, shard);
    }
  }
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, const std::string& source) {
  SafetensorsFile file;
  file.add_file(bytes, source);
  return file;
}

void SafetensorsFile::add_file(std::span<const std::byte> bytes, const std::string& source) {
  try {
    for (SafetensorsEntry& entry : parse_safetensors_header(bytes)) {
      const bool usable = entry.type && !entry.data.empty();
      if (!index_.try_emplace(entry.name, usable ? tensors_.size() : kOther).second) {
        fail_file("tensor '{}' is in another shard too", entry.name);
      }
      if (usable) {
        tensors_.push_back({std::move(entry.name), {*entry.type, std::move(entry.shape), entry.data}});
      } else {
        other_.emplace_back(std::move(entry.name), std::move(entry.dtype));
      }
    }
  } catch (Error& error) {
    error.add_context(source);
    throw;
  }
  file_bytes_ += bytes.size();
}

const SafetensorsTensor* SafetensorsFile::find(std::string_view name) const {
  const auto it = index_.find(std::string(name));
  return it == index_.end() || it->second == kOther ? nullptr : &tensors_[it->second];
}

}  // namespace aurea::formats
