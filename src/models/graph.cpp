#include "models/graph.h"

#include <utility>

#include "core/error.h"
#include "models/description.h"

namespace aurea::models {

ValueId Graph::add_node(Op op, std::vector<ValueId> inputs, uint64_t width, std::string name) {
  const auto output = static_cast<ValueId>(values.size());
  values.push_back({width, std::move(name)});
  nodes.push_back({op, std::move(inputs), output});
  return output;
}

ValueId Graph::embedding(TensorId table, uint64_t width, std::string name) {
  return add_node(Embedding{table}, {}, width, std::move(name));
}

ValueId Graph::rms_norm(ValueId x, TensorId weight, float eps, std::string name) {
  return add_node(RmsNorm{weight, eps}, {x}, values[x].width, std::move(name));
}

ValueId Graph::layer_norm(ValueId x, TensorId weight, TensorId bias, float eps, std::string name) {
  return add_node(LayerNorm{weight, bias, eps}, {x}, values[x].width, std::move(name));
}

ValueId Graph::linear(ValueId x, TensorId weight, std::optional<TensorId> bias, uint64_t rows, std::string name) {
  return add_node(Linear{weight, bias}, {x}, rows, std::move(name));
}

ValueId Graph::slice(ValueId x, uint64_t begin, uint64_t width, std::string name) {
  AUREA_CHECK(begin + width <= values[x].width);
  return add_node(Slice{begin}, {x}, width, std::move(name));
}

ValueId Graph::rope(ValueId x, uint64_t n_heads, uint64_t head_dim, std::string name) {
  AUREA_CHECK(values[x].width == n_heads * head_dim);
  return add_node(Rope{n_heads, head_dim}, {x}, values[x].width, std::move(name));
}

ValueId Graph::attention(ValueId q, ValueId k, ValueId v, const Attention& attention, std::string name) {
  AUREA_CHECK(values[q].width == attention.n_heads * attention.head_dim);
  AUREA_CHECK(values[k].width == attention.n_kv_heads * attention.head_dim && values[v].width == values[k].width);
  return add_node(attention, {q, k, v}, values[q].width, std::move(name));
}

ValueId Graph::silu_mul(ValueId gate, ValueId up, std::string name) {
  AUREA_CHECK(values[gate].width == values[up].width);
  return add_node(SiluMul{}, {gate, up}, values[up].width, std::move(name));
}

ValueId Graph::gelu(ValueId x, std::string name) { return add_node(Gelu{}, {x}, values[x].width, std::move(name)); }

ValueId Graph::sparse_mixer(ValueId scores, float jitter, std::string name) {
  return add_node(SparseMixer{jitter}, {scores}, 4, std::move(name));
}

ValueId Graph::experts(ValueId x, ValueId routing, const Experts& experts, std::string name) {
  AUREA_CHECK(values[routing].width == 4);
  return add_node(experts, {x, routing}, values[x].width, std::move(name));
}

ValueId Graph::add(ValueId a, ValueId b, std::string name) {
  AUREA_CHECK(values[a].width == values[b].width);
  return add_node(Add{}, {a, b}, values[a].width, std::move(name));
}

ValueId Graph::select_rows(ValueId x, std::string name) {
  return add_node(SelectRows{}, {x}, values[x].width, std::move(name));
}

uint64_t parameter_count(const ModelDescription& description) {
  uint64_t count = 0;
  for (const TensorSpec& spec : description.tensors) {
    if (spec.role == TensorRole::kRopeFactors) continue;
    uint64_t elements = 1;
    for (const uint64_t n : spec.shape) elements *= n;  // bounded: Hyperparams' limits
    count += elements;
  }
  return count;
}

std::vector<MatrixUse> matrices_of(const ModelDescription& description, const Node& node) {
  if (const auto* linear = std::get_if<Linear>(&node.op)) return {{linear->weight, 1.0}};
  if (const auto* experts = std::get_if<Experts>(&node.op)) {
    constexpr double kUsed = 2;
    const double share = kUsed / static_cast<double>(description.tensors[experts->gate].n_parts());
    return {{experts->gate, share}, {experts->up, share}, {experts->down, share}};
  }
  return {};
}

}  // namespace aurea::models
