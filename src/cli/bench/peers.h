// Figures of other programs (or of another Aurea) to stand beside ours: what llama.cpp's and ik_llama.cpp's
// `llama-bench -o json` print (an array of objects; tools/llama-bench, struct test), and `aurea bench --json`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/workload.h"
#include "core/json.h"

namespace aurea::cli::bench {

struct PeerFigure {
  std::string model = {};  // the file's name without its folder; empty: not said
  std::string type = {};   // as Subject::type; empty: not said in these words
  Workload work = {};
  Spread rate = {};    // tokens per second
  size_t threads = 0;  // 0: not said
};

struct Peer {
  std::string name;  // of the file, without folder and ending: the head of its column
  std::vector<PeerFigure> figures;

  /// The figure of the same workload on a model of the same file name (of the same type, where it says one), or on the
  /// only model if it names none; among several one with as many threads, then the fastest. Null: there is none.
  [[nodiscard]] const PeerFigure* find(const std::string& model, const std::string& type, const Workload& work,
                                       size_t threads, bool only_model) const;
};

/// Runs of llama-bench that read and write in one figure are left out. Throws kBadFile, naming entry and key.
std::vector<PeerFigure> parse_peer_figures(const Json& json);

/// Throws kBadFile, naming the file, when it is no JSON, has neither form or has no figures.
Peer read_peer(const std::filesystem::path& path);

/// The last part of a path, with '/' or '\\' between parts; a closing one does not count.
std::string file_name(std::string_view path);

}  // namespace aurea::cli::bench
