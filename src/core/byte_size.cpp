#include "core/byte_size.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace aurea {
namespace {

constexpr std::pair<std::string_view, double> kUnits[] = {
    {"", 1},    {"B", 1},   {"KIB", 0x1p10}, {"MIB", 0x1p20}, {"GIB", 0x1p30}, {"TIB", 0x1p40}, {"K", 1e3},
    {"M", 1e6}, {"G", 1e9}, {"T", 1e12},     {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
constexpr double kMost = 0x1p62;

}  // namespace

uint64_t parse_byte_size(std::string_view text, std::string_view option) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  std::string unit(end, text.data() + text.size());
  while (unit.starts_with(' ')) unit.erase(0, 1);
  for (char& c : unit) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || unit != name) continue;
    const double bytes = std::round(number * factor);
    if (bytes >= 1 && bytes <= kMost) return static_cast<uint64_t>(bytes);
  }
  fail(ErrorCode::kBadArgument,
       "{}: '{}' is not a size; expected bytes, or a number with KiB, MiB, GiB (powers of 1024) or kB, MB, GB (powers "
       "of 1000), such as 512MiB",
       option, text);
}

std::string to_byte_size(uint64_t bytes) {
  static constexpr std::string_view kNames[] = {"", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes > 0 && bytes % 1024 == 0 && unit + 1 < std::size(kNames)) bytes /= 1024, ++unit;
  return fmt::format("{}{}", bytes, kNames[unit]);
}

}  // namespace aurea
