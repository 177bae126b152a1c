// The mixture of experts: which two experts a token goes to, and their MLPs, grouped by expert so that a batch reads
// each expert's weights once and a single token only those of its two.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/ops/sparse_mixer.h"
#include "engine/plan.h"

namespace aurea::engine {
namespace {

constexpr size_t kChoices = kExpertChoices;

void run_sparse_mixer(const PlanNode& node, Pass& pass) {
  const float jitter = std::get<models::SparseMixer>(node.source->op).jitter;
  const size_t n_experts = node.in[0].width;
  for (size_t r = 0; r < pass.n_rows; ++r) {
    mix_sparsely(node.in[0].row(r), n_experts, jitter, node.out.row(r));
  }
}

/// Where the numbers of one pass lie in the scratch. A place is one (token, choice), in the order of the experts.
struct Layout {
  size_t x, gate, up, inner, out, end;  // bytes from the start; x and inner packed, the others float32

  Layout(const PlanNode& node, size_t n_tokens) {
    const Matrix &gate_matrix = node.matrices[0], &up_matrix = node.matrices[1], &down = node.matrices[2];
    const size_t places = n_tokens * kChoices;
    size_t at = 0;
    const auto take = [&](size_t bytes_per_place) {
      const size_t begin = at;
      at += (places * bytes_per_place + 63) / 64 * 64;
      return begin;
    };
    x = take(std::max(gate_matrix.activation_row_bytes(), up_matrix.activation_row_bytes()));
    gate = take(gate_matrix.rows() * sizeof(float));
    up = take(up_matrix.rows() * sizeof(float));
    inner = take(down.activation_row_bytes());
    out = take(down.rows() * sizeof(float));
    end = at;
  }
};

void prepare_experts(PlanNode& node, Planning& planning) {
  const auto& op = std::get<models::Experts>(node.source->op);
  node.matrices = {planning.matrix(op.gate), planning.matrix(op.up), planning.matrix(op.down)};
  planning.scratch_bytes = std::max(planning.scratch_bytes, Layout(node, planning.max_tokens).end);
}

/// The places of each expert, as [first, last) of the order.
struct Grouping {
  struct Group {
    size_t expert, begin, end;
  };
  std::vector<Group> groups;       // of the experts that have tokens
  std::vector<uint32_t> token_of;  // by place
  std::vector<size_t> place_of;    // by token * kChoices + choice

