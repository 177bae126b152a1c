#include "exporters/gguf/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

#include "core/json.h"
#include "core/mapped_file.h"
#include "core/utf8.h"

namespace aurea::exporters {
namespace {

using formats::GgufMetadata;
using formats::GgufValue;

constexpr size_t kMaxCardBytes = 4 << 20;

bool is_lower_word(std::string_view word) {
  bool has_letter = false;
  for (const char c : word) {
    if (std::isupper(static_cast<unsigned char>(c))) return false;
    has_letter |= std::islower(static_cast<unsigned char>(c)) != 0;
  }
  return has_letter;
}

/// "v1.2", "7b", "3.8": versions and sizes keep their spelling.
bool is_version_or_size(std::string_view word) {
  if (word.front() == 'v' && word.size() > 1) word.remove_prefix(1);
  return std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

void add_sampling(const models::ModelSource& source, GgufMetadata& metadata) {
  const auto path = source.path() / "generation_config.json";
  if (!std::filesystem::exists(path)) return;
  const Json config = read_json_file(path, kMaxCardBytes);
  const auto real = [&](const char* from, const char* to) {
    if (const auto value = optional_number(config, from)) metadata.set(to, GgufValue::f32(static_cast<float>(*value)));
  };
  if (const auto top_k = optional_int(config, "top_k")) {
    metadata.set("general.sampling.top_k", GgufValue::i32(static_cast<int32_t>(*top_k)));
  }
  real("top_p", "general.sampling.top_p");
  real("min_p", "general.sampling.min_p");
  real("temperature", "general.sampling.temp");
  real("repetition_penalty", "general.sampling.penalty_repeat");
}

}  // namespace

std::string title_of(std::string_view folder_name) {
  std::string spaced(folder_name);
  for (char& c : spaced) {
    if (c == '-') c = ' ';
  }
  std::istringstream words(spaced);
  std::string title;
  for (std::string word; words >> word;) {
    if (is_lower_word(word) && !is_version_or_size(word)) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    title += (title.empty() ? "" : " ") + word;
  }
  return title;
}

std::string size_label(uint64_t parameters) {
  static constexpr struct {
    double unit;
    char suffix;
  } kScales[] = {{1e12, 'T'}, {1e9, 'B'}, {1e6, 'M'}, {1e3, 'K'}};
  const auto count = static_cast<double>(parameters);
  for (const auto& scale : kScales) {
    if (count <= scale.unit && scale.suffix != 'K') continue;
    const double scaled = count / scale.unit;
    const int decimals = std::round(scaled) < 10 ? 1 : 0;
    return fmt::format("{:.{}f}{}", scaled, decimals, scale.suffix);
  }
  return {};
}

std::string size_label(const models::ModelDescription& description) {
  uint64_t parameters = 0, experts = 0;
  for (const models::TensorSpec& spec : description.tensors) {
    if (spec.role == models::TensorRole::kRopeFactors) continue;
    uint64_t count = 1;
    for (const uint64_t n : spec.shape) count *= n;
    parameters += count / spec.n_parts();
    experts = std::max(experts, spec.n_parts());
  }
  return (experts > 1 ? fmt::format("{}x", experts) : "") + size_label(parameters);
}

std::string front_matter_value(std::string_view card, std::string_view key) {
  std::istringstream lines{std::string(card)};
  std::string line;
  if (!std::getline(lines, line) || line != "---") return {};
  while (std::getline(lines, line) && line != "---") {
    if (!line.starts_with(key) || line.substr(key.size(), 2) != ": ") continue;
    const std::string value = line.substr(key.size() + 2);
    const bool plain = !value.empty() && value.find_first_of("[]{}\"'|>&*") == std::string::npos && is_valid_utf8(value);
    return plain ? value : std::string();
  }
  return {};
}

void add_card_keys(const models::ModelSource& source, const models::ModelDescription& description, GgufMetadata& metadata) {
  const std::string folder = std::filesystem::weakly_canonical(source.path()).filename().string();
  metadata.set("general.name", GgufValue::string(sanitize_utf8(title_of(folder))));
  metadata.set("general.size_label", GgufValue::string(size_label(description)));
  if (const auto path = source.path() / "README.md"; std::filesystem::exists(path)) {
    const std::string card = read_text_file(path, kMaxCardBytes);
    for (const auto& [from, to] : {std::pair{"license", "general.license"}, {"license_link", "general.license.link"}}) {
      if (const std::string value = front_matter_value(card, from); !value.empty()) metadata.set(to, GgufValue::string(value));
    }
  }
  add_sampling(source, metadata);
}

}  // namespace aurea::exporters
