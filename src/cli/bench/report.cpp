#include "cli/bench/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/progress.h"

namespace aurea::cli::bench {
namespace {

using Cells = std::vector<std::string>;

/// Digits that mean something between runs.
std::string rate_text(double rate) { return fmt::format("{:.{}f}", rate, rate < 10 ? 2 : rate < 1000 ? 1 : 0); }

std::string limit_text(const Report& report, const Row& row) {
  return fmt::format("{:.0f}% {}", 100 * report.fraction_of_limit(row), row.floor.bound(report.limits));
}

/// The peer's figure and the ratio of ours to it.
void add_peer_cells(const Report& report, const Row& row, Cells& cells) {
  for (const Peer& peer : report.peers) {
    const PeerFigure* figure = report.find(peer, row);
    cells.push_back(figure == nullptr ? "no figure" : rate_text(figure->rate.median));
    cells.push_back(figure == nullptr ? "" : fmt::format("{:.2f}", spread_of(row.rates).median / figure->rate.median));
  }
}

void add_peer_heads(const Report& report, Cells& cells) {
  for (const Peer& peer : report.peers) {
    cells.push_back(peer.name);
    cells.push_back("ratio");
  }
}

std::string conditions(const Report& report) {
  return fmt::format(
      "{} threads, kernels {} on {}, peak memory {}\nlimits in this run: {:.1f} GB/s memory reads, {:.0f} int8 Gop/s\n",
      report.threads, report.kernel_set, report.cpu, format_bytes(report.peak_rss_bytes),
      report.limits.memory_read_gb_per_s, report.limits.int8_gops);
}

/// What the table does not say: workloads without figures, and figures of peers under other conditions.
std::string remarks(const Report& report) {
  std::string text;
  for (const Peer& peer : report.peers) {
    for (const Row& row : report.rows) {
      const PeerFigure* figure = row.left_out.empty() ? report.find(peer, row) : nullptr;
      if (figure == nullptr || figure->threads == 0 || figure->threads == report.threads) continue;
      text += fmt::format("{}: measured with {} threads\n", peer.name, figure->threads);
      break;
    }
  }
  for (const Row& row : report.rows) {
    if (row.left_out.empty()) continue;
    text += fmt::format("left out: {}{}: {}\n", row.work.name(),
                        report.models.size() > 1 ? " of " + report.models[row.model].label : "", row.left_out);
  }
  return text;
}

/// The first column to the left, the others to the right.
std::string aligned(const std::vector<Cells>& lines) {
  std::vector<size_t> widths(lines.front().size());
  for (const Cells& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Cells& line : lines) {
    std::string row = fmt::format("{:<{}}", line[0], widths[0]);
    for (size_t i = 1; i < line.size(); ++i) row += fmt::format("  {:>{}}", line[i], widths[i]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string markdown_line(const Cells& cells) {
  std::string line = "|";
  for (std::string cell : cells) {
    for (size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) cell.insert(at, "\\");
    line += " " + cell + " |";
  }
  return line + "\n";
}

Json spread_json(const Spread& spread) { return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}}; }

/// Only the sizes that the workload's kind has.
Json sizes_json(const Workload& work) {
  Json json = {{"kind", name(work.kind)}};
  if (work.prompt > 0) json["prompt"] = work.prompt;
  if (work.chunk > 0) json["chunk"] = work.chunk;
  if (work.kind == Kind::kPrefill) return json;
  json["generate"] = work.generate;
  json["batch"] = work.batch;
  json["depth"] = work.depth;
  return json;
}

Json row_json(const Report& report, const Row& row) {
  const MeasuredModel& model = report.models[row.model];
  Json json = {{"model", model.label}, {"type", model.type}};
  json.update(sizes_json(row.work));
  if (!row.left_out.empty()) {
    json["left_out"] = row.left_out;
    return json;
  }
  const Spread rate = spread_of(row.rates);
  json["tokens_per_second"] = spread_json(rate);
  json["samples"] = row.rates;
  if (row.work.kind == Kind::kMixed) {  // the prompt that was read in the same time
    const double ratio = static_cast<double>(row.work.prompt) / static_cast<double>(row.work.tokens());
    json["prompt_tokens_per_second"] = spread_json({rate.median * ratio, rate.min * ratio, rate.max * ratio});
  }
  json["fraction_of_limit"] = report.fraction_of_limit(row);
  json["floor"] = {{"bytes", row.floor.bytes},
                   {"operations", row.floor.operations},
                   {"bound", row.floor.bound(report.limits)},
                   {"tokens_per_second", static_cast<double>(row.work.tokens()) / row.floor.seconds(report.limits)}};
  if (!report.peers.empty()) json["peers"] = Json::object();
  for (const Peer& peer : report.peers) {
    const PeerFigure* figure = report.find(peer, row);
    Json& place = json["peers"][peer.name];
    if (figure == nullptr) continue;  // null
    place = spread_json(figure->rate);
    place["ratio"] = rate.median / figure->rate.median;
    if (figure->threads > 0) place["threads"] = figure->threads;
  }
  return json;
}

}  // namespace

double Report::fraction_of_limit(const Row& row) const {
  return row.floor.seconds(limits) * spread_of(row.rates).median / static_cast<double>(row.work.tokens());
}

const PeerFigure* Report::find(const Peer& peer, const Row& row) const {
  const MeasuredModel& model = models[row.model];
  return peer.find(model.label, model.type, row.work, threads, models.size() == 1);
}

std::string Report::to_text() const {
  std::string text;
  for (size_t i = 0; i < models.size(); ++i) {
    const MeasuredModel& model = models[i];
    text += fmt::format("{}: {}, {}, loaded in {:.2f} s\n", model.label, model.type, format_bytes(model.bytes),
                        model.load_seconds);
    std::vector<Cells> lines = {{"tokens/s", "median", "min", "max", "of the limit"}};
    add_peer_heads(*this, lines[0]);
    for (const Row& row : rows) {
      if (row.model != i || !row.left_out.empty()) continue;
      const Spread rate = spread_of(row.rates);
      lines.push_back(
          {row.work.name(), rate_text(rate.median), rate_text(rate.min), rate_text(rate.max), limit_text(*this, row)});
      add_peer_cells(*this, row, lines.back());
    }
    text += aligned(lines) + "\n";
  }
  return text + remarks(*this) + conditions(*this);
}

std::string Report::to_markdown() const {
  Cells head = {"model", "size", "type", "test", "tokens/s", "of the limit"};
  add_peer_heads(*this, head);
  std::string text = markdown_line(head) + "|---|---:|---|---|---:|---:|";
  for (size_t i = 0; i < 2 * peers.size(); ++i) text += "---:|";
  text += "\n";
  for (const Row& row : rows) {
    if (!row.left_out.empty()) continue;
    const MeasuredModel& model = models[row.model];
    const Spread rate = spread_of(row.rates);
    Cells cells = {model.label,
                   format_bytes(model.bytes),
                   model.type,
                   row.work.name(),
                   fmt::format("{} ({}–{})", rate_text(rate.median), rate_text(rate.min), rate_text(rate.max)),
                   limit_text(*this, row)};
    add_peer_cells(*this, row, cells);
    text += markdown_line(cells);
  }
  return text + "\n" + remarks(*this) + conditions(*this);
}

Json Report::to_json() const {
  Json pair[2] = {spread_json({}), spread_json({})};
  pair[0]["tokens"] = 0;
  pair[1].update({{"tokens", 0}, {"batch", 0}, {"depth", 0}});
  double fractions[2] = {};
  Json results = Json::array(), loaded = Json::array();
  bool found[2] = {};
  for (const Row& row : rows) {
    results.push_back(row_json(*this, row));
    if (row.work.kind == Kind::kMixed || !row.left_out.empty()) continue;
    const size_t which = row.work.kind == Kind::kDecode;
    if (std::exchange(found[which], true)) continue;
    pair[which].update(spread_json(spread_of(row.rates)));
    pair[which]["tokens"] = which == 0 ? row.work.prompt : row.work.generate;
    if (which == 1) pair[which].update({{"batch", row.work.batch}, {"depth", row.work.depth}});
    fractions[which] = fraction_of_limit(row);
  }
  for (const MeasuredModel& model : models) {
    loaded.push_back(
        {{"model", model.label}, {"type", model.type}, {"bytes", model.bytes}, {"load_seconds", model.load_seconds}});
  }
  return {{"prefill_tokens_per_second", pair[0]},
          {"decode_tokens_per_second", pair[1]},
          {"load_seconds", models.front().load_seconds},
          {"peak_rss_bytes", peak_rss_bytes},
          {"threads", threads},
          {"kernel_set", kernel_set},
          {"cpu", cpu},
          {"limits", {{"memory_read_gb_per_s", limits.memory_read_gb_per_s}, {"int8_gops", limits.int8_gops}}},
          {"fraction_of_limit", {{"prefill", fractions[0]}, {"decode", fractions[1]}}},
          {"models", loaded},
          {"results", results}};
}

}  // namespace aurea::cli::bench
