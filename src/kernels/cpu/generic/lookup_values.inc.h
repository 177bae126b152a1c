// The values that packed codes name (kPackedLookup4, kPackedLookup3 and others of packed_format.h): value = d * kUnit *
// scale * kTable.values[code]. Included by all sets inside the unnamed namespace.

struct ValueTable {
  int8_t values[16];
};

/// In this file's own memory: a table of a header would be a symbol of every kernel file.
constexpr ValueTable table_of(const int8_t (&values)[16]) {
  ValueTable table = {};
  for (int i = 0; i < 16; ++i) table.values[i] = values[i];
  return table;
}

struct ValuesIq4 {
  static constexpr ValueTable kTable = table_of(codecs::kIq4Values);
  static constexpr float kUnit = 1;
};
struct ValuesFp4 {
  static constexpr ValueTable kTable = table_of(codecs::kFp4Values);
};
/// Level l of the grid, negative from 8 on; the scale is 2 s + 1, so that d * (s + 1/2) * 1/2 is a quarter of it.
struct ValuesIq3Xxs {
  static constexpr ValueTable kTable = {{4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62}};
  static constexpr float kUnit = 0.25f;
};
struct ValuesIq3S {
  static constexpr ValueTable kTable = {{1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15}};
  static constexpr float kUnit = 1;
};
struct ValuesIq2 {
  static constexpr ValueTable kTable = {{8, 25, 43, 0, -8, -25, -43, 0}};
  static constexpr float kUnit = 0.125f;
};
/// -1, 0, 1 plus 1/8, and from 4 on minus 1/8, in eighths.
struct ValuesIq1 {
  static constexpr ValueTable kTable = {{-7, 1, 9, 0, -9, -1, 7, 0}};
  static constexpr float kUnit = 0.125f;
};
