// aurea inspect: what a file says of itself. Works on GGUF files of the types that this program knows and on folders with
// safetensors, also of models that it cannot run.
#include <fmt/ranges.h>

#include <map>

#include "cli/command.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/utf8.h"
#include "formats/gguf/gguf_file.h"
#include "formats/safetensors/safetensors_file.h"

namespace aurea::cli {
namespace {

struct Options {
  std::string path;
  bool all = false;
};

struct Row {
  std::string name;
  TensorView view;
};

struct Report {
  std::string format, architecture;
  uint64_t bytes = 0;
  Json metadata = Json::object();
  std::vector<Row> tensors;
  std::vector<std::pair<std::string, std::string>> other_tensors;  // name and type of those that hold no weights we read
};

template <typename List>
Json list_json(const List& items, size_t limit) {
  Json list = Json::array();
  for (size_t i = 0; i < items.size() && i < limit; ++i) {
    using Item = typename List::value_type;
    if constexpr (std::is_same_v<Item, std::string>) {
      list.push_back(sanitize_utf8(items[i]));
    } else {
      list.push_back(static_cast<Item>(items[i]));
    }
  }
  return list;
}

/// A vocabulary of 200,000 words is no use on a screen: long lists are cut unless --all.
Json value_json(const formats::GgufValue& value, size_t list_limit) {
  return std::visit(
      [&](const auto& data) -> Json {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, formats::GgufArray>) {
          Json list = std::visit([&](const auto& items) { return list_json(items, list_limit); }, data.items());
          if (data.size() > list_limit) return {{"count", data.size()}, {"first", list}};
          return list;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return sanitize_utf8(data);
        } else {
          return data;
        }
      },
      value.data);
}

Report report_gguf(const formats::GgufFile& file, size_t list_limit) {
  Report report;
  report.format = "gguf";
  report.architecture = file.metadata().optional_string("general.architecture").value_or("");
  report.bytes = file.file_bytes();
  for (const auto& entry : file.metadata().entries()) report.metadata[entry.key] = value_json(entry.value, list_limit);
  for (const auto& tensor : file.tensors()) report.tensors.push_back({tensor.name, tensor.view});
  return report;
}

Report report_folder(const std::string& path, const formats::SafetensorsFile& file) {
  Report report;
  report.format = "safetensors";
  const auto config = std::filesystem::path(path) / "config.json";
  if (std::filesystem::exists(config)) report.metadata = read_json_file(config, 16 << 20);
  if (const auto it = report.metadata.find("architectures"); it != report.metadata.end() && it->is_array() && !it->empty() && it->front().is_string()) {
    report.architecture = it->front().get<std::string>();
  }
  report.bytes = file.file_bytes();
  for (const auto& tensor : file.tensors()) report.tensors.push_back({tensor.name, tensor.view});
  report.other_tensors = file.other_tensors();
  return report;
}

/// GGUF stores the LongRoPE factors as tensors; they are not among the parameters that a model is counted by.
bool is_parameter(std::string_view name) { return !name.starts_with("rope_factors_"); }

void print_report(const Report& report, uint64_t parameters, uint64_t tensor_bytes) {
  std::string text = report.format + (report.architecture.empty() ? "" : ", " + sanitize_utf8(report.architecture));
  if (report.tensors.empty()) {
    text += fmt::format(": no tensors, {} on disk\n", format_bytes(report.bytes));
  } else {
    text += fmt::format(": {} parameters in {} tensors, {} on disk, {:.2f} bits per weight\n", format_count(parameters), report.tensors.size(),
                        format_bytes(report.bytes), parameters > 0 ? 8.0 * static_cast<double>(tensor_bytes) / static_cast<double>(parameters) : 0.0);
  }
  text += "\nMetadata\n";
  for (const auto& [key, value] : report.metadata.items()) {
    std::string shown = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    constexpr size_t kWidth = 100;
    if (shown.size() > kWidth) shown = shown.substr(0, complete_utf8_prefix(std::string_view(shown).substr(0, kWidth))) + " ...";
    text += fmt::format("  {:<44} {}\n", key, shown);
  }
  if (report.tensors.empty() && report.other_tensors.empty()) return print_text(text);
  text += "\nTypes\n";
  std::map<std::string_view, std::pair<uint64_t, uint64_t>> by_type;  // tensors, bytes
  for (const Row& row : report.tensors) {
    auto& [count, bytes] = by_type[name(row.view.type)];
    ++count, bytes += row.view.data.size();
  }
  for (const auto& [type, sums] : by_type) {
    text += fmt::format("  {:<6} {:>5} tensors {:>10}\n", type, sums.first, format_bytes(sums.second));
  }
  text += "\nTensors (rows x columns)\n";
  for (const Row& row : report.tensors) {
    text += fmt::format("  {:<52} {:<6} {:>20} {:>10}\n", row.name, name(row.view.type),
                        fmt::format("{}", fmt::join(row.view.shape, " x ")), format_bytes(row.view.data.size()));
  }
  if (!report.other_tensors.empty()) text += "\nTensors of types that are not read here, or without elements; not counted above\n";
  for (const auto& [name, type] : report.other_tensors) text += fmt::format("  {:<52} {}\n", sanitize_utf8(name), sanitize_utf8(type));
  print_text(text);
}

void run(const Options& options, const Context& context) {
  // What the report shows lies in the mapped files, which must stay open meanwhile.
  std::optional<formats::GgufFile> gguf;
  std::optional<formats::SafetensorsFile> folder;
  const bool is_folder = std::filesystem::is_directory(options.path);
  if (std::filesystem::is_regular_file(options.path) && !formats::is_gguf(options.path)) {
    fail_file("{}: neither a GGUF file nor a folder with safetensors", options.path);
  }
  if (is_folder) {
    folder = formats::SafetensorsFile::open_folder(options.path);
  } else {
    gguf = formats::GgufFile::open(options.path);
  }
  const Report report = is_folder ? report_folder(options.path, *folder) : report_gguf(*gguf, options.all ? SIZE_MAX : 8);
  uint64_t parameters = 0, tensor_bytes = 0;
  for (const Row& row : report.tensors) {
    if (is_parameter(row.name)) parameters += row.view.elements();
    tensor_bytes += row.view.data.size();
  }
  if (!context.json) return print_report(report, parameters, tensor_bytes);
  Json tensors = Json::array();
  for (const Row& row : report.tensors) {
    tensors.push_back({{"name", row.name}, {"type", name(row.view.type)}, {"shape", row.view.shape}, {"bytes", row.view.data.size()}});
  }
  Json others = Json::array();
  for (const auto& [name, type] : report.other_tensors) others.push_back({{"name", sanitize_utf8(name)}, {"type", sanitize_utf8(type)}});
  print_json({{"format", report.format}, {"architecture", report.architecture}, {"parameters", parameters}, {"bytes", report.bytes},
              {"bits_per_weight", parameters > 0 ? 8.0 * static_cast<double>(tensor_bytes) / static_cast<double>(parameters) : 0.0},
              {"metadata", report.metadata}, {"tensors", tensors}, {"other_tensors", others}});
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Show metadata, tensors, types and sizes of a file or folder");
  command->add_option("PATH", options->path, "GGUF file or Hugging Face folder")->required();
  command->add_flag("--all", options->all, "Show long lists (vocabularies) whole");
  add_output_options(*command, context);
  command->footer(R"(Example:
  aurea inspect phi-Q4_K_M.gguf --json | jq '.tensors[] | select(.type == "Q6_K") | .name')");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
