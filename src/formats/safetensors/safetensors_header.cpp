#include "formats/safetensors/safetensors_header.h"

#include <algorithm>
#include <tuple>

#include "core/checked_math.h"
#include "core/json.h"
#include "formats/byte_reader.h"
#include "formats/name_check.h"

namespace aurea::formats {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference reader's limit
constexpr size_t kMaxDims = 8;
constexpr uint64_t kMaxNameBytes = 65535;

struct DataType {
  std::string_view name;
  uint64_t bits;
  std::optional<QuantType> type;
};

/// `Dtype` of huggingface/safetensors, safetensors/src/tensor.rs.
constexpr DataType kDataTypes[] = {{"F32", 32, QuantType::kF32},
                                   {"F16", 16, QuantType::kF16},
                                   {"BF16", 16, QuantType::kBF16},
                                   {"F64", 64, {}},
                                   {"I64", 64, {}},
                                   {"U64", 64, {}},
                                   {"C64", 64, {}},
                                   {"I32", 32, {}},
                                   {"U32", 32, {}},
                                   {"I16", 16, {}},
                                   {"U16", 16, {}},
                                   {"I8", 8, {}},
                                   {"U8", 8, {}},
                                   {"BOOL", 8, {}},
                                   {"F8_E4M3", 8, {}},
                                   {"F8_E5M2", 8, {}},
                                   {"F8_E8M0", 8, {}},
                                   {"F6_E2M3", 6, {}},
                                   {"F6_E3M2", 6, {}},
                                   {"F4", 4, {}}};

const DataType* find_data_type(std::string_view name) {
  const auto row = std::ranges::find(kDataTypes, name, &DataType::name);
  return row == std::end(kDataTypes) ? nullptr : row;
}

struct Record {
  SafetensorsEntry entry;
  uint64_t begin, end;  // from the start of the data
};

/// A member that must be an array of at most `max_items` non-negative integers.
std::vector<uint64_t> read_integers(const Json& object, const char* key, size_t max_items) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_array()) fail_file("'{}': expected an array of integers", key);
  if (member->size() > max_items) fail_file("'{}': {} items, at most {} are possible", key, member->size(), max_items);
  std::vector<uint64_t> items;
  for (const Json& item : *member) {
    if (!item.is_number_unsigned()) fail_file("'{}': expected integers of at least 0, found {}", key, item.type_name());
    items.push_back(item.get<uint64_t>());
  }
  return items;
}

/// Holds the announced size against shape and type.
void check_size(const Record& record, const DataType& type) {
  uint64_t elements = 1;
  for (const uint64_t size : record.entry.shape) elements = checked_mul(elements, size, "number of elements");
  const uint64_t bits = checked_mul(elements, type.bits, "size in bits");
  const uint64_t bytes = record.end - record.begin;
  if (bits % 8 != 0 || bits / 8 != bytes) {
    fail_file("{} elements of {} do not take {} bytes", elements, type.name, bytes);
  }
}

Record read_record(const std::string& name, const Json& json) {
  if (!json.is_object()) fail_file("expected an object, found {}", json.type_name());
  Record record;
  record.entry.name = name;
  record.entry.dtype = required_string(json, "dtype");
  record.entry.shape = read_integers(json, "shape", kMaxDims);
  const auto offsets = read_integers(json, "data_offsets", 2);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) fail_file("'data_offsets': expected [begin, end]");
  record.begin = offsets[0];
  record.end = offsets[1];
  if (const DataType* type = find_data_type(record.entry.dtype)) {
    record.entry.type = type->type;
    check_size(record, *type);
  }
  return record;
}

std::vector<Record> read_records(const Json& header) {
  std::vector<Record> records;
  for (const auto& [name, json] : header.items()) {
    if (const auto problem = name_problem(name, kMaxNameBytes); !problem.empty()) {
      fail_file("a tensor name of {} bytes: {}", name.size(), problem);
    }
    if (name == "__metadata__") {
      const bool texts =
          json.is_object() && std::ranges::all_of(json, [](const Json& item) { return item.is_string(); });
      if (!texts) fail_file("'__metadata__': expected an object of strings");
      continue;
    }
    try {
      records.push_back(read_record(name, json));
    } catch (Error& error) {
      error.add_context(fmt::format("tensor '{}'", name));
      throw;
    }
  }
  return records;
}

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const auto header_bytes = reader.read<uint64_t>("header length");
  if (header_bytes > kMaxHeaderBytes) {
    fail_file("header of {} bytes; at most {} are possible", header_bytes, kMaxHeaderBytes);
  }
  const std::string_view text = reader.text(header_bytes, "header");
  if (!text.starts_with('{')) fail_file("the header does not start with '{{'");
  auto records = read_records(parse_json(text, "header"));
  // Empty tensors come before the one that starts at the same place.
  std::ranges::sort(records, {}, [](const Record& record) { return std::tuple(record.begin, record.end); });

  const auto data = bytes.subspan(reader.position());
  std::vector<SafetensorsEntry> entries;
  uint64_t covered = 0;
  for (Record& record : records) {
    if (record.end > data.size()) {
      fail_file("truncated: tensor '{}' ends at byte {} of the data, found {}", record.entry.name, record.end,
                data.size());
    }
    if (record.begin != covered) {
      fail_file("tensor '{}' begins at byte {} of the data, but the one before ends at {}", record.entry.name,
                record.begin, covered);
    }
    covered = record.end;
    record.entry.data = data.subspan(record.begin, record.end - record.begin);
    entries.push_back(std::move(record.entry));
  }
  if (covered != data.size()) fail_file("{} bytes of data, but the tensors end at {}", data.size(), covered);
  return entries;
}

}  // namespace aurea::formats
