// What a GGUF file will hold, decided before the first byte is written: its metadata, and each tensor's name, shape and
// type.
#pragma once

#include <string>
#include <vector>

#include "formats/gguf/gguf_value.h"
#include "formats/gguf/gguf_writer.h"
#include "models/source.h"
#include "quantization/recipes.h"

namespace aurea::exporters {

/// What the user chose.
struct GgufExportRequest {
  const quantization::Recipe* recipe;
  bool allow_requantize = false;  // sources that are quantized already lose more than once
};

struct PlannedTensor {
  models::TensorId source;  // whose values it gets: in the source's description
  std::string name;
  Shape shape;
  QuantType stored, type;  // in the source and in the result

  [[nodiscard]] uint64_t bytes() const;
};

struct GgufExportPlan {
  models::ModelDescription description;  // of the result
  formats::GgufMetadata metadata;
  std::vector<PlannedTensor> tensors;  // in file order

  [[nodiscard]] uint64_t tensor_bytes() const;
  [[nodiscard]] std::vector<formats::GgufTensorSpec> tensor_specs() const;
};

/// Throws kBadArgument (a quantized source without allow_requantize), kUnsupported (a tokenizer without a GGUF name).
GgufExportPlan plan_gguf_export(const models::ModelSource& source, const GgufExportRequest& request);

}  // namespace aurea::exporters
