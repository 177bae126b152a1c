// Writes keys and values into blocks of the cache, for any vector width (KernelSet::store_keys, store_values); the same
// bytes as the scalar set's. Included after kv_elements.inc.h.

/// The hardware keeps a part of a NaN's payload; core/half.h, the definition, does not.
AUREA_INLINE VecF canonical_nan(VecF v) {
  const VecF sign = as_f(bit_and(as_i(v), set1_i32(INT32_MIN)));
  return replace_nan(v, as_f(bit_or(as_i(sign), set1_i32(0x7FC00000))));
}

struct PutF32 {
  static constexpr size_t kBytes = 4;
  AUREA_INLINE static void put(uint8_t* p, VecF v) { store_f(p, v); }
};

struct PutF16 {
  static constexpr size_t kBytes = 2;
  AUREA_INLINE static void put(uint8_t* p, VecF v) {
    uint16_t halves[kLanes];
    store_f16(halves, canonical_nan(v));
    __builtin_memcpy(p, halves, sizeof halves);
  }
};

struct PutBF16 {
  static constexpr size_t kBytes = 2;
  AUREA_INLINE static void put(uint8_t* p, VecF v) {
    const VecI quiet = bit_or(bit_and(as_i(v), set1_i32(INT32_MIN | 0x7FFF0000)), set1_i32(0x400000));
    const VecI bits = as_i(replace_nan(v, as_f(quiet)));
    const VecI odd = bit_and(shift_right<16>(bits), set1_i32(1));
    store_narrow_i16(p, shift_right_signed<16>(add_i32(bits, add_i32(odd, set1_i32(0x7FFF)))));
  }
};

/// Put::put of the first n lanes.
template <class Put>
AUREA_INLINE void put_lanes(uint8_t* p, VecF v, size_t n) {
  if (n == kLanes) return Put::put(p, v);
  uint8_t bytes[kLanes * Put::kBytes];
  Put::put(bytes, v);
  __builtin_memcpy(p, bytes, n * Put::kBytes);
}

AUREA_INLINE void put_codes(uint8_t* p, VecI codes, size_t n) {
  if (n == kLanes) return store_narrow_i8(p, codes);
  uint8_t bytes[kLanes];
  store_narrow_i8(bytes, codes);
  __builtin_memcpy(p, bytes, n);
}

/// The bytes of two codes, as signed numbers.
AUREA_INLINE VecI nibbles(VecI low, VecI high) {
  const VecI byte = bit_or(shift_left<4>(high), bit_and(low, set1_i32(15)));
  return shift_right_signed<24>(shift_left<24>(byte));
}

struct KvScale {
  uint16_t half[kLanes];  // as stored
  VecF inverse;
};

/// The scale sign * magnitude / top, and the inverse of what is stored of it. `bits` are those of the magnitude.
AUREA_INLINE KvScale kv_scale(VecI bits, float top, VecF sign) {
  KvScale scale;
  const VecF magnitude = as_f(bits), not_finite = sub_f(magnitude, magnitude);  // 0, or not a number
  const VecF d = mul_f(add_f(div_f(magnitude, set1_f(top)), not_finite), sign);
  store_f16(scale.half, replace_nan(d, set1_f(f32_from_bits(kNanBits))));
  // Of an unsigned scale: the smallest above 0 stands in for 0.
  const VecF stored = mul_f(load_f16(scale.half), sign);
  scale.inverse = mul_f(div_f(set1_f(1.0f), max_f(set1_f(0x1p-24f), stored)), sign);
  return scale;
}

/// Codes in [low, high]; of what is not a number `low`.
AUREA_INLINE VecI kv_codes(VecF x, VecF inverse, float low, float high) {
  return to_i32(min_f(max_f(mul_f(x, inverse), set1_f(low)), set1_f(high)));
}

AUREA_INLINE VecI magnitude_bits(VecF v) { return bit_and(as_i(v), set1_i32(INT32_MAX)); }
AUREA_INLINE VecF negative(VecF v) { return as_f(bit_xor(as_i(v), set1_i32(INT32_MIN))); }
/// -1 where the number of the largest magnitude is `highest`, 1 where it is -(`lowest`, negated).
AUREA_INLINE VecF sign_of_scale(VecF highest, VecF lowest) {
  return select_ge(highest, lowest, set1_f(-1.0f), set1_f(1.0f));
}

