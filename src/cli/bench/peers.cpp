#include "cli/bench/peers.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace aurea::cli::bench {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;

/// A number of tokens, sequences or threads; 0 if it is not there.
size_t size_at(const Json& object, const char* key) {
  const int64_t value = optional_int(object, key).value_or(0);
  if (value < 0 || value > INT32_MAX)
    fail_file("{}: expected a whole number up to {}, found {}", key, INT32_MAX, value);
  return static_cast<size_t>(value);
}

double checked_rate(double rate, const char* key) {
  if (!std::isfinite(rate) || rate <= 0) fail_file("{}: expected tokens per second above 0, found {}", key, rate);
  return rate;
}

double rate_at(const Json& object, const char* key) { return checked_rate(required_number(object, key), key); }

void check_object(const Json& json) {
  if (!json.is_object()) fail_file("expected an object, found {}", json.type_name());
}

Spread spread_at(const Json& object) {
  check_object(object);
  const Spread spread{rate_at(object, "median"), rate_at(object, "min"), rate_at(object, "max")};
  if (spread.min > spread.median || spread.median > spread.max) {
    fail_file("expected min <= median <= max, found {}, {}, {}", spread.min, spread.median, spread.max);
  }
  return spread;
}

/// Calls `read`; its errors get "where: " in front.
template <typename Read>
void within(const std::string& where, Read&& read) {
  try {
    read();
  } catch (Error& error) {
    throw error.add_context(where);
  }
}

// --- llama-bench -----------------------------------------------------------------------------------------------------

Spread llama_bench_rate(const Json& entry) {
  const auto samples = entry.find("samples_ts");
  if (samples == entry.end() || !samples->is_array() || samples->empty()) {
    const double average = rate_at(entry, "avg_ts");
    return {average, average, average};
  }
  std::vector<double> rates;
  for (const Json& sample : *samples) {
    if (!sample.is_number()) fail_file("samples_ts: expected numbers, found {}", sample.type_name());
    rates.push_back(checked_rate(sample.get<double>(), "samples_ts"));
  }
  return spread_of(std::move(rates));
}

/// Nothing is added for a run that reads and writes.
void add_llama_bench_entry(const Json& entry, std::vector<PeerFigure>& figures) {
  check_object(entry);
  PeerFigure figure{.model = file_name(optional_string(entry, "model_filename").value_or("")),
                    .threads = size_at(entry, "n_threads")};
  const size_t prompt = size_at(entry, "n_prompt"), generate = size_at(entry, "n_gen"),
               depth = size_at(entry, "n_depth");
  if (prompt > 0 && generate == 0) {
    figure.work = {.kind = Kind::kPrefill, .prompt = prompt, .depth = depth};
  } else if (prompt == 0 && generate > 0) {
    figure.work = {.kind = Kind::kDecode, .generate = generate, .batch = 1, .depth = depth};
  } else if (generate > 0 && optional_string(entry, "test").value_or("").starts_with("tg")) {
    // ik_llama.cpp's "tg64@pp4096": the prompt is read first, and its time does not count.
    figure.work = {.kind = Kind::kDecode, .generate = generate, .batch = 1, .depth = prompt};
  } else if (generate > 0) {
    return;
  } else {
    fail_file("expected n_prompt or n_gen above 0");
  }
  figure.rate = llama_bench_rate(entry);
  figures.push_back(std::move(figure));
}

// --- aurea bench -----------------------------------------------------------------------------------------------------

void add_aurea_result(const Json& result, size_t threads, std::vector<PeerFigure>& figures) {
  check_object(result);
  const std::string kind = required_string(result, "kind");
  PeerFigure figure{
      .model = required_string(result, "model"), .type = required_string(result, "type"), .threads = threads};
  figure.work = {.prompt = size_at(result, "prompt"),
                 .chunk = size_at(result, "chunk"),
                 .generate = size_at(result, "generate"),
                 .batch = size_at(result, "batch"),
                 .depth = size_at(result, "depth")};
  bool known = false;
  for (const Kind one : {Kind::kPrefill, Kind::kDecode, Kind::kMixed}) {
    if (kind != name(one)) continue;
    figure.work.kind = one;
    known = true;
  }
  if (!known || result.contains("left_out")) return;  // unknown: of a later version
  within("tokens_per_second", [&] { figure.rate = spread_at(result.value("tokens_per_second", Json())); });
  figures.push_back(std::move(figure));
}

/// Versions that had one prefill and one decode, of a model that is not named. One that was not measured has a median
/// of 0.
void add_aurea_pair(const Json& report, size_t threads, std::vector<PeerFigure>& figures) {
  for (const char* key : {"prefill_tokens_per_second", "decode_tokens_per_second"}) {
    const auto found = report.find(key);
    if (found == report.end()) continue;
    within(key, [&] {
      check_object(*found);
      if (required_number(*found, "median") == 0) return;
      const size_t tokens = size_at(*found, "tokens");
      PeerFigure figure{.rate = spread_at(*found), .threads = threads};
      if (found->contains("batch")) {
        figure.work = {.kind = Kind::kDecode,
                       .generate = tokens,
                       .batch = size_at(*found, "batch"),
                       .depth = size_at(*found, "depth")};
      } else {
        figure.work = {.kind = Kind::kPrefill, .prompt = tokens};
      }
      figures.push_back(std::move(figure));
    });
  }
}

}  // namespace

const PeerFigure* Peer::find(const std::string& model, const std::string& type, const Workload& work, size_t threads,
                             bool only_model) const {
  const PeerFigure* best = nullptr;
  for (const PeerFigure& figure : figures) {
    const bool same_model = figure.model.empty() ? only_model : figure.model == model;
    if (!same_model || (!figure.type.empty() && figure.type != type) || !(figure.work == work)) continue;
    const auto rank = [&](const PeerFigure& one) { return std::pair(one.threads == threads, one.rate.median); };
    if (best == nullptr || rank(figure) > rank(*best)) best = &figure;
  }
  return best;
}

std::vector<PeerFigure> parse_peer_figures(const Json& json) {
  std::vector<PeerFigure> figures;
  const auto each = [&](const Json& entries, const auto& add) {
    size_t number = 0;
    for (const Json& entry : entries) within(fmt::format("entry {}", ++number), [&] { add(entry); });
  };
  if (json.is_array()) {
    each(json, [&](const Json& entry) { add_llama_bench_entry(entry, figures); });
  } else if (json.is_object() && json.contains("results")) {
    const size_t threads = size_at(json, "threads");
    const Json& results = json.at("results");
    if (!results.is_array()) fail_file("results: expected an array, found {}", results.type_name());
    each(results, [&](const Json& entry) { add_aurea_result(entry, threads, figures); });
  } else if (json.is_object()) {
    add_aurea_pair(json, size_at(json, "threads"), figures);
  }
  if (figures.empty()) {
    fail_file("no figures in it; expected what 'llama-bench -o json' or 'aurea bench --json' print");
  }
  return figures;
}

Peer read_peer(const std::filesystem::path& path) {
  Peer peer{.name = path.stem().string(), .figures = {}};
  const Json json = read_json_file(path, kMaxFileBytes);
  within(path.string(), [&] { peer.figures = parse_peer_figures(json); });
  return peer;
}

std::string file_name(std::string_view path) {
  while (path.size() > 1 && (path.back() == '/' || path.back() == '\\')) path.remove_suffix(1);
  const size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos || slash + 1 == path.size() ? path : path.substr(slash + 1));
}

}  // namespace aurea::cli::bench
