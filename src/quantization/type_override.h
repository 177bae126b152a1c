// One line of --tensor-type or of a --tensor-type-file: REGEX=TYPE.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant_type.h"
#include "quantization/name_pattern.h"

namespace aurea::quantization {

struct TypeOverride {
  NamePattern pattern;
  QuantType type;
  std::string origin;  // where it was said, for messages: "--tensor-type", "types.txt, line 3"
};

/// The type behind the last '=', the pattern before it. Throws kBadArgument, naming `origin`, for what is not
/// REGEX=TYPE.
TypeOverride parse_type_override(std::string_view text, const std::string& origin);

/// A type's name in any case. Throws kBadArgument, naming the option, with the list of types.
QuantType parse_quant_type(std::string_view name, const std::string& option);

/// Overrides with blanks or line ends between them, as llama.cpp's files; from a word that starts with '#' to the
/// line's end is a comment. Throws kBadFile for an unreadable or over-long file, kBadArgument naming file and line.
std::vector<TypeOverride> read_type_overrides(const std::filesystem::path& path);

/// A line for such a file that gives this one tensor its type.
std::string exact_override(std::string_view tensor, QuantType type);

}  // namespace aurea::quantization
