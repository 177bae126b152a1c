#include "make_checkpoint/shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/json.h"
#include "make_checkpoint/weights.h"

namespace aurea::tools {
namespace {

constexpr uint64_t kShardBytes = 5'000'000'000;
constexpr uint64_t kRowsAtOnce = 64;

std::string header_of(const Shard& shard) {
  Json header = Json::object();
  for (const Stored& tensor : shard.tensors) {
    header[tensor.name] = {{"dtype", "BF16"}, {"shape", tensor.shape}, {"data_offsets", {tensor.offset, tensor.offset + tensor.bytes()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

}  // namespace

std::vector<Shard> make_shards(const models::ModelDescription& description) {
  std::vector<Shard> shards(1);
  for (const models::TensorSpec& spec : description.tensors) {
    for (size_t part = 0; part < spec.sources.size(); ++part) {
      Stored stored{&spec, spec.sources[part], spec.shape, 0};
      if (spec.shape.size() == 3) stored.shape.erase(stored.shape.begin());
      stored.first_row = part * stored.rows();
      if (shards.back().data_bytes > 0 && shards.back().data_bytes + stored.bytes() > kShardBytes) shards.emplace_back();
      stored.offset = shards.back().data_bytes;
      shards.back().data_bytes += stored.bytes();
      shards.back().tensors.push_back(std::move(stored));
    }
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    shards[i].file_name = shards.size() == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    shards[i].header = header_of(shards[i]);
  }
  return shards;
}

void fill_data(const Shard& shard, uint64_t seed, uint64_t offset, std::span<std::byte> dst) {
  auto tensor = std::ranges::upper_bound(shard.tensors, offset, {}, &Stored::offset) - 1;
  std::vector<uint16_t> values;
  while (!dst.empty()) {
    // Whole rows, the first and last of which may be wanted in part only.
    const uint64_t row_bytes = tensor->cols() * 2, inside = offset - tensor->offset;
    const uint64_t first = inside / row_bytes, from = inside % row_bytes;
    const uint64_t rows = std::min({(from + dst.size() + row_bytes - 1) / row_bytes, tensor->rows() - first, kRowsAtOnce});
    const size_t n = std::min<size_t>(dst.size(), rows * row_bytes - from);
    values.resize(rows * tensor->cols());
    fill_rows(*tensor->spec, seed, tensor->first_row + first, values);
    std::memcpy(dst.data(), reinterpret_cast<const std::byte*>(values.data()) + from, n);
    dst = dst.subspan(n);
    offset += n;
    if (offset == tensor->offset + tensor->bytes()) ++tensor;
  }
}

}  // namespace aurea::tools
