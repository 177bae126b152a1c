#include "quantization/plan/loss_measure.h"

#include <algorithm>
#include <numeric>

#include "codecs/codec.h"
#include "core/error.h"
#include "quantization/linear_algebra.h"

namespace aurea::quantization {
namespace {

size_t rows_of_group(const Curvature& curvature, size_t group) {
  return std::min(curvature.group, curvature.n_out - group * curvature.group);
}

double trace(const std::vector<float>& matrix, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += matrix[i * n + i];
  return sum;
}

}  // namespace

RowSample sample_groups(const Curvature& curvature, size_t most_rows) {
  const size_t n_groups = curvature.output.size();
  const size_t n = std::clamp<size_t>(most_rows / curvature.group, 1, n_groups);
  RowSample sample;
  double all = 0, sampled = 0;
  for (size_t g = 0; g < n_groups; ++g) all += trace(curvature.output[g], rows_of_group(curvature, g));
  for (size_t i = 0; i < n; ++i) {
    const size_t g = (2 * i + 1) * n_groups / (2 * n);  // the middle of each of n stretches
    sample.groups.push_back(g);
    sampled += trace(curvature.output[g], rows_of_group(curvature, g));
    for (size_t r = 0; r < rows_of_group(curvature, g); ++r) sample.rows.push_back(g * curvature.group + r);
  }
  sample.weight.assign(sample.rows.size(), 1.0f);
  if (sampled > 0) sample.scale = all / sampled;
  return sample;
}

RowSample sample_tokens(std::span<const double> frequency, size_t most_rows) {
  const size_t n_vocab = frequency.size();
  std::vector<uint64_t> order(n_vocab);
  std::iota(order.begin(), order.end(), uint64_t{0});
  std::ranges::stable_sort(order, [&](uint64_t a, uint64_t b) { return frequency[a] > frequency[b]; });
  const size_t n = std::min(most_rows, n_vocab), n_most = n == n_vocab ? n : n / 2, n_rest = n - n_most;
  std::vector<double> weight(n_vocab, 0.0);
  for (size_t i = 0; i < n_most; ++i) weight[order[i]] = frequency[order[i]];
  double rest = 0, sampled = 0;
  for (size_t i = n_most; i < n_vocab; ++i) rest += frequency[order[i]];
  std::vector<uint64_t> others;
  for (size_t i = 0; i < n_rest; ++i) {
    others.push_back(order[n_most + (2 * i + 1) * (n_vocab - n_most) / (2 * n_rest)]);
    sampled += frequency[others.back()];
  }
  for (const uint64_t row : others) weight[row] = sampled > 0 ? frequency[row] * rest / sampled : 0;
  RowSample sample;
  for (uint64_t row = 0; row < n_vocab; ++row) {
    if (weight[row] <= 0) continue;
    sample.rows.push_back(row);
    sample.weight.push_back(static_cast<float>(weight[row]));
  }
  return sample;
}

std::vector<double> token_frequencies(std::span<const int32_t> tokens, size_t n_vocab) {
  std::vector<uint64_t> count(n_vocab);
  for (const int32_t id : tokens) ++count.at(static_cast<size_t>(id));
  const auto once = static_cast<double>(std::ranges::count(count, uint64_t{1}));
  const auto unseen = static_cast<double>(std::ranges::count(count, uint64_t{0}));
  const auto n = static_cast<double>(tokens.size());
  const double to_unseen = unseen > 0 ? std::min(0.5, once / n) : 0;
  std::vector<double> frequency(n_vocab);
  for (size_t id = 0; id < n_vocab; ++id) {
    frequency[id] = count[id] > 0 ? (1 - to_unseen) * static_cast<double>(count[id]) / n : to_unseen / unseen;
  }
  return frequency;
}

LossMeasure::LossMeasure(const TensorView& source, const Curvature& curvature, RowSample sample,
                         const kernels::KernelSet& kernels, ThreadPool& pool)
    : curvature_(curvature), sample_(std::move(sample)), kernels_(kernels), pool_(pool), n_in_(source.cols()) {
  AUREA_CHECK(n_in_ == curvature.n_in && curvature.n_rows > 0 && (sample_.groups.empty() || !curvature.output.empty()));
  rows_.resize(sample_.rows.size() * n_in_);
  const auto decode = codecs::codec(source.type).decode;
  pool_.parallel_for(sample_.rows.size(), 16, [&](size_t begin, size_t end, unsigned) {
    for (size_t i = begin; i < end; ++i) decode(source.row(sample_.rows[i]), rows_.data() + i * n_in_, n_in_);
  });
  h_.resize(n_in_ * n_in_);
  const auto n_tokens = static_cast<double>(curvature.n_rows);
  for (size_t i = 0; i < n_in_; ++i) {
    for (size_t j = i; j < n_in_; ++j)
      h_[i * n_in_ + j] = h_[j * n_in_ + i] = static_cast<float>(curvature.input[i * n_in_ + j] / n_tokens);
  }
  lost_.resize(rows_.size());
  product_.resize(rows_.size());
}

double LossMeasure::loss(QuantType type, const float* importance, const CancelToken* cancel) {
  const codecs::Codec& codec = codecs::codec(type);
  const size_t n = sample_.rows.size();
  pool_.parallel_for(n, 4, [&](size_t begin, size_t end, unsigned) {
    std::vector<std::byte> blocks(row_bytes(type, n_in_));
    for (size_t i = begin; i < end; ++i) {
      if (cancel != nullptr) cancel->check();
      const float* row = rows_.data() + i * n_in_;
      float* lost = lost_.data() + i * n_in_;
      codec.encode(row, blocks.data(), n_in_, importance);
      codec.decode(blocks.data(), lost, n_in_);
      for (size_t j = 0; j < n_in_; ++j) lost[j] = row[j] - lost[j];
    }
  });
  std::ranges::fill(product_, 0.0f);
  multiply(kernels_, pool_,
           {.a = lost_.data(),
            .a_row = n_in_,
            .a_col = 1,
            .b = h_.data(),
            .b_row = n_in_,
            .b_col = 1,
            .c = product_.data(),
            .c_row = n_in_,
            .m = n,
            .n = n_in_,
            .k = n_in_,
            .alpha = 1});
  return sample_.scale * weigh() / 2;
}

/// Sum over rows i, j of G_ij (D H D^T)_ij.
double LossMeasure::weigh() {
  if (sample_.groups.empty()) {
    double sum = 0;
    for (size_t i = 0; i < sample_.rows.size(); ++i) {
      double row = 0;
      for (size_t j = 0; j < n_in_; ++j) row += static_cast<double>(lost_[i * n_in_ + j]) * product_[i * n_in_ + j];
      sum += row * static_cast<double>(sample_.weight[i]);
    }
    return sum * curvature_.output_mean * static_cast<double>(curvature_.n_out);
  }
  double sum = 0;
  size_t first = 0;
  std::vector<float> both;
  for (const size_t group : sample_.groups) {
    const size_t n = rows_of_group(curvature_, group);
    both.assign(n * n, 0.0f);
    multiply(kernels_, pool_,
             {.a = lost_.data() + first * n_in_,
              .a_row = n_in_,
              .a_col = 1,
              .b = product_.data() + first * n_in_,
              .b_row = 1,
              .b_col = n_in_,
              .c = both.data(),
              .c_row = n,
              .m = n,
              .n = n,
              .k = n_in_,
              .alpha = 1});
    const std::vector<float>& g = curvature_.output[group];
    for (size_t i = 0; i < n; ++i) {
      sum += static_cast<double>(g[i * n + i]) * both[i * n + i];
      for (size_t j = i + 1; j < n; ++j)
        sum += static_cast<double>(g[i * n + j]) * (static_cast<double>(both[i * n + j]) + both[j * n + i]);
    }
    first += n;
  }
  return sum / static_cast<double>(curvature_.n_output_rows);
}

}  // namespace aurea::quantization
