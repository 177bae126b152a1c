// Which tensor of a synthetic checkpoint lies where, and its bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/description.h"

namespace aurea::tools {

/// A tensor as the checkpoint stores it: a whole one, or one part of a stacked one. BF16.
struct Stored {
  const models::TensorSpec* spec;
  std::string name;
  Shape shape;
  uint64_t first_row;  // of the spec's rows
  uint64_t offset = 0;  // in the shard's data

  [[nodiscard]] uint64_t rows() const { return shape.size() == 1 ? 1 : shape[0]; }
  [[nodiscard]] uint64_t cols() const { return shape.back(); }
  [[nodiscard]] uint64_t bytes() const { return rows() * cols() * 2; }
};

struct Shard {
  std::string file_name;
  std::string header;  // everything in front of the data: its length, then JSON
  std::vector<Stored> tensors;
  uint64_t data_bytes = 0;
};

/// Shards of about 5 GB, as published checkpoints have. `description` must outlive them.
std::vector<Shard> make_shards(const models::ModelDescription& description);

/// Fills dst with the shard's data from `offset` on; any piece, from any thread.
void fill_data(const Shard& shard, uint64_t seed, uint64_t offset, std::span<std::byte> dst);

}  // namespace aurea::tools
