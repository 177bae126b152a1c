// --override-kv: one metadata key of the result, as the user wants it. Spelling: llama.cpp's, KEY=TYPE:VALUE.
#pragma once

#include <string>
#include <string_view>

#include "formats/gguf/gguf_value.h"

namespace aurea::exporters {

struct KeyOverride {
  std::string key;
  formats::GgufValue value;  // i64, f64, bool or string, as TYPE says
};

/// KEY=int:-3, KEY=float:0.5, KEY=bool:true, KEY=str:anything. Throws kBadArgument, naming the text, for anything else.
KeyOverride parse_key_override(std::string_view text);

/// Sets the key. It keeps the width that it has; a new whole number becomes u32, if it does not fit i32 or a 64-bit
/// one, a new float f32. Throws kBadArgument when the key has another kind of value, the value does not fit, or the key
/// is one that describes the file itself (general.architecture, general.alignment, general.quantization_version,
/// split.*, aurea.*).
void apply_key_override(const KeyOverride& override, formats::GgufMetadata& metadata);

}  // namespace aurea::exporters