/// Up to 32 dimensions from d on, of kLanes tokens, token t in lane t; behind head_dim zeros. Of `lanes` < kLanes
/// tokens the other lanes repeat the last one.
AUREA_INLINE void load_dims(const KvStoreArgs& args, size_t token, size_t lanes, size_t d, size_t n, VecF x[32]) {
  const uint8_t* rows[kLanes];
  float rest[kLanes][8];
  for (size_t first = 0; first < n; first += 8) {
    const size_t from = d + first, there = from < args.head_dim ? args.head_dim - from : 0;
    for (size_t l = 0; l < kLanes; ++l) {
      const float* row = args.x + (token + (l < lanes ? l : lanes - 1)) * args.stride;
      rows[l] = reinterpret_cast<const uint8_t*>(row + from);
      if (there >= 8) continue;
      for (size_t i = 0; i < 8; ++i) rest[l][i] = i < there ? row[from + i] : 0;
      rows[l] = reinterpret_cast<const uint8_t*>(rest[l]);
    }
    VecI columns[8];
    load_columns8(rows, 0, columns);
    for (size_t i = 0; i < 8; ++i) x[first + i] = as_f(columns[i]);
  }
}

/// Fetches what a few tokens' keys are written to: a line for each step of `stride` bytes, and none is in the cache.
AUREA_INLINE void fetch_key_lines(uint8_t* first, size_t stride, size_t n) {
  for (size_t i = 0; i < n; ++i) prefetch(first + i * stride);
}

template <class Put>
AUREA_INLINE void store_key_numbers(const KvStoreArgs& args) {
  const size_t dims = kv_padded_dim(args.type, args.head_dim);
  if (args.n_tokens < kLanes) {
    fetch_key_lines(args.block + args.slot * Put::kBytes, kKvBlockTokens * Put::kBytes, dims);
  }
  for (size_t token = 0; token < args.n_tokens; token += kLanes) {
    const size_t lanes = args.n_tokens - token < kLanes ? args.n_tokens - token : kLanes;
    for (size_t d = 0; d < dims; d += 16) {
      VecF x[32];
      load_dims(args, token, lanes, d, 16, x);
      for (size_t i = 0; i < 16; ++i) {
        put_lanes<Put>(args.block + ((d + i) * kKvBlockTokens + args.slot + token) * Put::kBytes, x[i], lanes);
      }
    }
  }
}

AUREA_INLINE void store_key_codes(const KvStoreArgs& args) {
  const size_t dims = kv_padded_dim(args.type, args.head_dim);
  const bool bytes = args.type == KvType::kQ8_0;
  if (args.n_tokens < kLanes) fetch_key_lines(args.block + args.slot, kKvBlockTokens, bytes ? dims : dims / 2);
  for (size_t token = 0; token < args.n_tokens; token += kLanes) {
    const size_t lanes = args.n_tokens - token < kLanes ? args.n_tokens - token : kLanes, slot = args.slot + token;
    uint8_t* scales = args.block + kv_code_bytes(args.type, args.head_dim) + slot * 2;
    for (size_t d = 0; d < dims; d += 32) {
      VecF x[32];
      load_dims(args, token, lanes, d, 32, x);
      VecI magnitude = magnitude_bits(x[0]);
      VecF highest = x[0], lowest = negative(x[0]);
      for (size_t i = 1; i < 32; ++i) {
        magnitude = max_i32(magnitude, magnitude_bits(x[i]));
        highest = max_f(highest, x[i]);
        lowest = max_f(lowest, negative(x[i]));
      }
      const KvScale scale =
          bytes ? kv_scale(magnitude, 127.0f, set1_f(1.0f)) : kv_scale(magnitude, 8.0f, sign_of_scale(highest, lowest));
      __builtin_memcpy(scales + d / 32 * kKvBlockTokens * 2, scale.half, lanes * 2);
      for (size_t i = 0; i < 32; i += bytes ? 1 : 2) {
        if (bytes) {
          put_codes(args.block + (d + i) * kKvBlockTokens + slot, kv_codes(x[i], scale.inverse, -127, 127), lanes);
        } else {
          const VecI low = kv_codes(x[i], scale.inverse, -8, 7), high = kv_codes(x[i + 1], scale.inverse, -8, 7);
          put_codes(args.block + (d + i) / 2 * kKvBlockTokens + slot, nibbles(low, high), lanes);
        }
      }
    }
  }
}

