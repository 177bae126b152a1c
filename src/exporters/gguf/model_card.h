// The general.* keys of a GGUF file: what the model is called, how large it is, how it likes to be sampled.
#pragma once

#include <string>
#include <string_view>

#include "formats/gguf/gguf_value.h"
#include "models/source.h"

namespace aurea::exporters {

/// Adds general.name, .size_label, .license and .license.link (from README.md's front matter), general.sampling.* (from
/// generation_config.json), as far as the Hugging Face folder tells them. `description`: of the result, which gives the size.
void add_card_keys(const models::ModelSource& source, const models::ModelDescription& description, formats::GgufMetadata& metadata);

/// "Phi-3.5-mini-instruct" -> "Phi 3.5 Mini Instruct": dashes become spaces, lower-case words get a capital.
std::string title_of(std::string_view folder_name);

/// "3.8B", "14B", "6.8M": rounded to at least two digits. Rule: llama.cpp gguf-py/gguf/utility.py.
std::string size_label(uint64_t parameters);
/// The same for a model; a mixture of experts is "16x4.1B": their number, and the size with one of them.
std::string size_label(const models::ModelDescription& description);

/// One `key: value` line of a card's front matter (between two lines of ---); empty if absent or not a plain value.
std::string front_matter_value(std::string_view card, std::string_view key);

}  // namespace aurea::exporters
