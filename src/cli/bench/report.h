// The result of `aurea bench`, and its three forms: a table for people, one for documents, an object for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/bench/limits.h"
#include "cli/bench/peers.h"
#include "cli/bench/workload.h"
#include "core/json.h"

namespace aurea::cli::bench {

struct MeasuredModel {
  std::string label, type;
  uint64_t bytes = 0;  // of its files
  double load_seconds = 0;
};

struct Row {
  size_t model = 0;  // index into Report::models
  Workload work;
  Floor floor = {};
  std::vector<double> rates = {};  // tokens per second of each run
  std::string left_out = {};       // why it was not measured; then `rates` is empty
};

struct Report {
  std::vector<MeasuredModel> models;
  std::vector<Row> rows;
  std::vector<Peer> peers;
  Limits limits;
  uint64_t peak_rss_bytes = 0;  // of the process, with all models, before the limits were measured
  size_t threads = 0;
  std::string kernel_set, cpu;

  /// Share of what the limits allow that the median reached.
  [[nodiscard]] double fraction_of_limit(const Row& row) const;
  /// Null: the peer has no such figure.
  [[nodiscard]] const PeerFigure* find(const Peer& peer, const Row& row) const;

  /// For a terminal: a section for each model.
  [[nodiscard]] std::string to_text() const;
  /// A GitHub table.
  [[nodiscard]] std::string to_markdown() const;
  /// The keys that docs/howto/measure-speed.md lists. The pair of rates at the top is that of the first prefill and the
  /// first decode, all 0 where there is none.
  [[nodiscard]] Json to_json() const;
};

}  // namespace aurea::cli::bench
