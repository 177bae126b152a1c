#include "cli/calibration_text.h"

#include <algorithm>

#include "cli/common_options.h"
#include "core/env.h"
#include "core/error.h"

namespace aurea::cli {
namespace {

constexpr size_t kSequenceTokens = 256;
constexpr size_t kMostTokens = size_t{1} << 17;  // more is time and memory for little

quantization::CalibrationText joined(const std::vector<quantization::Chunk>& sequences) {
  quantization::CalibrationText text{{}, sequences.front().size()};
  for (const quantization::Chunk& sequence : sequences) text.tokens.insert(text.tokens.end(), sequence.begin(), sequence.end());
  return text;
}

}  // namespace

quantization::CalibrationText read_calibration_text(const std::string& path, size_t least, const engine::Model& model, const Context& context) {
  const tokenizers::Tokenizer& tokenizer = model.tokenizer();
  auto tokens = tokenizer.encode(read_text_file(path, kMaxTextBytes), {.add_special = true, .parse_special = false});
  if (tokens.size() > kMostTokens) {
    context.notice(fmt::format("aurea: {}: {} tokens, of which the first {} are taken", path, tokens.size(), kMostTokens));
    tokens.resize(kMostTokens);
  }
  const size_t length = std::min<size_t>(kSequenceTokens, model.source().params().context_length);
  const auto& vocabulary = tokenizer.vocabulary();
  const auto chunks = quantization::cut_into_chunks(tokens, length, vocabulary.add_bos ? vocabulary.bos : std::nullopt);
  if (chunks.size() < least) {
    fail(ErrorCode::kBadArgument, "{}: a text of {} tokens; at least {} are needed here, some ten thousand are good", path, tokens.size(), least * length);
  }
  return joined(chunks);
}

quantization::CalibrationText write_calibration_text(const engine::Model& model, size_t least, const SelfCalibrationFlags& self, unsigned threads,
                                                     const Context& context) {
  const quantization::SelfCalibration own = self.options(model);
  if (own.sequences < least) fail(ErrorCode::kBadArgument, "--auto-tokens {}: at least {} are needed here", self.tokens, least * own.length);
  engine::EngineOptions options;
  options.n_threads = threads;
  options.kernel_set = env::cpu();
  engine::Engine engine(model.source(), options);
  return joined(self.write(model, engine, context));
}

}  // namespace aurea::cli
