#include "quantization/calibration/segments.h"

#include <algorithm>

#include "core/error.h"

namespace aurea::quantization {

using models::Graph;
using models::Node;
using models::ValueId;

std::vector<Segment> cut_into_segments(const Graph& graph) {
  AUREA_CHECK(graph.nodes.size() >= 2 && graph.nodes.back().output == graph.logits);
  const size_t n_nodes = graph.nodes.size() - 1;  // without the logits
  std::vector<size_t> last_use(graph.values.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId input : graph.nodes[n].inputs) last_use[input] = n;
  }
  std::vector<Segment> segments;
  std::vector<ValueId> live;
  size_t begin = 0;
  for (size_t n = 0; n < n_nodes; ++n) {
    live.push_back(graph.nodes[n].output);
    std::erase_if(live, [&](ValueId value) { return last_use[value] <= n; });
    if (live.size() != 1) continue;
    const ValueId output = live.front();
    const ValueId input = segments.empty() ? output : segments.back().output;
    segments.push_back({std::span(graph.nodes).subspan(begin, n + 1 - begin), input, output});
    begin = n + 1;
  }
  AUREA_CHECK(begin == n_nodes && segments.front().nodes.size() == 1);
  return segments;
}

}  // namespace aurea::quantization
