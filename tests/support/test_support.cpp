#include "tests/support/test_support.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/env.h"

namespace aurea::test {
namespace {

std::filesystem::path source_dir() { return AUREA_SOURCE_DIR; }

}  // namespace

const std::filesystem::path& golden_dir() {
  static const std::filesystem::path dir = [] {
    if (const auto forced = env::golden_dir()) return std::filesystem::path(*forced);
    const auto shared = source_dir().parent_path() / "shared" / "golden";
    return std::filesystem::exists(shared) ? shared : source_dir() / "tests" / "data";
  }();
  return dir;
}

std::optional<std::filesystem::path> find_golden(std::string_view part) {
  for (const auto& base : {golden_dir(), source_dir() / "tests" / "data"}) {
    if (std::filesystem::exists(base / part)) return base / part;
  }
  return std::nullopt;
}

std::filesystem::path carried_data(std::string_view part) { return source_dir() / "tests" / "data" / part; }

std::vector<std::filesystem::path> golden_models() {
  std::vector<std::filesystem::path> found;
  if (const auto models = find_golden("models")) {
    for (const auto& entry : std::filesystem::directory_iterator(*models)) {
      if (std::filesystem::exists(entry.path() / "config.json")) found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::filesystem::path demo_model_dir() { return source_dir() / "models" / "phi3-docs-mini"; }

ScratchDir::ScratchDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "aurea-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a scratch folder");
  path_ = pattern;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace aurea::test
