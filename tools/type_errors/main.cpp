// type_errors: the errors of every type of core/quant_types.def on two matrices of 4096 x 4096 values, beside those of
// llama.cpp v0.5.0, as a Markdown table. Exit code 1 if any is larger.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "codecs/codec.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "type_errors/llama_cpp_table.h"
#include "type_errors/matrices.h"

namespace aurea::tools {
namespace {

/// Root mean square errors, plain and with the column weights.
struct Errors {
  double rmse, weighted;
};

Errors measure(const codecs::Codec& codec, const std::vector<float>& matrix, const std::vector<float>& weights,
               bool with_importance, ThreadPool& pool) {
  const size_t rows = matrix.size() / kMatrixCols;
  std::vector<double> plain(rows), weighted(rows);  // sums of squares
  pool.parallel_for(rows, 16, [&](size_t begin, size_t end, unsigned) {
    std::vector<std::byte> blocks(row_bytes(codec.type, kMatrixCols));
    std::vector<float> decoded(kMatrixCols);
    for (size_t row = begin; row < end; ++row) {
      const float* x = matrix.data() + row * kMatrixCols;
      codec.encode(x, blocks.data(), kMatrixCols, with_importance ? weights.data() : nullptr);
      codec.decode(blocks.data(), decoded.data(), kMatrixCols);
      for (size_t i = 0; i < kMatrixCols; ++i) {
        const double error = double{x[i]} - decoded[i];
        plain[row] += error * error;
        weighted[row] += weights[i] * error * error;
      }
    }
  });
  double sum = 0, weighted_sum = 0, total = 0;
  for (const float w : weights) total += w;
  for (size_t row = 0; row < rows; ++row) {
    sum += plain[row];
    weighted_sum += weighted[row];
  }
  return {std::sqrt(sum / static_cast<double>(matrix.size())),
          std::sqrt(weighted_sum / (total * static_cast<double>(rows)))};
}

/// llama.cpp's figures for a type; those without importance where it ignores importance. Nothing if it has none.
std::optional<PublishedErrors> published(std::string_view type, bool with_importance) {
  std::optional<PublishedErrors> found;
  for (const PublishedErrors& row : kLlamaCpp) {
    if (row.type != type || (row.with_importance && !with_importance)) continue;
    if (!found || row.with_importance) found = row;
  }
  return found;
}

/// Five digits, as they are published.
std::string figure(double value) { return fmt::format("{:.4e}", value); }

std::string cell(double ours, std::optional<double> theirs) {
  return fmt::format("{} / {}", figure(ours), theirs ? figure(*theirs) : "–");
}

double ratio_of(double ours, double theirs) {
  const double rounded = std::stod(figure(ours));
  return rounded == theirs ? 1 : rounded / theirs;
}

struct Row {
  std::string text;
  double ratio;  // the larger one of the two matrices; 0 if llama.cpp has no figure
};

Row make_row(const QuantTypeInfo& type, bool with_importance, const Matrices& matrices, ThreadPool& pool) {
  const codecs::Codec& codec = codecs::codec(type.type);
  const Errors gauss = measure(codec, matrices.gauss, matrices.weights, with_importance, pool);
  const Errors student = measure(codec, matrices.student, matrices.weights, with_importance, pool);
  const auto peer = published(type.name, with_importance);
  const auto peers = [&](double PublishedErrors::*member) {
    return peer ? std::optional(*peer.*member) : std::nullopt;
  };
  Row row{{}, 0};
  if (peer) {
    row.ratio = with_importance
                    ? std::max(ratio_of(gauss.weighted, peer->gauss_weighted_rmse),
                               ratio_of(student.weighted, peer->student_weighted_rmse))
                    : std::max(ratio_of(gauss.rmse, peer->gauss_rmse), ratio_of(student.rmse, peer->student_rmse));
  }
  row.text = fmt::format("| {} | {:.4f} | {} | {} | {} | {} | {} | {} |", type.name, bits_per_element(type.type),
                         with_importance ? "yes" : "no", cell(gauss.rmse, peers(&PublishedErrors::gauss_rmse)),
                         cell(gauss.weighted, peers(&PublishedErrors::gauss_weighted_rmse)),
                         cell(student.rmse, peers(&PublishedErrors::student_rmse)),
                         cell(student.weighted, peers(&PublishedErrors::student_weighted_rmse)),
                         row.ratio > 0 ? fmt::format("{:.4f}", row.ratio) : "–");
  return row;
}

int run(const std::vector<std::string>& names) {
  std::vector<QuantType> types;
  for (const std::string& name : names) {
    const auto type = find_quant_type(name);
    if (!type) fail(ErrorCode::kBadArgument, "{} is no type; see core/quant_types.def", name);
    types.push_back(*type);
  }
  const Matrices matrices = make_matrices(kMatrixRows);
  ThreadPool pool;
  bool worse = false;
  fmt::print(
      "| type | bits per weight | importance | gauss RMSE | gauss weighted | Student RMSE | Student weighted | ratio "
      "|\n");
  fmt::print("|---|---|---|---|---|---|---|---|\n");
  for (const QuantTypeInfo& type : kQuantTypes) {
    if (!types.empty() && std::find(types.begin(), types.end(), type.type) == types.end()) continue;
    for (const bool with_importance : {false, true}) {
      if (with_importance && !codecs::codec(type.type).uses_importance) continue;
      const Row row = make_row(type, with_importance, matrices, pool);
      fmt::print("{}\n", row.text);
      std::fflush(stdout);
      worse |= row.ratio > 1;
    }
  }
  if (worse) fmt::print(stderr, "type_errors: a ratio is above 1\n");
  return worse ? 1 : 0;
}

}  // namespace
}  // namespace aurea::tools

int main(int argc, char** argv) {
  CLI::App app{
      "Print the errors of all quantization types on two matrices of 4096 x 4096 values as a Markdown table; each "
      "cell: "
      "ours / llama.cpp v0.5.0's. Exit code 1 if ours is larger: RMSE without importance, weighted RMSE with it."};
  std::vector<std::string> names;
  app.add_option("types", names, "Only these types, such as Q4_K IQ4_XS");
  CLI11_PARSE(app, argc, argv);
  try {
    return aurea::tools::run(names);
  } catch (const aurea::Error& error) {
    fmt::print(stderr, "type_errors: {}\n", error.what());
    return 2;
  }
}
