#include "formats/gguf/gguf_part.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/checked_math.h"
#include "formats/byte_reader.h"
#include "formats/gguf/gguf_limits.h"
#include "formats/name_check.h"

namespace aurea::formats {
namespace {

// The smallest record of each kind, to hold announced counts against the bytes that are there.
constexpr uint64_t kMinKeyValueBytes = 8 + 4 + 1;        // key length, type, a one-byte value
constexpr uint64_t kMinTensorInfoBytes = 8 + 4 + 4 + 8;  // name length, no dimensions, type, offset

struct TensorRecord {
  GgufTensor tensor;  // data still empty
  uint64_t offset;    // from the start of the tensor data
  uint64_t bytes;
};

class PartReader {
 public:
  explicit PartReader(std::span<const std::byte> bytes) : bytes_(bytes), reader_(bytes) {}

  GgufPart read() {
    GgufPart part;
    part.version = read_version();
    const uint64_t n_tensors = read_count("tensors", kMinTensorInfoBytes, kGgufMaxTensors);
    const uint64_t n_keys = read_count("keys", kMinKeyValueBytes, kGgufMaxKeys);
    for (uint64_t i = 0; i < n_keys; ++i) read_key_value(part.metadata);
    const uint64_t alignment = find_alignment(part.metadata);
    std::vector<TensorRecord> records;
    for (uint64_t i = 0; i < n_tensors; ++i) records.push_back(read_tensor_info(alignment));
    if (!records.empty()) place_tensors(records, alignment);
    part.tensors.reserve(records.size());
    for (TensorRecord& record : records) part.tensors.push_back(std::move(record.tensor));
    return part;
  }

 private:
  uint32_t read_version() {
    if (reader_.text(4, "magic") != "GGUF") fail_file("not a GGUF file: it does not start with 'GGUF'");
    const auto version = reader_.read<uint32_t>("version");
    if ((version & 0xFFFF) == 0 && version != 0) {
      fail(ErrorCode::kUnsupported, "big-endian GGUF file; only little-endian files can be read");
    }
    if (version != 2 && version != 3) fail(ErrorCode::kUnsupported, "GGUF version {}; expected 2 or 3", version);
    return version;
  }

  uint64_t read_count(std::string_view what, uint64_t min_bytes, uint64_t limit) {
    const auto count = reader_.read<uint64_t>(what);
    if (count > limit) fail_file("announces {} {}; at most {} are accepted", count, what, limit);
    if (count > reader_.remaining() / min_bytes) {
      fail_file("truncated: announces {} {}, but only {} bytes follow", count, what, reader_.remaining());
    }
    return count;
  }

  /// Bytes of variable length, held against the file and against the limit of the header.
  std::span<const std::byte> take(uint64_t count, std::string_view what) {
    if (count > kGgufMaxHeaderBytes || reader_.position() > kGgufMaxHeaderBytes - count) {
      fail_file("{} of {} bytes at offset {}: the header may have at most {} bytes", what, count, reader_.position(),
                kGgufMaxHeaderBytes);
    }
    return reader_.take(count, what);
  }

