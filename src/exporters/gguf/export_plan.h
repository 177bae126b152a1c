// What a GGUF file will hold, decided before the first byte is written: its metadata, and each tensor's name, shape and
// type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exporters/gguf/key_override.h"
#include "formats/gguf/gguf_value.h"
#include "formats/gguf/gguf_writer.h"
#include "models/source.h"
#include "quantization/importance.h"
#include "quantization/type_rules.h"

namespace aurea::exporters {

/// What the user chose.
struct GgufExportRequest {
  quantization::TypeRules types;
  std::vector<uint64_t> dropped_layers = {};  // the rest moves up
  std::vector<KeyOverride> keys = {};
  const quantization::Importance* importance = nullptr;  // weights of the columns; null: unweighted
  bool assume_importance = false;  // plan as if there were weights for every matrix: they are to be collected
  bool allow_requantize = false;   // sources that are quantized already lose more than once
};

struct PlannedTensor {
  models::TensorId source;  // whose values it gets: in the source's description
  std::string source_name;
  std::string name;
  Shape shape;
  QuantType stored, type;         // in the source and in the result
  bool lacks_importance = false;  // of a type that is useless without, and there is none for it
  bool unweighted = false;        // there is none for it, though for others, and its type would use some

  [[nodiscard]] uint64_t bytes() const;
};

struct GgufExportPlan {
  models::ModelDescription description;  // of the result
  formats::GgufMetadata metadata = {};
  std::vector<PlannedTensor> tensors = {};               // in file order
  const quantization::Importance* importance = nullptr;  // the request's
  std::vector<std::string> notices = {};                 // what the user should know, one line each

  [[nodiscard]] uint64_t parameters() const { return models::parameter_count(description); }
  [[nodiscard]] uint64_t tensor_bytes() const;
  [[nodiscard]] double bits_per_weight() const;
  /// Of the whole file as one part.
  [[nodiscard]] uint64_t file_bytes() const;
  [[nodiscard]] std::vector<formats::GgufTensorSpec> tensor_specs() const;
  /// What is wrong about a plan with tensors that lack importance, and what helps; empty: nothing is.
  [[nodiscard]] std::string missing_importance() const;
};

/// The result can be loaded: a choice of keys that says otherwise is refused here.
/// Throws kBadArgument (choices that contradict each other or the model, a quantized source without allow_requantize),
/// kUnsupported (a tokenizer without a GGUF name).
GgufExportPlan plan_gguf_export(const models::ModelSource& source, const GgufExportRequest& request);

}  // namespace aurea::exporters
