// The configurations of the published models, as far as shape and arithmetic go.
#pragma once

#include <span>
#include <string_view>

#include "core/json.h"

namespace aurea::tools {

enum class VocabularyKind { kSentencePiece, kByteLevelBpe };

struct Member {
  std::string_view name;  // "Phi-3.5-mini"
  VocabularyKind vocabulary;
  Json (*config)();
};

std::span<const Member> members();
/// Any case; throws kBadArgument with the list of names.
const Member& find_member(std::string_view name);

}  // namespace aurea::tools
