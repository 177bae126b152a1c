// The report of a quantization: one self-contained HTML page without outside requests (report.html is its frame).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/quant_type.h"
#include "core/tensor_view.h"
#include "quantization/certificate.h"
#include "quantization/quantize_tensor.h"

namespace aurea::exporters {

struct ReportTensor {
  std::string name;
  int layer = -1;  // -1: outside the blocks
  Shape shape;
  QuantType source_type = QuantType::kF32, type = QuantType::kF32;
  uint64_t bytes = 0;
  quantization::ErrorSums errors;
};

/// A file in the plot of size against divergence.
struct ReportPoint {
  std::string label;
  double bits_per_weight = 0;
  double kl = 0, kl_stderr = 0;  // nats per token
};

struct Report {
  std::string version;       // of the program
  std::string model;         // its name, as in the metadata
  std::string source, file;  // names
  std::string recipe;        // the choices, as on the command line
  std::string label;         // of this file in the plot
  uint64_t parameters = 0, source_bytes = 0, file_bytes = 0;
  double source_bits_per_weight = 0, bits_per_weight = 0;
  bool weighted = false;  // an importance matrix was used: weighted errors mean something
  std::vector<ReportTensor> tensors;
  std::optional<quantization::Certificate> certificate;
  std::string text;                 // name of the text that was evaluated on
  std::vector<ReportPoint> others;  // measured on the same source and text
};

/// The page. All text is escaped.
std::string render_report(const Report& report);

}  // namespace aurea::exporters
