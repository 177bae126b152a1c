// make_checkpoint: a Hugging Face folder with random weights and the exact shape of a published model, for measuring speed and
// memory. Nothing of the published weights is in it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "core/output_file.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "make_checkpoint/members.h"
#include "make_checkpoint/mount.h"
#include "make_checkpoint/shards.h"
#include "make_checkpoint/vocabulary.h"
#include "models/architecture.h"

namespace aurea::tools {
namespace {

constexpr uint64_t kPieceBytes = 8 << 20;

void write_shard(const std::filesystem::path& folder, const Shard& shard, uint64_t seed, ThreadPool& pool, Progress& progress, uint64_t& done) {
  OutputFile file(folder / shard.file_name, true);
  file.write(shard.header);
  std::vector<std::byte> piece(kPieceBytes);
  for (uint64_t offset = 0; offset < shard.data_bytes; offset += piece.size()) {
    const auto bytes = std::span(piece).first(std::min<uint64_t>(piece.size(), shard.data_bytes - offset));
    pool.parallel_for(bytes.size(), 1 << 18, [&](size_t begin, size_t end, unsigned) {
      fill_data(shard, seed, offset + begin, bytes.subspan(begin, end - begin));
    });
    file.write(bytes);
    progress.update(done += bytes.size(), shard.file_name);
  }
  file.commit();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  OutputFile file(path, true);
  file.write(text);
  file.commit();
}

struct Options {
  std::string like, output;
  uint64_t seed = 1;
  int layers = 0;
  bool mount = false;
};

void run(const Options& options) {
  const Member& member = find_member(options.like);
  const std::filesystem::path folder = options.output;
  if (std::filesystem::exists(folder)) fail(ErrorCode::kBadArgument, "{} exists already; choose another folder", folder.string());
  Json config = member.config();
  if (options.layers > 0) config["num_hidden_layers"] = options.layers;
  const models::Architecture& architecture = models::architecture_for_huggingface(config);
  const models::StoredShape no_stored_shapes = [](const std::string&) { return nullptr; };
  const models::Hyperparams params = architecture.from_huggingface(config, no_stored_shapes);
  validate(params);
  const models::ModelDescription description = architecture.describe(params);
  const std::vector<Shard> shards = make_shards(description);
  uint64_t total = 0, done = 0;
  for (const Shard& shard : shards) total += shard.data_bytes;

  std::filesystem::create_directories(folder);
  write_vocabulary(folder, member.vocabulary, description.params.vocab_size);
  config["eos_token_id"] = description.params.vocab_size - 5;
  write_text(folder / "config.json", to_text(config) + "\n");
  Json weight_map = Json::object();
  for (const Shard& shard : shards) {
    for (const Stored& tensor : shard.tensors) weight_map[tensor.name] = shard.file_name;
  }
  if (shards.size() > 1) {
    write_text(folder / "model.safetensors.index.json", to_text({{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}}) + "\n");
  }
  if (options.mount) {
#ifdef AUREA_FUSE
    const std::filesystem::path weights = folder / "weights";
    std::filesystem::create_directories(weights);
    for (const Shard& shard : shards) std::filesystem::create_symlink("weights/" + shard.file_name, folder / shard.file_name);
    fmt::print(stderr, "{} is there until 'fusermount3 -u {}' or Ctrl-C\n", folder.string(), weights.string());
    return serve_shards(weights, shards, options.seed);
#else
    fail(ErrorCode::kUnsupported, "--mount: built without libfuse3 (Debian's libfuse3-dev)");
#endif
  }
  ThreadPool pool;
  Progress progress("make_checkpoint", total, ProgressUnit::kBytes, false);
  for (const Shard& shard : shards) write_shard(folder, shard, options.seed, pool, progress, done);
  progress.finish();
}

}  // namespace
}  // namespace aurea::tools

int main(int argc, char** argv) {
  CLI::App app{"Write a Hugging Face folder with random weights and the exact shape of a published model."};
  aurea::tools::Options options;
  app.add_option("--like", options.like, "The model whose shape to take, such as Phi-3.5-mini")->required();
  app.add_option("-o,--output", options.output, "Folder to make")->required();
  app.add_option("--seed", options.seed, "Same seed, same bytes")->capture_default_str();
  app.add_option("--layers", options.layers, "Fewer layers than the model has; 0: all of them")->capture_default_str();
  app.add_flag("--mount", options.mount, "Compute the weights when they are read, for models larger than the disk; runs until unmounted");
  CLI11_PARSE(app, argc, argv);
  try {
    aurea::tools::run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_checkpoint: %s\n", error.what());
    return 1;
  }
}
