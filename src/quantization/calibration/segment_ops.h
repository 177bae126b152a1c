// The larger ops of a calibration pass, each in its own file, and the little functions that several of them use.
#pragma once

#include "quantization/calibration/segment_pass.h"

namespace aurea::quantization {

void forward_attention(const models::Node& node, PassState& state);
void backward_attention(const models::Node& node, PassState& state);
void forward_sparse_mixer(const models::Node& node, PassState& state);
void forward_experts(const models::Node& node, PassState& state);
void backward_experts(const models::Node& node, PassState& state);

/// The rows of one expert, gathered: [n, width] each.
struct ExpertRows {
  std::vector<size_t> rows;    // of the batch
  std::vector<float> weights;  // of the expert in each row
  std::vector<float> x, gate, up, inner, out;
};

/// The inputs of the rows that `routing` [n_rows, 4] sends to an expert.
ExpertRows gather_expert_rows(const models::Node& node, const PassState& state, size_t expert, Rows routing);
/// inner = up * silu(gate) of these rows: the inputs of the expert's last matrix.
void run_expert_inner(const models::Node& node, PassState& state, size_t expert, ExpertRows& rows);

/// exp in float32, the same bits on every CPU (within 1.1 ulp).
float exponential(float x);
/// 1 / (1 + exp(-x)).
float sigmoid(float x);
/// y = up * gate * sigmoid(gate).
void silu_mul(const float* gate, const float* up, float* y, size_t n);
/// Adds the gradients of silu_mul.
void add_silu_mul_gradients(const float* gate, const float* up, const float* dy, float* d_gate, float* d_up, size_t n);

}  // namespace aurea::quantization
