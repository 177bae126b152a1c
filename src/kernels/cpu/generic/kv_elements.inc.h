// Keys and values of the cache as float32, a type each. Included after elements.inc.h; the layouts are in kernel_set.h.
//
// Keys: load gives kDims dimensions of kLanes tokens, before the scale if there is one. They lie in a step, the bytes
// of kDims dimensions of a block (kStepBytes), kTokenBytes each. Values: load<kVecs> gives kVecs * kLanes
// dimensions of a token from where its codes for them lie, and from where its scales for them do. kVecs is a multiple
// of kUnit.

/// The codes in the low and in the high nibbles of sign-extended bytes.
AUREA_INLINE VecF low_codes(VecI bytes) { return to_f(shift_right_signed<28>(shift_left<28>(bytes))); }
AUREA_INLINE VecF high_codes(VecI bytes) { return to_f(shift_right_signed<4>(bytes)); }

template <class Elements>
struct KeysOf {
  static constexpr bool kScaled = false;
  static constexpr size_t kDims = 1, kTokenBytes = Elements::kBytes, kStepBytes = kKvBlockTokens * kTokenBytes;
  AUREA_INLINE static void load(const uint8_t* p, VecF key[kDims]) { key[0] = Elements::load(p); }
};

struct KeysQ8 {
  static constexpr bool kScaled = true;
  static constexpr size_t kDims = 1, kTokenBytes = 1, kStepBytes = kKvBlockTokens;
  AUREA_INLINE static void load(const uint8_t* p, VecF key[kDims]) { key[0] = to_f(load_i8(p)); }
};

struct KeysQ4 {
  static constexpr bool kScaled = true;
  static constexpr size_t kDims = 2, kTokenBytes = 1, kStepBytes = kKvBlockTokens;
  AUREA_INLINE static void load(const uint8_t* p, VecF key[kDims]) {
    const VecI bytes = load_i8(p);
    key[0] = low_codes(bytes);
    key[1] = high_codes(bytes);
  }
};

template <class Elements>
struct ValuesOf {
  static constexpr size_t kUnit = 1;
  /// Bytes of so many dimensions.
  AUREA_INLINE static constexpr size_t bytes(size_t dims) { return dims * Elements::kBytes; }
  AUREA_INLINE static constexpr size_t scale_bytes(size_t) { return 0; }
  template <size_t kVecs>
  AUREA_INLINE static void load(const uint8_t* p, const uint8_t*, VecF x[kVecs]) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) x[v] = Elements::load(p + v * kLanes * Elements::kBytes);
  }
};

struct ValuesQ8 {
  static constexpr size_t kUnit = 32 / kLanes;
  AUREA_INLINE static constexpr size_t bytes(size_t dims) { return dims; }
  AUREA_INLINE static constexpr size_t scale_bytes(size_t dims) { return dims / 32 * 2; }
  template <size_t kVecs>
  AUREA_INLINE static void load(const uint8_t* p, const uint8_t* scales, VecF x[kVecs]) {
    AUREA_UNROLL for (size_t v = 0; v < kVecs; ++v) {
      x[v] = mul_f(to_f(load_i8(p + v * kLanes)), broadcast_f16(scales + v / kUnit * 2));
    }
  }
};

struct ValuesQ4 {
  static constexpr size_t kUnit = 32 / kLanes;
  AUREA_INLINE static constexpr size_t bytes(size_t dims) { return dims / 2; }
  AUREA_INLINE static constexpr size_t scale_bytes(size_t dims) { return dims / 32 * 2; }
  template <size_t kVecs>
  AUREA_INLINE static void load(const uint8_t* p, const uint8_t* scales, VecF x[kVecs]) {
    AUREA_UNROLL for (size_t first = 0; first < kVecs; first += kUnit) {
      const VecF scale = broadcast_f16(scales + first / kUnit * 2);
      AUREA_UNROLL for (size_t v = 0; v < kUnit / 2; ++v) {
        const VecI bytes = load_i8(p + (first / 2 + v) * kLanes);
        x[first + v] = mul_f(low_codes(bytes), scale);
        x[first + v + kUnit / 2] = mul_f(high_codes(bytes), scale);
      }
    }
  }
};
