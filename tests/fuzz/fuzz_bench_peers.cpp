// Figures of other programs for `aurea bench`: any text. What is accepted must be possible figures, and our own report
// of them must be readable again.
#include <cmath>

#include "cli/bench/peers.h"
#include "core/json.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cli::bench::Peer peer{.name = "peer", .figures = {}};
  fuzz::allow_refusal([&] { peer.figures = cli::bench::parse_peer_figures(parse_json(text, "input")); });
  for (const cli::bench::PeerFigure& figure : peer.figures) {
    fuzz::require(std::isfinite(figure.rate.median) && figure.rate.min > 0);
    fuzz::require(figure.rate.min <= figure.rate.median && figure.rate.median <= figure.rate.max);
    const auto* found = peer.find(figure.model, figure.type, figure.work, figure.threads, figure.model.empty());
    fuzz::require(found != nullptr && found->work == figure.work);
  }
  return 0;
}
