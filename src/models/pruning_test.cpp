// Which tensors a model keeps when blocks are dropped, and where they come from.
#include "models/pruning.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace aurea::models {
namespace {

const Architecture& phi3() { return architecture_for_gguf("phi3"); }

ModelDescription eight_layers() {
  Hyperparams p;
  p.hidden = 64, p.n_layers = 8, p.n_heads = p.n_kv_heads = 4, p.head_dim = 16, p.ffn = 96, p.vocab_size = 100;
  p.context_length = 128, p.rope.dims = 16;
  return phi3().describe(p);
}

TEST(Pruning, TheRestMovesUpAndKeepsItsValues) {
  const ModelDescription whole = eight_layers();
  const std::vector<uint64_t> dropped{6, 1, 2, 1};
  const PrunedModel pruned = prune_layers(phi3(), whole, dropped);
  EXPECT_EQ(pruned.description.params.n_layers, 5u);
  constexpr int kOrigin[] = {0, 3, 4, 5, 7};
  ASSERT_EQ(pruned.origin.size(), pruned.description.tensors.size());
  size_t in_blocks = 0;
  for (size_t id = 0; id < pruned.origin.size(); ++id) {
    const TensorSpec& spec = pruned.description.tensors[id];
    const TensorSpec& from = whole.tensors[pruned.origin[id]];
    EXPECT_EQ(spec.shape, from.shape);
    EXPECT_EQ(spec.role, from.role);
    EXPECT_EQ(spec.name.substr(spec.name.find_last_of('.')), from.name.substr(from.name.find_last_of('.')));
    if (spec.layer < 0) {
      EXPECT_EQ(spec.name, from.name);
      continue;
    }
    EXPECT_EQ(from.layer, kOrigin[spec.layer]) << spec.name;
    ++in_blocks;
  }
  EXPECT_EQ(in_blocks, 5u * 6);
}

TEST(Pruning, NothingDroppedIsTheModelItself) {
  const ModelDescription whole = eight_layers();
  const PrunedModel same = prune_layers(phi3(), whole, {});
  ASSERT_EQ(same.description.tensors.size(), whole.tensors.size());
  for (size_t id = 0; id < whole.tensors.size(); ++id) EXPECT_EQ(same.origin[id], id);
}

TEST(Pruning, BlocksThatAreNotThereAndTheLastOneAreRefused) {
  const ModelDescription whole = eight_layers();
  const std::vector<uint64_t> outside{8}, all{0, 1, 2, 3, 4, 5, 6, 7};
  for (const auto& dropped : {outside, all}) {
    try {
      prune_layers(phi3(), whole, dropped);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadArgument);
      EXPECT_NE(std::string(error.what()).find("8 blocks"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace aurea::models