  std::string_view read_text(std::string_view what) {
    const auto length = reader_.read<uint64_t>(what);
    const auto bytes = take(length, what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void read_key_value(GgufMetadata& metadata) {
    const std::string key(read_text("key"));
    if (key.empty()) fail_file("empty key at offset {}", reader_.position());
    if (const auto problem = name_problem(key, kGgufMaxKeyBytes); !problem.empty()) {
      fail_file("key before offset {}: {}", reader_.position(), problem);
    }
    if (metadata.contains(key)) fail_file("key '{}' appears twice", key);
    try {
      metadata.set(key, read_value());
    } catch (Error& error) {
      error.add_context(fmt::format("key '{}'", key));
      throw;
    }
  }

  GgufValue read_value() {
    const auto type = static_cast<GgufType>(reader_.read<int32_t>("value type"));
    switch (type) {
      case GgufType::kUint8:
        return {type, uint64_t{reader_.read<uint8_t>("value")}};
      case GgufType::kUint16:
        return {type, uint64_t{reader_.read<uint16_t>("value")}};
      case GgufType::kUint32:
        return {type, uint64_t{reader_.read<uint32_t>("value")}};
      case GgufType::kUint64:
        return {type, reader_.read<uint64_t>("value")};
      case GgufType::kInt8:
        return {type, int64_t{reader_.read<int8_t>("value")}};
      case GgufType::kInt16:
        return {type, int64_t{reader_.read<int16_t>("value")}};
      case GgufType::kInt32:
        return {type, int64_t{reader_.read<int32_t>("value")}};
      case GgufType::kInt64:
        return {type, reader_.read<int64_t>("value")};
      case GgufType::kFloat32:
        return {type, double{reader_.read<float>("value")}};
      case GgufType::kFloat64:
        return {type, reader_.read<double>("value")};
      case GgufType::kBool:
        return {type, to_bool(reader_.read<uint8_t>("value"))};
      case GgufType::kString:
        return {type, std::string(read_text("string"))};
      case GgufType::kArray:
        return {type, read_array()};
    }
    fail_file("value type {} is not in the format's table", static_cast<int32_t>(type));
  }

  GgufArray read_array() {
    const auto type = static_cast<GgufType>(reader_.read<int32_t>("element type"));
    if (type == GgufType::kArray) fail_file("an array of arrays is not supported");
    const auto count = reader_.read<uint64_t>("array length");
    if (count > kGgufMaxArrayItems - array_items_) {
      fail_file("array of {} items: the arrays of a file may have {} together", count, kGgufMaxArrayItems);
    }
    array_items_ += count;
    switch (type) {
      case GgufType::kUint8:
        return {type, read_numbers<uint8_t, uint64_t>(count)};
      case GgufType::kUint16:
        return {type, read_numbers<uint16_t, uint64_t>(count)};
      case GgufType::kUint32:
        return {type, read_numbers<uint32_t, uint64_t>(count)};
      case GgufType::kUint64:
        return {type, read_numbers<uint64_t, uint64_t>(count)};
      case GgufType::kInt8:
        return {type, read_numbers<int8_t, int64_t>(count)};
      case GgufType::kInt16:
        return {type, read_numbers<int16_t, int64_t>(count)};
      case GgufType::kInt32:
        return {type, read_numbers<int32_t, int64_t>(count)};
      case GgufType::kInt64:
        return {type, read_numbers<int64_t, int64_t>(count)};
      case GgufType::kFloat32:
        return {type, read_numbers<float, float>(count)};
      case GgufType::kFloat64:
        return {type, read_numbers<double, double>(count)};
      case GgufType::kBool:
        return {type, read_bools(count)};
      case GgufType::kString:
        return {type, read_strings(count)};
      case GgufType::kArray:
        break;
    }
    fail_file("array element type {} is not in the format's table", static_cast<int32_t>(type));
  }

  template <typename Stored, typename Held>
  std::vector<Held> read_numbers(uint64_t count) {
    const auto bytes = take(checked_mul(count, sizeof(Stored), "array size"), "array");
    std::vector<Held> items(count);
    for (size_t i = 0; i < items.size(); ++i) {
      Stored item;
      std::memcpy(&item, bytes.data() + i * sizeof(Stored), sizeof(Stored));
      items[i] = item;
    }
    return items;
  }

  std::vector<bool> read_bools(uint64_t count) {
    const auto bytes = take(count, "array");
    std::vector<bool> items(count);
    for (size_t i = 0; i < items.size(); ++i) items[i] = to_bool(std::to_integer<uint8_t>(bytes[i]));
    return items;
  }

  std::vector<std::string> read_strings(uint64_t count) {
    if (count > reader_.remaining() / sizeof(uint64_t)) {
      fail_file("truncated: array of {} strings, but only {} bytes follow", count, reader_.remaining());
    }
    std::vector<std::string> items;
    items.reserve(count);
    for (uint64_t i = 0; i < count; ++i) items.emplace_back(read_text("string"));
    return items;
  }

  static bool to_bool(uint8_t byte) {
    if (byte > 1) fail_file("a bool must be stored as 0 or 1, found {}", byte);
    return byte == 1;
  }

  static uint64_t find_alignment(const GgufMetadata& metadata) {
    const GgufValue* value = metadata.find("general.alignment");
    if (value == nullptr) return kGgufDefaultAlignment;
    if (value->type != GgufType::kUint32) {
      fail_file("key 'general.alignment': expected u32, found {}", name(value->type));
    }
    const uint64_t alignment = std::get<uint64_t>(value->data);
    if (!std::has_single_bit(alignment) || alignment > kGgufMaxAlignment) {
      fail_file("key 'general.alignment': expected a power of two up to {}, found {}", kGgufMaxAlignment, alignment);
    }
    return alignment;
  }

  TensorRecord read_tensor_info(uint64_t alignment) {
    const std::string name(read_text("tensor name"));
    if (const auto problem = name_problem(name, kGgufMaxTensorNameBytes); !problem.empty()) {
      fail_file("tensor name of {} bytes before offset {}: {}", name.size(), reader_.position(), problem);
    }
    try {
      const Shape shape = read_shape();
      const QuantType type = read_tensor_type();
      const auto offset = reader_.read<uint64_t>("data offset");
      if (offset % alignment != 0) fail_file("data offset {} is not a multiple of the alignment {}", offset, alignment);
      const uint64_t bytes =
          tensor_bytes(type, shape);  // before the braces: GCC 12 destroys twice if it throws in them
      return {{name, {type, shape, {}}}, offset, bytes};
    } catch (Error& error) {
      error.add_context(fmt::format("tensor '{}'", name));
      throw;
    }
  }

  /// Slowest dimension first; empty for a scalar.
  Shape read_shape() {
    const auto n_dims = reader_.read<uint32_t>("number of dimensions");
    if (n_dims > kGgufMaxDims) fail_file("{} dimensions; at most {} are possible", n_dims, kGgufMaxDims);
    Shape shape(n_dims);
    uint64_t elements = 1;
    for (uint32_t i = 0; i < n_dims; ++i) {
      const auto size = reader_.read<uint64_t>("dimension");
      if (size == 0 || size > INT64_MAX / elements) {
        fail_file("dimension {} is {}; expected at least 1 and a product below 2^63", i, size);
      }
      elements *= size;
      shape[n_dims - 1 - i] = size;
    }
    return shape;
  }

  QuantType read_tensor_type();

  /// Blocks first, then bytes: no product is formed that could wrap to something small.
  static uint64_t tensor_bytes(QuantType type, const Shape& shape) {
    const QuantTypeInfo& row = info(type);
    const TensorView view{type, shape, {}};
    if (view.cols() % row.block_elements != 0) {
      fail_file("rows of {} elements; {} needs a multiple of {}", view.cols(), row.name, row.block_elements);
    }
    const uint64_t row_size = checked_mul(view.cols() / row.block_elements, row.block_bytes, "size of a row");
    return checked_mul(row_size, view.rows(), "size of the data");
  }

  /// Gives every tensor its bytes, and refuses data beyond the end of the file or shared by two tensors.
  void place_tensors(std::vector<TensorRecord>& records, uint64_t alignment) {
    const uint64_t data_start = checked_round_up(reader_.position(), alignment, "start of the tensor data");
    const uint64_t data_bytes = data_start <= bytes_.size() ? bytes_.size() - data_start : 0;
    for (TensorRecord& record : records) {
      if (record.offset > data_bytes || record.bytes > data_bytes - record.offset) {
        fail_file("truncated: tensor '{}' needs {} bytes at data offset {}, but the file has {} bytes of tensor data",
                  record.tensor.name, record.bytes, record.offset, data_bytes);
      }
      record.tensor.view.data = bytes_.subspan(data_start + record.offset, record.bytes);
    }
    std::vector<size_t> order(records.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t i) { return records[i].offset; });
    for (size_t i = 1; i < order.size(); ++i) {
      const TensorRecord& before = records[order[i - 1]];
      const TensorRecord& after = records[order[i]];
      if (before.offset + before.bytes > after.offset) {
        fail_file("tensors '{}' and '{}' overlap", before.tensor.name, after.tensor.name);
      }
    }
  }

  std::span<const std::byte> bytes_;
  ByteReader reader_;
  uint64_t array_items_ = 0;  // of all arrays so far
};

struct NamedType {
  uint32_t id;
  std::string_view name;
};

/// ggml's types that QuantType may lack, for messages only (table `type_traits` of ggml/src/ggml.c, llama.cpp v0.5.0).
constexpr std::array kOtherTypes = {
    NamedType{9, "Q8_1"},     NamedType{15, "Q8_K"},   NamedType{16, "IQ2_XXS"}, NamedType{17, "IQ2_XS"},
    NamedType{18, "IQ3_XXS"}, NamedType{19, "IQ1_S"},  NamedType{20, "IQ4_NL"},  NamedType{21, "IQ3_S"},
    NamedType{22, "IQ2_S"},   NamedType{23, "IQ4_XS"}, NamedType{24, "I8"},      NamedType{25, "I16"},
    NamedType{26, "I32"},     NamedType{27, "I64"},    NamedType{28, "F64"},     NamedType{29, "IQ1_M"},
    NamedType{34, "TQ1_0"},   NamedType{35, "TQ2_0"},  NamedType{39, "MXFP4"},   NamedType{40, "NVFP4"},
    NamedType{41, "Q1_0"},    NamedType{42, "Q2_0"}};

/// Ids that once had a meaning and will not be used again.
constexpr std::array<uint32_t, 8> kRemovedTypes = {4, 5, 31, 32, 33, 36, 37, 38};

QuantType PartReader::read_tensor_type() {
  const auto id = reader_.read<uint32_t>("tensor type");
  if (const auto type = find_quant_type_by_gguf_id(id)) return *type;
  if (const auto row = std::ranges::find(kOtherTypes, id, &NamedType::id); row != kOtherTypes.end()) {
    fail(ErrorCode::kUnsupported, "type {} (id {}) is not supported", row->name, id);
  }
  if (std::ranges::find(kRemovedTypes, id) != kRemovedTypes.end()) {
    fail(ErrorCode::kUnsupported, "type id {} was removed from the format", id);
  }
  fail(ErrorCode::kUnsupported, "type id {} is not known", id);
}

}  // namespace

GgufPart parse_gguf_part(std::span<const std::byte> bytes) { return PartReader(bytes).read(); }

}  // namespace aurea::formats
