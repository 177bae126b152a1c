#include "formats/gguf/gguf_writer.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "core/checked_math.h"
#include "core/hash.h"
#include "formats/gguf/gguf_limits.h"
#include "formats/gguf/gguf_split.h"
#include "formats/name_check.h"

namespace aurea::formats {
namespace {

static_assert(GgufWriter::kAlignment == kGgufDefaultAlignment, "no general.alignment key is written");

constexpr std::string_view kAlignmentKey = "general.alignment";

uint64_t padded(uint64_t bytes) { return checked_round_up(bytes, GgufWriter::kAlignment, "size of the file"); }

/// Appends the fields of a header to one string.
class HeaderEncoder {
 public:
  /// For about so many bytes: growing would hold a vocabulary of many megabytes twice.
  void reserve(size_t n_bytes) { out_.reserve(n_bytes); }

  template <typename T>
  void put(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }

  void put_text(std::string_view text) {
    put<uint64_t>(text.size());
    out_ += text;
  }

  void put_value(const GgufValue& value) {
    put(value.type);
    if (value.type == GgufType::kArray) {
      put_array(held<GgufArray>(value.data));
    } else {
      std::visit([&](const auto& item) { put_item(value.type, item); }, value.data);
    }
  }

  void put_tensor(const GgufTensorSpec& tensor, const Shape& dims, uint64_t offset) {
    put_text(tensor.name);
    put<uint32_t>(static_cast<uint32_t>(dims.size()));
    for (const uint64_t size : dims) put(size);
    put<uint32_t>(info(tensor.type).gguf_id);
    put(offset);
  }

  void pad() { out_.resize(padded(out_.size())); }
  std::string take() { return std::move(out_); }

 private:
  template <typename T, typename Variant>
  static const T& held(const Variant& data) {
    const T* value = std::get_if<T>(&data);
    AUREA_CHECK(value != nullptr);
    return *value;
  }

  void put_array(const GgufArray& array) {
    put(array.element_type);
    put<uint64_t>(array.size());
    std::visit(
        [&](const auto& items) {
          for (const auto& item : items) put_item(array.element_type, item);
        },
        array.items());
  }

  /// One value of a type other than array; the held kind must be the type's.
  template <typename T>
  void put_item(GgufType type, const T& item) {
    if constexpr (std::is_same_v<T, std::string>) {
      AUREA_CHECK(type == GgufType::kString);
      put_text(item);
    } else if constexpr (std::is_same_v<T, bool>) {
      AUREA_CHECK(type == GgufType::kBool);
      put<uint8_t>(item ? 1 : 0);
    } else if constexpr (std::is_floating_point_v<T>) {
      AUREA_CHECK(type == GgufType::kFloat32 || (type == GgufType::kFloat64 && std::is_same_v<T, double>));
      if (type == GgufType::kFloat32) {
        put(static_cast<float>(item));
      } else {
        put(static_cast<double>(item));
      }
    } else if constexpr (std::is_same_v<T, uint64_t>) {
      put_unsigned(type, item);
    } else if constexpr (std::is_same_v<T, int64_t>) {
      put_signed(type, item);
    } else {
      AUREA_CHECK(!"an array where the type says something else");
    }
  }

  void put_unsigned(GgufType type, uint64_t value) {
    switch (type) {
      case GgufType::kUint8:
        return put(narrow<uint8_t>(type, value));
      case GgufType::kUint16:
        return put(narrow<uint16_t>(type, value));
      case GgufType::kUint32:
        return put(narrow<uint32_t>(type, value));
      case GgufType::kUint64:
        return put(value);
      default:
        AUREA_CHECK(!"an unsigned number where the type says something else");
    }
  }

  void put_signed(GgufType type, int64_t value) {
    switch (type) {
      case GgufType::kInt8:
        return put(narrow<int8_t>(type, value));
      case GgufType::kInt16:
        return put(narrow<int16_t>(type, value));
      case GgufType::kInt32:
        return put(narrow<int32_t>(type, value));
      case GgufType::kInt64:
        return put(value);
      default:
        AUREA_CHECK(!"a signed number where the type says something else");
    }
  }

  template <typename To, typename From>
  static To narrow(GgufType type, From value) {
    const auto result = static_cast<To>(value);
    if (result != value) fail(ErrorCode::kBadArgument, "{} does not fit in {}", value, name(type));
    return result;
  }

