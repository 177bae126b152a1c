#include "cli/quantize_output.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/byte_size.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/quant_type.h"
#include "exporters/gguf/split_plan.h"
#include "formats/gguf/gguf_split.h"
#include "quantization/certificate.h"
#include "quantization/recipes.h"

namespace aurea::cli {
namespace {

/// Options that leave the tensors and their values as they are.
bool decides_nothing(const std::string& name) {
  static constexpr std::array<std::string_view, 18> kNames = {
      "SRC",      "--help",    "--output", "--threads", "--force",      "--allow-requantize", "--dry-run",
      "--format", "--json",    "--quiet",  "--memory",  "--keep-split", "--split-max-size",   "--certify",
      "--text",   "--context", "--report", "--compare"};
  return std::ranges::find(kNames, name) != kNames.end();
}

/// As it is printed everywhere: types in their own spelling, files without their folders, quoted for a shell where
/// needed.
std::string shown(const std::string& name, const std::string& value) {
  if (name == "--type") return std::string(quantization::find_recipe(value).name);
  if (const auto type = find_quant_type(value)) return std::string(aurea::name(*type));
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(value, ignored);
  const std::string text = is_file ? std::filesystem::path(value).filename().string() : value;
  return quoted_for_shell(text);
}

}  // namespace

std::string quoted_for_shell(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_of(" \t\n\"'\\$&|;<>()*?[]{}`#~!") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

void QuantizeOutputFlags::add_to(CLI::App& app) {
  app.add_option("--memory", memory,
                 "Most memory to be in while the tensors are written, such as 64MiB; mapped pages count")
      ->capture_default_str();
  auto* keep =
      app.add_flag("--keep-split", keep_split, "As many parts as the split GGUF source, with the same tensors each");
  app.add_option("--split-max-size", split_max_size, "Parts of at most this size, such as 2GB: OUT-00001-of-0000N.gguf")
      ->excludes(keep);
}

void QuantizeOutputFlags::check(const std::string& output, bool overwrite) const {
  (void)parse_byte_size(memory, "--memory");
  if (!keep_split && split_max_size.empty()) return check_output_path(output, overwrite);
  if (!output.empty())
    return check_output_path(formats::gguf_part_path(output, 0, 1), true);  // how many there will be is not known yet
  fail(ErrorCode::kBadArgument, "--output '': expected the name of a file");
}

void QuantizeOutputFlags::apply(const models::ModelSource& source, const std::string& choices, const Context& context,
                                exporters::GgufExportPlan& plan, exporters::GgufExportOptions& options) const {
  options.memory_bytes = parse_byte_size(memory, "--memory");
  if (keep_split) options.part_tensors = exporters::keep_split(source, plan);
  if (!split_max_size.empty()) {
    options.part_tensors =
        formats::split_by_size(plan.metadata, plan.tensor_specs(), parse_byte_size(split_max_size, "--split-max-size"));
  }
  options.fingerprint = fmt::format("aurea {}\n{}\n", AUREA_VERSION, choices);
  if (plan.importance != nullptr) options.fingerprint += quantization::importance_sha256(*plan.importance);
  options.notice = [&context](const std::string& text) { context.notice("aurea: " + text); };
  options.cancel = &context.cancel;
}

std::string choices_line(const CLI::App& command) {
  std::string line;
  const bool planned = command.get_option("--fit")->count() + command.get_option("--max-kl")->count() > 0;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (decides_nothing(name) || (option->count() == 0 && (name != "--type" || planned))) continue;
    line += (line.empty() ? "" : " ") + name;
    if (option->get_items_expected_max() == 0) continue;  // a flag
    std::vector<std::string> values = option->reduced_results();
    if (option->count() == 0) values = {option->get_default_str()};
    for (const std::string& value : values) line += " " + shown(name, value);
  }
  return line;
}

}  // namespace aurea::cli
