// make_checkpoint: a Hugging Face folder with random weights and the exact shape of a published model, for measuring speed and
// memory. Nothing of the published weights is in it.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/error.h"
#include "core/output_file.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "make_checkpoint/members.h"
#include "make_checkpoint/vocabulary.h"
#include "make_checkpoint/weights.h"
#include "models/architecture.h"

namespace aurea::tools {
namespace {

constexpr uint64_t kShardBytes = 5'000'000'000;
constexpr uint64_t kPieceElements = 4 << 20;

/// A tensor as the checkpoint stores it: a whole one, or one part of a stacked one.
struct Stored {
  const models::TensorSpec* spec;
  std::string name;
  Shape shape;
  uint64_t first_row;  // of the spec's rows

  [[nodiscard]] uint64_t rows() const { return shape.size() == 1 ? 1 : shape[0]; }
  [[nodiscard]] uint64_t bytes() const { return rows() * shape.back() * 2; }
};

struct Shard {
  std::vector<Stored> tensors;
  uint64_t bytes = 0;
};

std::vector<Shard> make_shards(const models::ModelDescription& description) {
  std::vector<Shard> shards(1);
  for (const models::TensorSpec& spec : description.tensors) {
    for (size_t part = 0; part < spec.sources.size(); ++part) {
      Stored stored{&spec, spec.sources[part], spec.shape, 0};
      if (spec.shape.size() == 3) stored.shape.erase(stored.shape.begin());
      stored.first_row = part * stored.rows();
      if (shards.back().bytes > 0 && shards.back().bytes + stored.bytes() > kShardBytes) shards.emplace_back();
      shards.back().bytes += stored.bytes();
      shards.back().tensors.push_back(std::move(stored));
    }
  }
  return shards;
}

void write_shard(const std::filesystem::path& path, const Shard& shard, uint64_t seed, ThreadPool& pool, Progress& progress, uint64_t& done) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const Stored& tensor : shard.tensors) {
    header[tensor.name] = {{"dtype", "BF16"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + tensor.bytes()}}};
    offset += tensor.bytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  OutputFile file(path, true);
  const uint64_t length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const Stored& tensor : shard.tensors) {
    const uint64_t cols = tensor.shape.back(), rows = tensor.rows();
    const uint64_t piece_rows = std::max<uint64_t>(1, kPieceElements / cols);
    std::vector<uint16_t> values(std::min(piece_rows, rows) * cols);
    for (uint64_t first = 0; first < rows; first += piece_rows) {
      const uint64_t n = std::min(piece_rows, rows - first);
      pool.parallel_for(n, 64, [&](size_t begin, size_t end, unsigned) {
        fill_rows(*tensor.spec, seed, tensor.first_row + first + begin, std::span(values).subspan(begin * cols, (end - begin) * cols));
      });
      file.write(std::as_bytes(std::span(values).first(n * cols)));
      progress.update(done += n * cols * 2, tensor.name);
    }
  }
  file.commit();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  OutputFile file(path, true);
  file.write(text);
  file.commit();
}

void run(const std::string& like, const std::filesystem::path& folder, uint64_t seed, int layers) {
  const Member& member = find_member(like);
  if (std::filesystem::exists(folder)) fail(ErrorCode::kBadArgument, "{} exists already; choose another folder", folder.string());
  Json config = member.config();
  if (layers > 0) config["num_hidden_layers"] = layers;
  const models::Architecture& architecture = models::architecture_for_huggingface(config);
  const models::StoredShape no_stored_shapes = [](const std::string&) { return nullptr; };
  const models::ModelDescription description = architecture.describe(architecture.from_huggingface(config, no_stored_shapes));
  const std::vector<Shard> shards = make_shards(description);
  uint64_t total = 0, done = 0;
  for (const Shard& shard : shards) total += shard.bytes;

  std::filesystem::create_directories(folder);
  write_vocabulary(folder, member.vocabulary, description.params.vocab_size);
  config["eos_token_id"] = description.params.vocab_size - 5;
  write_text(folder / "config.json", to_text(config) + "\n");
  ThreadPool pool;
  Progress progress("make_checkpoint", total, ProgressUnit::kBytes, false);
  Json weight_map = Json::object();
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string file = shards.size() == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    for (const Stored& tensor : shards[i].tensors) weight_map[tensor.name] = file;
    write_shard(folder / file, shards[i], seed, pool, progress, done);
  }
  if (shards.size() > 1) {
    write_text(folder / "model.safetensors.index.json", to_text({{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}}) + "\n");
  }
  progress.finish();
}

}  // namespace
}  // namespace aurea::tools

int main(int argc, char** argv) {
  CLI::App app{"Write a Hugging Face folder with random weights and the exact shape of a published model."};
  std::string like, folder;
  uint64_t seed = 1;
  int layers = 0;
  app.add_option("--like", like, "The model whose shape to take, such as Phi-3.5-mini")->required();
  app.add_option("-o,--output", folder, "Folder to make")->required();
  app.add_option("--seed", seed, "Same seed, same bytes")->capture_default_str();
  app.add_option("--layers", layers, "Fewer layers than the model has; 0: all of them")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    aurea::tools::run(like, folder, seed, layers);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_checkpoint: %s\n", error.what());
    return 1;
  }
}
