// The data behind unicode.h: sorted, disjoint ranges of code points.
#pragma once

#include <cstdint>
#include <span>

namespace aurea::templates {

struct CharacterRange {
  char32_t first, last;  // both inside
};

/// Every `step`-th character from first to last maps to itself plus `distance`.
struct CaseRange {
  char32_t first, last;
  uint32_t step;
  int32_t distance;
};

extern const std::span<const CharacterRange> kUnprintable;
extern const std::span<const CharacterRange> kLetters;
extern const std::span<const CharacterRange> kNumbers;
extern const std::span<const CharacterRange> kLongUpper;   // upper case: several characters
extern const std::span<const CharacterRange> kCasedAlone;  // upper or lower case without a row in the tables below
extern const std::span<const CaseRange> kToUpper;
extern const std::span<const CaseRange> kToLower;

}  // namespace aurea::templates