  Grouping(const Slot& routing, size_t n_tokens, size_t n_experts)
      : token_of(n_tokens * kChoices), place_of(token_of.size()) {
    size_t place = 0;
    for (size_t expert = 0; expert < n_experts; ++expert) {
      const size_t begin = place;
      for (size_t t = 0; t < n_tokens; ++t) {
        for (size_t choice = 0; choice < kChoices; ++choice) {
          if (static_cast<size_t>(routing.row(t)[choice]) != expert) continue;
          token_of[place] = static_cast<uint32_t>(t);
          place_of[t * kChoices + choice] = place++;
        }
      }
      if (place > begin) groups.push_back({expert, begin, place});
    }
  }
};

/// One matrix of every group's expert times the group's rows: x [places] packed -> out [places, rows].
void multiply(const Matrix& matrix, const Grouping& grouping, const uint8_t* x, float* out, Pass& pass) {
  const size_t rows = matrix.rows(), x_row_bytes = matrix.activation_row_bytes();
  const size_t grain = rows_at_once(rows * grouping.groups.size(), pass.n_rows, pass.pool);
  const size_t pieces = (rows + grain - 1) / grain;  // per expert
  pass.pool.parallel_for(pieces * grouping.groups.size(), 1, [&](size_t begin, size_t end, unsigned) {
    for (size_t task = begin; task < end; ++task) {
      const Grouping::Group& group = grouping.groups[task / pieces];
      const Matrix::Operands operands{.x = x + group.begin * x_row_bytes,
                                      .x_row_bytes = x_row_bytes,
                                      .n_tokens = group.end - group.begin,
                                      .out = out + group.begin * rows,
                                      .out_stride = rows};
      const size_t row = task % pieces * grain;
      matrix.multiply(group.expert, operands, row, std::min(row + grain, rows));
    }
  });
}

/// Shows the rows of each group's expert; rows [places, cols] of float32.
void show_rows(const Matrix& matrix, const Grouping& grouping, const float* rows, const Pass& pass) {
  for (const Grouping::Group& group : grouping.groups) {
    pass.observe_input({.weight = matrix.id,
                        .part = group.expert,
                        .n_rows = group.end - group.begin,
                        .n_cols = matrix.cols(),
                        .rows = rows + group.begin * matrix.cols(),
                        .stride = matrix.cols(),
                        .tokens = pass.tokens,
                        .token_index = std::span(grouping.token_of).subspan(group.begin, group.end - group.begin)});
  }
}

/// The block's input in the order of the places, [places, hidden].
std::vector<float> gather(const Slot& in, const Grouping& grouping) {
  std::vector<float> rows;
  for (const uint32_t token : grouping.token_of) rows.insert(rows.end(), in.row(token), in.row(token) + in.width);
  return rows;
}

void run_experts(const PlanNode& node, Pass& pass) {
  const Matrix &gate = node.matrices[0], &up = node.matrices[1], &down = node.matrices[2];
  const Grouping grouping(node.in[1], pass.n_rows, gate.parts.size());
  const Layout layout(node, pass.n_rows);
  uint8_t* scratch = pass.scratch.data();
  const auto floats = [&](size_t offset) { return reinterpret_cast<float*>(scratch + offset); };
  const size_t places = grouping.token_of.size();
  const auto for_each_place = [&](const auto& fn) {
    pass.pool.parallel_for(places, 4, [&](size_t begin, size_t end, unsigned) {
      for (size_t place = begin; place < end; ++place) fn(place);
    });
  };
  const auto pack_input = [&](const Matrix& matrix) {
    for_each_place([&](size_t place) {
      matrix.pack_row(pass.kernels, node.in[0].row(grouping.token_of[place]),
                      scratch + layout.x + place * matrix.activation_row_bytes());
    });
  };
  if (pass.observe_input) {
    const std::vector<float> rows = gather(node.in[0], grouping);
    show_rows(gate, grouping, rows.data(), pass);
    show_rows(up, grouping, rows.data(), pass);
  }
  pack_input(gate);
  multiply(gate, grouping, scratch + layout.x, floats(layout.gate), pass);
  if (up.kernel->activation != gate.kernel->activation) pack_input(up);
  multiply(up, grouping, scratch + layout.x, floats(layout.up), pass);
  const size_t ffn = gate.rows();
  for_each_place([&](size_t place) {
    float* inner = floats(layout.gate) + place * ffn;
    pass.kernels.silu_mul(inner, floats(layout.up) + place * ffn, inner, ffn);
    down.pack_row(pass.kernels, inner, scratch + layout.inner + place * down.activation_row_bytes());
  });
  if (pass.observe_input) show_rows(down, grouping, floats(layout.gate), pass);
  multiply(down, grouping, scratch + layout.inner, floats(layout.out), pass);
  // The first choice first, whatever else is in the batch: each token gets the very bits that it gets alone.
  const size_t width = node.out.width;
  pass.pool.parallel_for(pass.n_rows, 4, [&](size_t begin, size_t end, unsigned) {
    for (size_t t = begin; t < end; ++t) {
      const float* weights = node.in[1].row(t) + kChoices;
      const float* first = floats(layout.out) + grouping.place_of[t * kChoices] * width;
      const float* second = floats(layout.out) + grouping.place_of[t * kChoices + 1] * width;
      for (size_t c = 0; c < width; ++c) node.out.row(t)[c] = weights[0] * first[c] + weights[1] * second[c];
    }
  });
}

}  // namespace

const OpRunner kSparseMixerRunner{.run = run_sparse_mixer};
const OpRunner kExpertsRunner{.run = run_experts, .prepare = prepare_experts};

}  // namespace aurea::engine
