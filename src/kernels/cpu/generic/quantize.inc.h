// Activations to 8-bit codes, for any vector width; equal to the scalar set bit for bit. Included after a vec text.

/// d and the factor 127 / max|x| of n values (a multiple of kLanes). False: all codes are 0 (d says why: 0 or not a
/// number).
AUREA_INLINE bool code_scale(const float* x, size_t n, float& d, float& factor) {
  VecI magnitude = zero_i();  // bits of |x|: as integers they are ordered like the values, with inf and NaN above all
  for (size_t i = 0; i < n; i += kLanes) {
    magnitude = max_i32(magnitude, bit_and(as_i(load_f(x + i)), set1_i32(INT32_MAX)));
  }
  const float max = f32_from_bits(static_cast<uint32_t>(max_lanes_i32(magnitude)));
  d = max / 127.0f;
  if (max >= kMinActivation && max <= kMaxFloat) {
    factor = 127.0f / max;
    return true;
  }
  d = max < kMinActivation ? 0.0f : f32_from_bits(kNanBits);
  return false;
}

AUREA_INLINE void quantize_blocks_q8x32(const float* x, BlockQ8x32* out, size_t n) {
  for (size_t block = 0; block < n / 32; ++block, x += 32) {
    BlockQ8x32 result = {};
    float factor;
    if (code_scale(x, 32, result.d, factor)) {
      VecI half_sum[2] = {zero_i(), zero_i()};
      AUREA_UNROLL for (size_t i = 0; i < 32; i += kLanes) {
        const VecI codes = to_i32(mul_f(load_f(x + i), set1_f(factor)));
        half_sum[i / 16] = add_i32(half_sum[i / 16], codes);
        store_narrow_i8(result.q + i, codes);
      }
      const int32_t first = sum_lanes_i32(half_sum[0]), sum = first + sum_lanes_i32(half_sum[1]);
      result.sum_d = result.d * static_cast<float>(sum);
      result.neg_sum = -sum;
      result.neg_first = -first;
    }
    __builtin_memcpy(out + block, &result, sizeof result);
  }
}

AUREA_INLINE void quantize_blocks_q8x256(const float* x, BlockQ8x256* out, size_t n) {
  for (size_t block = 0; block < n / 256; ++block, x += 256) {
    BlockQ8x256 result = {};
    float factor;
    if (code_scale(x, 256, result.d, factor)) {
      for (size_t i = 0; i < 256; i += kLanes) {
        store_narrow_i8(result.q + i, to_i32(mul_f(load_f(x + i), set1_f(factor))));
      }
      for (size_t group = 0; group < 16; group += kLanes) {
        const uint8_t* rows[kLanes];  // a group of 16 codes is a row here: the sums come out in row lanes
        for (size_t r = 0; r < kLanes; ++r) rows[r] = reinterpret_cast<const uint8_t*>(result.q) + 16 * (group + r);
        VecI codes[4], sum = zero_i();
        load_columns4(rows, 0, codes);
        for (size_t k = 0; k < 4; ++k) sum = add_i32(sum, sum_bytes_i8(codes[k]));
        store_narrow_i16(result.sums + group, sum);
      }
      for (size_t j = 0; j < 16; ++j) result.neg_sums[j] = -result.sums[j];
      for (size_t j = 0; j < 8; ++j) {
        result.neg_pair_sums[j] = result.neg_sums[2 * j] + result.neg_sums[2 * j + 1];
        result.pair_sums[j] = static_cast<int16_t>(-result.neg_pair_sums[j]);
      }
    }
    __builtin_memcpy(out + block, &result, sizeof result);
  }
}