/// kLanes dimensions of a token from d on; behind head_dim zeros.
AUREA_INLINE VecF load_row(const float* row, size_t d, size_t head_dim) {
  if (d + kLanes <= head_dim) return load_f(row + d);
  return d < head_dim ? load_f_part(row + d, head_dim - d) : zero_f();
}

template <class Put>
AUREA_INLINE void store_value_numbers(const KvStoreArgs& args) {
  const size_t dims = kv_padded_dim(args.type, args.head_dim);
  for (size_t t = 0; t < args.n_tokens; ++t) {
    uint8_t* to = args.block + (args.slot + t) * dims * Put::kBytes;
    for (size_t d = 0; d < dims; d += kLanes) {
      Put::put(to + d * Put::kBytes, load_row(args.x + t * args.stride, d, args.head_dim));
    }
  }
}

AUREA_INLINE void store_value_codes(const KvStoreArgs& args) {
  constexpr size_t kVecs = 32 / kLanes;
  const size_t dims = kv_padded_dim(args.type, args.head_dim);
  const bool bytes = args.type == KvType::kQ8_0;
  for (size_t t = 0; t < args.n_tokens; ++t) {
    const size_t slot = args.slot + t;
    uint8_t* codes = args.block + slot * (bytes ? dims : dims / 2);
    uint8_t* scales = args.block + kv_code_bytes(args.type, args.head_dim) + slot * (dims / 32) * 2;
    for (size_t d = 0; d < dims; d += 32) {
      VecF x[kVecs];
      VecI magnitude = zero_i();
      for (size_t v = 0; v < kVecs; ++v) {
        x[v] = load_row(args.x + t * args.stride, d + v * kLanes, args.head_dim);
        magnitude = max_i32(magnitude, magnitude_bits(x[v]));
      }
      VecF highest = x[0], lowest = negative(x[0]);
      for (size_t v = 1; v < kVecs; ++v) {
        highest = max_f(highest, x[v]);
        lowest = max_f(lowest, negative(x[v]));
      }
      magnitude = set1_i32(max_lanes_i32(magnitude));
      const VecF sign = sign_of_scale(set1_f(max_lanes(highest)), set1_f(max_lanes(lowest)));
      const KvScale scale = bytes ? kv_scale(magnitude, 127.0f, set1_f(1.0f)) : kv_scale(magnitude, 8.0f, sign);
      __builtin_memcpy(scales + d / 32 * 2, scale.half, 2);
      if (bytes) {
        for (size_t v = 0; v < kVecs; ++v) {
          store_narrow_i8(codes + d + v * kLanes, kv_codes(x[v], scale.inverse, -127, 127));
        }
      } else {
        for (size_t v = 0; v < kVecs / 2; ++v) {
          const VecI low = kv_codes(x[v], scale.inverse, -8, 7);
          const VecI high = kv_codes(x[v + kVecs / 2], scale.inverse, -8, 7);
          store_narrow_i8(codes + d / 2 + v * kLanes, nibbles(low, high));
        }
      }
    }
  }
}

AUREA_INLINE void store_key_block(const KvStoreArgs& args) {
  switch (args.type) {
    case KvType::kF32:
      return store_key_numbers<PutF32>(args);
    case KvType::kF16:
      return store_key_numbers<PutF16>(args);
    case KvType::kBF16:
      return store_key_numbers<PutBF16>(args);
    case KvType::kQ8_0:
    case KvType::kQ4_0:
      return store_key_codes(args);
  }
}

AUREA_INLINE void store_value_block(const KvStoreArgs& args) {
  switch (args.type) {
    case KvType::kF32:
      return store_value_numbers<PutF32>(args);
    case KvType::kF16:
      return store_value_numbers<PutF16>(args);
    case KvType::kBF16:
      return store_value_numbers<PutBF16>(args);
    case KvType::kQ8_0:
    case KvType::kQ4_0:
      return store_value_codes(args);
  }
}
