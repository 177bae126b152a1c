#include "cli/bench/typed_files.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "core/progress.h"
#include "exporters/gguf/gguf_exporter.h"
#include "quantization/recipes.h"

namespace aurea::cli::bench {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path place = fs::temp_directory_path(error);
  if (error) fail_file("--types: TMPDIR, the place for temporary files, names no folder: {}", error.message());
  std::string name = (place / "aurea-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    fail_file("{}: cannot make a temporary folder: {}", name, std::strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<fs::path> write_types(const std::string& source_path, const std::vector<std::string>& types,
                                  const fs::path& folder, unsigned threads, const Context& context) {
  const models::ModelSource source = models::ModelSource::open(source_path);
  std::vector<exporters::GgufExportPlan> plans;
  uint64_t total = 0;
  for (const std::string& type : types) {
    exporters::GgufExportRequest request{
        .types = {.recipe = &quantization::find_recipe(type)}, .assume_importance = true, .allow_requantize = true};
    plans.push_back(exporters::plan_gguf_export(source, request));
    for (const std::string& notice : plans.back().notices) context.notice(fmt::format("aurea: {}: {}", type, notice));
    total += plans.back().file_bytes();
  }
  const uint64_t room = fs::space(folder).available;
  if (total > room) {
    fail_file("{}: {} take {}, {} are free; name another folder with TMPDIR, or fewer --types", folder.string(),
              types.size() == 1 ? "the temporary file would" : "the temporary files would", format_bytes(total),
              format_bytes(room));
  }
  context.notice(fmt::format("aurea: {} in temporary files for --types, {} in {}", source_path, format_bytes(total),
                             folder.string()));

  ThreadPool pool(threads);
  std::vector<fs::path> files;
  for (size_t i = 0; i < plans.size(); ++i) {
    files.push_back(folder / fmt::format("{}-{}.gguf", i, types[i]));
    Progress progress(fmt::format("quantize {}", types[i]), source.tensor_bytes(), ProgressUnit::kBytes, context.quiet);
    exporters::GgufExportOptions options{.cancel = &context.cancel};
    exporters::export_gguf(source, plans[i], files.back(), options, pool,
                           [&](uint64_t done, const std::string& tensor) { progress.update(done, tensor); });
    progress.finish();
  }
  return files;
}

}  // namespace aurea::cli::bench