  std::string out_;
};

/// The file's order: contiguous dimension first, trailing ones dropped, at least one.
Shape file_dims(const Shape& shape) {
  Shape dims(shape.rbegin(), shape.rend());
  while (dims.size() > 1 && dims.back() == 1) dims.pop_back();
  if (dims.empty()) dims.push_back(1);
  return dims;
}

/// Bytes of the tensor's data, after checking that a reader will take the tensor.
uint64_t checked_tensor_bytes(const GgufTensorSpec& tensor, const Shape& dims) {
  const QuantTypeInfo& row = info(tensor.type);
  uint64_t elements = 1;
  for (const uint64_t size : dims) {
    if (size == 0 || size > INT64_MAX / elements) fail(ErrorCode::kBadArgument, "impossible dimension {}", size);
    elements *= size;
  }
  if (dims.size() > kGgufMaxDims) fail(ErrorCode::kBadArgument, "{} dimensions, at most {}", dims.size(), kGgufMaxDims);
  if (dims[0] % row.block_elements != 0) {
    fail(ErrorCode::kBadArgument, "rows of {} elements; {} needs a multiple of {}", dims[0], row.name,
         row.block_elements);
  }
  return checked_mul(elements / row.block_elements, row.block_bytes, "size of the data");
}

void check_name(std::string_view name, uint64_t max_bytes) {
  const auto problem = name_problem(name, max_bytes);
  if (!problem.empty()) fail(ErrorCode::kBadArgument, "this name cannot be stored: {}", problem);
}

void put_metadata(HeaderEncoder& header, const GgufMetadata& metadata) {
  for (const auto& [key, value] : metadata.entries()) {
    if (key == kAlignmentKey) continue;
    try {
      if (key.empty()) fail(ErrorCode::kBadArgument, "a key must not be empty");
      check_name(key, kGgufMaxKeyBytes);
      header.put_text(key);
      header.put_value(value);
    } catch (Error& error) {
      error.add_context(fmt::format("key '{}'", key));
      throw;
    }
  }
}

void put_tensors(HeaderEncoder& header, std::span<const GgufTensorSpec> tensors) {
  std::unordered_set<std::string_view> names;
  uint64_t offset = 0;
  for (const GgufTensorSpec& tensor : tensors) {
    try {
      check_name(tensor.name, kGgufMaxTensorNameBytes);
      if (!names.insert(tensor.name).second) fail(ErrorCode::kBadArgument, "name given twice");
      const Shape dims = file_dims(tensor.shape);
      const uint64_t bytes = checked_tensor_bytes(tensor, dims);
      header.put_tensor(tensor, dims, offset);
      offset = checked_add(offset, padded(bytes), "size of the file");
    } catch (Error& error) {
      error.add_context(fmt::format("tensor '{}'", tensor.name));
      throw;
    }
  }
}

/// Bytes that a header takes, or a little more.
size_t expected_bytes(const GgufMetadata& metadata, size_t n_tensors) {
  constexpr size_t kEntryBytes = 64, kTensorBytes = 128, kItemBytes = 8;
  size_t bytes = metadata.entries().size() * kEntryBytes + n_tensors * kTensorBytes + GgufWriter::kAlignment;
  for (const auto& [key, value] : metadata.entries()) {
    if (const auto* text = std::get_if<std::string>(&value.data)) bytes += text->size();
    const auto* array = std::get_if<GgufArray>(&value.data);
    if (array == nullptr) continue;
    bytes += array->size() * kItemBytes;
    if (const auto* texts = std::get_if<std::vector<std::string>>(&array->items())) {
      for (const std::string& text : *texts) bytes += text.size();
    }
  }
  return bytes;
}

/// The headers hold names, shapes, types and metadata; the rest is the caller's.
std::string fingerprint_of(const GgufOutput& output, std::span<const OutputPart> parts) {
  if (output.fingerprint.empty()) return "";
  FastHash hash;
  for (const OutputPart& part : parts) {
    const std::string name = part.path.filename().string();
    for (const std::string_view text : {std::string_view(name), std::string_view(part.header)}) {
      hash.update(fmt::format("{}\n", text.size()));
      hash.update(text);
    }
  }
  hash.update(output.fingerprint);
  return hash.hex();
}

}  // namespace

std::string encode_gguf_header(const GgufMetadata& metadata, std::span<const GgufTensorSpec> tensors) {
  HeaderEncoder header;
  header.reserve(expected_bytes(metadata, tensors.size()));
  header.put('G'), header.put('G'), header.put('U'), header.put('F');
  header.put<uint32_t>(3);
  header.put<uint64_t>(tensors.size());
  header.put<uint64_t>(metadata.entries().size() - (metadata.contains(kAlignmentKey) ? 1 : 0));
  put_metadata(header, metadata);
  put_tensors(header, tensors);
  if (!tensors.empty()) header.pad();  // without tensors a file ends with its metadata
  std::string bytes = header.take();
  if (bytes.size() > kGgufMaxHeaderBytes) {
    fail(ErrorCode::kBadArgument, "a GGUF header of {} bytes; at most {} are possible", bytes.size(),
         kGgufMaxHeaderBytes);
  }
  return bytes;
}

uint64_t gguf_tensor_bytes(const GgufTensorSpec& tensor) {
  return checked_tensor_bytes(tensor, file_dims(tensor.shape));
}

uint64_t gguf_tensor_entry_bytes(const GgufTensorSpec& tensor) {
  HeaderEncoder entry;
  entry.put_tensor(tensor, file_dims(tensor.shape), 0);
  return entry.take().size();
}

GgufWriter::GgufWriter(const GgufOutput& output, const GgufMetadata& metadata, std::vector<GgufTensorSpec> tensors)
    : tensors_(std::move(tensors)), out_([&] {
        std::vector<OutputPart> parts = plan_parts(output, metadata);
        const std::string fingerprint = fingerprint_of(output, parts);
        return ResumableOutput(output.path, std::move(parts), output.overwrite, fingerprint, output.cancel);
      }()) {
  find_place();
}

std::string GgufWriter::header_of(size_t part, const GgufMetadata& metadata) const {
  const size_t begin = part == 0 ? 0 : part_ends_[part - 1];
  const auto tensors = std::span(tensors_).subspan(begin, part_ends_[part] - begin);
  if (part_ends_.size() == 1) return encode_gguf_header(metadata, tensors);
  return encode_gguf_header(gguf_part_metadata(metadata, part, part_ends_.size(), tensors_.size()), tensors);
}

std::vector<OutputPart> GgufWriter::plan_parts(const GgufOutput& output, const GgufMetadata& metadata) {
  if (output.part_tensors.size() < 2) {
    part_ends_ = {tensors_.size()};
  } else {
    for (const size_t n : output.part_tensors) part_ends_.push_back((part_ends_.empty() ? 0 : part_ends_.back()) + n);
  }
  AUREA_CHECK(part_ends_.back() == tensors_.size() && part_ends_.size() <= kGgufMaxParts);
  std::vector<OutputPart> parts;
  size_t tensor = 0;
  std::unordered_set<std::string_view> names;  // over all parts; a header looks at its own
  for (size_t i = 0; i < part_ends_.size(); ++i) {
    OutputPart part{part_ends_.size() == 1 ? output.path : gguf_part_path(output.path, i, part_ends_.size()),
                    header_of(i, metadata)};
    part.n_bytes = part.header.size();
    for (; tensor < part_ends_[i]; ++tensor) {
      if (!names.insert(tensors_[tensor].name).second)
        fail(ErrorCode::kBadArgument, "tensor '{}': name given twice", tensors_[tensor].name);
      part.n_bytes = checked_add(part.n_bytes, padded(gguf_tensor_bytes(tensors_[tensor])), "size of the file");
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Sets the current tensor from the place where an earlier run ended, or the beginning.
void GgufWriter::find_place() {
  const size_t part = out_.part();
  uint64_t data = out_.position() - out_.parts()[part].header.size();
  for (current_ = part == 0 ? 0 : part_ends_[part - 1]; current_ < part_ends_[part]; ++current_) {
    const uint64_t bytes = gguf_tensor_bytes(tensors_[current_]);
    remaining_ = bytes - std::min(bytes, data);
    if (remaining_ > 0) return;
    data -= std::min(data, padded(bytes));
  }
  if (current_ < tensors_.size()) remaining_ = gguf_tensor_bytes(tensors_[current_]);
}

/// Goes to the part that the current tensor belongs to.
void GgufWriter::skip_finished_parts() {
  while (out_.part() + 1 < part_ends_.size() && current_ >= part_ends_[out_.part()]) out_.next_part();
}

std::vector<std::string> GgufWriter::recovered_notes() const {
  std::vector<std::string> notes;
  for (const JournalRecord& record : out_.recovered()) notes.push_back(record.note);
  return notes;
}

void GgufWriter::write(std::span<const std::byte> piece) {
  AUREA_CHECK(piece.size() <= remaining_);
  if (piece.empty()) return;
  skip_finished_parts();
  out_.write(piece);
  remaining_ -= piece.size();
  if (remaining_ > 0) return;
  static constexpr std::byte kZeros[kAlignment] = {};
  out_.write(std::span(kZeros).first(padded(out_.position()) - out_.position()));
  if (++current_ < tensors_.size()) remaining_ = gguf_tensor_bytes(tensors_[current_]);
}

const GgufTensorSpec& GgufWriter::current() const {
  AUREA_CHECK(current_ < tensors_.size());
  return tensors_[current_];
}

void GgufWriter::replace_metadata(const GgufMetadata& metadata) { out_.set_header(0, header_of(0, metadata)); }

void GgufWriter::commit() {
  AUREA_CHECK(current_ == tensors_.size());
  skip_finished_parts();
  out_.commit();
}

uint64_t GgufWriter::total_bytes() const {
  uint64_t bytes = 0;
  for (const OutputPart& part : out_.parts()) bytes += part.n_bytes;
  return bytes;
}

}  // namespace aurea::formats
