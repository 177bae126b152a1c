#include "cli/importance_options.h"

#include "core/error.h"

namespace aurea::cli {

void ImportanceFlags::add_to(CLI::App& app) {
  app.add_option("--imatrix", files, "Importance matrix of 'aurea imatrix' or llama.cpp; several are added up")->allow_extra_args(false);
}

std::optional<quantization::Importance> ImportanceFlags::load(const Context& context) const {
  std::optional<quantization::Importance> sum;
  for (const std::string& file : files) {
    const quantization::Importance importance = quantization::Importance::read(file);
    if (importance.unfinished) context.notice(fmt::format("aurea: {}: this collection was not finished; using the {} chunks there are", file, importance.chunk_count));
    if (sum) {
      sum->merge(importance);
    } else {
      sum = importance;
    }
  }
  return sum;
}

}  // namespace aurea::cli
