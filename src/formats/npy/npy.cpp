#include "formats/npy/npy.h"

#include <charconv>
#include <optional>

#include "core/checked_math.h"
#include "core/mapped_file.h"
#include "formats/byte_reader.h"

namespace aurea::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxDims = 32;
constexpr size_t kHeaderAlignment = 64;  // the data of a written file start at a multiple

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<uint64_t>> shape;
};

/// Parses the header: a Python dictionary of exactly the three keys, such as
/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        store(header.descr, quoted(), key);
      } else if (key == "fortran_order") {
        store(header.fortran_order, boolean(), key);
      } else if (key == "shape") {
        store(header.shape, tuple(), key);
      } else {
        fail_file("unknown header key '{}'", key);
      }
      if (!accept(',') && peek() != '}') fail_here("',' or '}'");
    }
    peek();
    if (at_ != text_.size()) fail_here("the end of the header");
    if (!header.descr || !header.fortran_order || !header.shape) {
      fail_file("the header needs 'descr', 'fortran_order' and 'shape'");
    }
    return header;
  }

 private:
  [[noreturn]] void fail_here(std::string_view expected) const {
    fail_file("header: expected {} at character {}", expected, at_);
  }

  template <typename T>
  static void store(std::optional<T>& place, T value, const std::string& key) {
    if (place) fail_file("header key '{}' appears twice", key);
    place = std::move(value);
  }

  /// The next character that is not white space; NUL at the end.
  char peek() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail_here(fmt::format("'{}'", c));
  }

  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail_here("a quoted string");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail_here("a closed string");
    const auto content = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return std::string(content);
  }

  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail_here("True or False");
  }

  std::vector<uint64_t> tuple() {
    std::vector<uint64_t> items;
    expect('(');
    while (!accept(')')) {
      if (items.size() == kMaxDims) fail_file("header: more than {} dimensions", kMaxDims);
      peek();
      uint64_t item = 0;
      const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), item);
      if (result.ec != std::errc()) fail_here("an integer of 64 bits");
      at_ = static_cast<size_t>(result.ptr - text_.data());
      items.push_back(item);
      if (!accept(',') && peek() != ')') fail_here("',' or ')'");
    }
    return items;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Header read_header(ByteReader& reader) {
  if (reader.text(kMagic.size(), "magic") != kMagic) fail_file("not a .npy file: it does not start with '\\x93NUMPY'");
  const auto major = reader.read<uint8_t>("version");
  const auto minor = reader.read<uint8_t>("version");
  if (major < 1 || major > 3 || minor != 0) fail_file("version {}.{}; expected 1.0, 2.0 or 3.0", major, minor);
  const uint64_t length = major == 1 ? reader.read<uint16_t>("header length") : reader.read<uint32_t>("header length");
  return HeaderParser(reader.text(length, "header")).parse();
}

template <typename Stored>
std::vector<float> read_values(ByteReader& reader, uint64_t count) {
  const uint64_t size = checked_mul(count, sizeof(Stored), "size of the data");
  if (size != reader.remaining()) fail_file("expected {} bytes of data, found {}", size, reader.remaining());
  const auto bytes = reader.take(size, "data");
  std::vector<float> values(count);
  for (size_t i = 0; i < values.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<float>(value);
  }
  return values;
}

std::vector<float> read_values(ByteReader& reader, uint64_t count, const std::string& descr) {
  if (descr == "<f4") return read_values<float>(reader, count);
  if (descr == "<f8") return read_values<double>(reader, count);
  if (descr == "<i4") return read_values<int32_t>(reader, count);
  if (descr == "<i8") return read_values<int64_t>(reader, count);
  if (descr == "|u1") return read_values<uint8_t>(reader, count);
  fail_file("elements of '{}'; expected '<f4', '<f8', '<i4', '<i8' or '|u1'", descr);
}

}  // namespace

NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& source) {
  try {
    ByteReader reader(bytes);
    Header header = read_header(reader);
    if (*header.fortran_order) fail_file("the array is in Fortran order; expected C order");
    uint64_t count = 1;
    for (const uint64_t size : *header.shape) count = checked_mul(count, size, "number of elements");
    NpyArray array;
    array.shape = std::move(*header.shape);
    array.values = read_values(reader, count, *header.descr);
    return array;
  } catch (Error& error) {
    error.add_context(source);
    throw;
  }
}

NpyArray read_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npy(file.bytes(), path.string());
}

NpyWriter::NpyWriter(const std::filesystem::path& path, bool overwrite, uint64_t rows, uint64_t cols)
    : file_(path, overwrite), rows_left_(rows), cols_(cols) {
  std::string dictionary = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  const size_t in_front = kMagic.size() + 2 + sizeof(uint16_t);
  const size_t total = (in_front + dictionary.size() + 1 + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment;
  dictionary.resize(total - in_front - 1, ' ');
  dictionary += '\n';
  const auto length = static_cast<uint16_t>(dictionary.size());
  file_.write(kMagic);
  file_.write(std::string_view("\x01\x00", 2));
  file_.write(std::as_bytes(std::span(&length, 1)));
  file_.write(dictionary);
}

void NpyWriter::write_row(std::span<const float> row) {
  AUREA_CHECK(row.size() == cols_ && rows_left_ > 0);
  file_.write(std::as_bytes(row));
  --rows_left_;
}

void NpyWriter::commit() {
  AUREA_CHECK(rows_left_ == 0);
  file_.commit();
}

}  // namespace aurea::formats
