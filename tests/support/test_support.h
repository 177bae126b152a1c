// Shared by the tests: the golden data's place, and a scratch folder per test.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aurea::test {

/// The folder with quant/, tokenizers/, models/ and chat/: AUREA_GOLDEN_DIR if set, else ../shared/golden beside the
/// project where it stands, else tests/data. Any of the four may be absent.
const std::filesystem::path& golden_dir();

/// golden_dir()/part, or, where that folder lacks it, the part carried in tests/data; nothing if neither has it.
std::optional<std::filesystem::path> find_golden(std::string_view part);

/// tests/data/part: data that travels with the project.
std::filesystem::path carried_data(std::string_view part);

/// Folders under golden models/ (and of those carried in tests/data when absent there) that have a config.json.
std::vector<std::filesystem::path> golden_models();

/// The embedded demonstration model's folder.
std::filesystem::path demo_model_dir();

/// A fresh folder, removed at the end.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, std::string_view content);
std::string read_file(const std::filesystem::path& path);

}  // namespace aurea::test
