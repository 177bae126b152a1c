// The metadata of a GGUF file: what the model is, its tokenizer, and what the user wants otherwise.
#pragma once

#include "exporters/gguf/export_plan.h"

namespace aurea::exporters {

/// `description`: of the result, which may have fewer blocks than the source. The keys of a GGUF source are kept, but
/// for those that describe the file; those of a Hugging Face folder are llama.cpp v0.5.0's converter's.
formats::GgufMetadata export_metadata(const models::ModelSource& source, const models::ModelDescription& description,
                                      const GgufExportRequest& request);

}  // namespace aurea::exporters
