// Weights that are computed when they are read: a checkpoint of any size without the disk for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "make_checkpoint/shards.h"

namespace aurea::tools {

/// Mounts the shards' files at `folder` (an empty one) with FUSE and serves them until it is unmounted or interrupted.
/// Throws kDevice where the system does not allow it.
void serve_shards(const std::filesystem::path& folder, std::span<const Shard> shards, uint64_t seed);

}  // namespace aurea::tools
