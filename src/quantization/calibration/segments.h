// A model's graph cut into segments that one value enters and one value leaves: the residual stream between its parts.
// Calibration runs segment by segment, so that only one segment's values, gradients and Gram matrices are in memory.
#pragma once

#include <span>
#include <vector>

#include "models/graph.h"

namespace aurea::quantization {

struct Segment {
  std::span<const models::Node> nodes;  // in order of execution
  models::ValueId input;                // of the first segment, which begins with the embedding: its own output
  models::ValueId output;
};

/// The segments in order. The first is the embedding alone; the last ends before the node that computes the logits, which
/// is in none of them. Slices, rotations and the like stay with the values they belong to.
std::vector<Segment> cut_into_segments(const models::Graph& graph);

}  // namespace aurea::quantization
