// Loads of floating-point elements of each width as float32. Included after a vec text.

struct ElementsF32 {
  static constexpr size_t kBytes = 4;
  AUREA_INLINE static VecF load(const uint8_t* p) { return load_f(p); }
  AUREA_INLINE static VecF load_part(const uint8_t* p, size_t n) { return load_f_part(p, n); }
};

struct ElementsF16 {
  static constexpr size_t kBytes = 2;
  AUREA_INLINE static VecF load(const uint8_t* p) { return load_f16(p); }
  AUREA_INLINE static VecF load_part(const uint8_t* p, size_t n) { return load_f16_part(p, n); }
};

struct ElementsBF16 {
  static constexpr size_t kBytes = 2;
  AUREA_INLINE static VecF load(const uint8_t* p) { return load_bf16(p); }
  AUREA_INLINE static VecF load_part(const uint8_t* p, size_t n) { return load_bf16_part(p, n); }
};
