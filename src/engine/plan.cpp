// Planning: one buffer per value, shared where lifetimes allow, and one kernel per node.
//
// Values live in "roots": a slice is a view of its parent's root, and an element-wise node or a rotation writes over
// its first input when nothing reads that root afterwards. Roots whose last reader is done hand their memory on.
#include "engine/plan.h"

#include <algorithm>
#include <map>

#include "codecs/codec.h"
#include "core/error.h"

namespace aurea::engine {
namespace {

using models::Graph;
using models::Node;
using models::ValueId;

template <typename... Ops>
struct Overloaded : Ops... {
  using Ops::operator()...;
};
template <typename... Ops>
Overloaded(Ops...) -> Overloaded<Ops...>;

/// The table "op -> how it runs". A new op is one line here and one file in engine/ops.
const OpRunner& runner(const models::Op& op) {
  return *std::visit(Overloaded{
                         [](const models::Embedding&) { return &kEmbeddingRunner; },
                         [](const models::RmsNorm&) { return &kRmsNormRunner; },
                         [](const models::LayerNorm&) { return &kLayerNormRunner; },
                         [](const models::Linear&) { return &kLinearRunner; },
                         [](const models::Slice&) { return &kSliceRunner; },
                         [](const models::Rope&) { return &kRopeRunner; },
                         [](const models::Attention&) { return &kAttentionRunner; },
                         [](const models::SiluMul&) { return &kSiluMulRunner; },
                         [](const models::Gelu&) { return &kGeluRunner; },
                         [](const models::SparseMixer&) { return &kSparseMixerRunner; },
                         [](const models::Experts&) { return &kExpertsRunner; },
                         [](const models::Add&) { return &kAddRunner; },
                         [](const models::SelectRows&) { return &kSelectRowsRunner; },
                     },
                     op);
}

/// Where each value's numbers lie: in which root, from which column on.
struct Placement {
  std::vector<size_t> root;      // by ValueId: index into widths
  std::vector<size_t> column;    // by ValueId
  std::vector<size_t> width;     // by root: floats per row
  std::vector<size_t> last_use;  // by root: index of the last node that reads or writes it
};

/// Is [column, column + width) of the root read after node `n`, by views that existed before it?
bool region_is_read_later(const Graph& graph, const Placement& place, size_t n, ValueId value) {
  const size_t begin = place.column[value], end = begin + graph.values[value].width;
  for (size_t later = n + 1; later < graph.nodes.size(); ++later) {
    const auto* slice = std::get_if<models::Slice>(&graph.nodes[later].op);
    for (const ValueId input : graph.nodes[later].inputs) {
      if (place.root[input] != place.root[value]) continue;  // also values made later, which have no root yet
      const size_t other = place.column[input] + (slice != nullptr ? slice->begin : 0);
      const size_t width = graph.values[slice != nullptr ? graph.nodes[later].output : input].width;
      if (other < end && begin < other + width) return true;
    }
  }
  return false;
}

Placement place_values(const Graph& graph) {
  constexpr size_t kUnset = SIZE_MAX;
  Placement place;
  place.root.assign(graph.values.size(), kUnset);
  place.column.assign(graph.values.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const ValueId out = node.output;
    if (const auto* slice = std::get_if<models::Slice>(&node.op)) {
      place.root[out] = place.root[node.inputs[0]];
      place.column[out] = place.column[node.inputs[0]] + slice->begin;
    } else if (runner(node.op).in_place && !region_is_read_later(graph, place, n, node.inputs[0])) {
      place.root[out] = place.root[node.inputs[0]];
      place.column[out] = place.column[node.inputs[0]];
    } else {
      place.root[out] = place.width.size();
      place.width.push_back(graph.values[out].width);
    }
  }
  place.last_use.assign(place.width.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    place.last_use[place.root[graph.nodes[n].output]] = n;
    for (const ValueId input : graph.nodes[n].inputs) place.last_use[place.root[input]] = n;
  }
  // The rows to select from are read again for every group of logits, so nothing behind SelectRows may write over them.
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<models::SelectRows>(node.op))
      place.last_use[place.root[node.inputs[0]]] = graph.nodes.size();
  }
  place.last_use[place.root[graph.logits]] = graph.nodes.size();
  return place;
}

}  // namespace

Plan::Plan(const models::ModelSource& source, const kernels::KernelSet& kernels, PackedWeights& weights,
           size_t max_tokens, size_t max_selected, unsigned n_threads) {
  const Graph& graph = source.description().graph;
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<models::SelectRows>(node.op)) select_ = nodes_.size();
    PlanNode planned{};
    planned.run = runner(node.op).run;
    planned.source = &node;
    nodes_.push_back(std::move(planned));
  }
  assign_buffers(graph, max_tokens, max_selected);
  Planning planning{
      .source = source, .kernels = kernels, .weights = weights, .max_tokens = max_tokens, .n_threads = n_threads};
  for (PlanNode& node : nodes_) {
    if (const auto prepare = runner(node.source->op).prepare) prepare(node, planning);
    planning.before = &node;
  }
  scratch_bytes_ = planning.scratch_bytes;
}

Matrix Planning::table(models::TensorId id) const {
  const std::span<const TensorView> parts = source.parts(id);
  return {.id = id, .parts = parts, .kernel = &kernels.matmul[static_cast<size_t>(parts.front().type)], .packed = {}};
}

Matrix Planning::matrix(models::TensorId id) {
  Matrix matrix = table(id);
  weights.pack(matrix);
  return matrix;
}

std::vector<float> Planning::vector(models::TensorId id) const {
  const TensorView& view = source.tensor(id);
  std::vector<float> values(view.elements());
  codecs::codec(view.type).decode(view.data.data(), values.data(), values.size());
  return values;
}

void Plan::assign_buffers(const Graph& graph, size_t max_tokens, size_t max_selected) {
  const Placement place = place_values(graph);
  // First give every root an offset, reusing the memory of roots that are done; then allocate once.
  std::multimap<size_t, size_t> free;  // floats -> offset
  std::vector<size_t> offset(place.width.size(), SIZE_MAX), floats(place.width.size());
  size_t total = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const size_t root = place.root[graph.nodes[n].output];
    if (offset[root] == SIZE_MAX) {
      constexpr size_t kAlign = 16;  // floats: one cache line
      floats[root] = (place.width[root] * (n >= select_ ? max_selected : max_tokens) + kAlign - 1) / kAlign * kAlign;
      const auto found = free.lower_bound(floats[root]);
      if (found != free.end() && found->first <= 2 * floats[root]) {
        offset[root] = found->second;
        floats[root] = found->first;
        free.erase(found);
      } else {
        offset[root] = total;
        total += floats[root];
      }
    }
    for (size_t r = 0; r < offset.size(); ++r) {
      if (offset[r] != SIZE_MAX && place.last_use[r] == n) free.emplace(floats[r], offset[r]);
    }
  }
  buffers_.assign(total, 0.0f);
  const auto slot = [&](ValueId value) {
    const size_t root = place.root[value];
    return Slot{buffers_.data() + offset[root] + place.column[value], place.width[root], graph.values[value].width};
  };
  for (PlanNode& node : nodes_) {
    AUREA_CHECK(node.source->inputs.size() <= std::size(node.in));
    for (size_t i = 0; i < node.source->inputs.size(); ++i) node.in[i] = slot(node.source->inputs[i]);
    node.out = slot(node.source->output);
  }
  logits_ = slot(graph.logits);
}

}  // namespace aurea::engine
