#include "templates/print.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/utf8.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

void append_escaped(std::string& out, char32_t c) {
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c <= 0xFF) {
    out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
  } else if (c <= 0xFFFF) {
    out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
  }
}

char quote_mark(std::string_view text) {
  return text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
}

void append_quoted(std::string& out, std::string_view text, char mark, bool ascii) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const char32_t c = point.value;
    if (c == '\\' || c == static_cast<char32_t>(mark)) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (!is_printable(c) || (ascii && c >= 0x80)) {
      append_escaped(out, c);
    } else {
      out.append(text, at, point.bytes);
    }
    at += point.bytes;
  }
}

/// Writes reprs and remembers whether any string came from the variables.
class ReprPrinter {
 public:
  ReprPrinter(TextBuilder& out, Runtime& runtime) : out_(out), runtime_(runtime) {}

  void print(const Value& value) {
    runtime_.meter.step();
    switch (value.kind()) {
      case Value::Kind::kString:
        return print_string(*value.text());
      case Value::Kind::kList:
        return print_list(*value.list());
      case Value::Kind::kDict:
        return print_dict(*value.dict());
      case Value::Kind::kObject: {
        const DepthGuard guard(runtime_.depth);  // a namespace can hold itself
        return value.object()->print(out_, runtime_);
      }
      case Value::Kind::kUndefined:
        return put("Undefined");
      default:
        return templates::print(value, out_, runtime_);
    }
  }

 private:
  void put(std::string_view text) { out_.append(text, true); }

  void print_string(const Text& text) {
    if (text.safe) put("Markup(");
    const bool from_template = text.is_all_template();
    const char mark = quote_mark(text.bytes);
    out_.append(std::string_view(&mark, 1), from_template);
    // Piece by piece: escapes can make it four times as long, and the builder has to refuse that before it is there.
    std::string piece;
    for (size_t begin = 0; begin < text.bytes.size();) {
      size_t end = std::min(text.bytes.size(), begin + 4096);
      while (end < text.bytes.size() && (text.bytes[end] & 0xC0) == 0x80) ++end;
      piece.clear();
      append_quoted(piece, std::string_view(text.bytes).substr(begin, end - begin), mark, false);
      out_.append(piece, from_template);
      begin = end;
    }
    out_.append(std::string_view(&mark, 1), from_template);
    if (text.safe) put(")");
  }

  void print_list(const List& list) {
    const bool is_tuple = list.kind != ListKind::kList;
    put(is_tuple ? "(" : "[");
    for (size_t i = 0; i < list.items.size(); ++i) {
      if (i != 0) put(", ");
      print(list.items[i]);
    }
    if (is_tuple && list.items.size() == 1) put(",");
    put(is_tuple ? ")" : "]");
  }

  void print_dict(const Dict& dict) {
    put("{");
    bool first = true;
    for (const Dict::Entry& entry : dict.entries()) {
      if (!first) put(", ");
      first = false;
      print(entry.key);
      put(": ");
      print(entry.value);
    }
    put("}");
  }

  TextBuilder& out_;
  Runtime& runtime_;
};

}  // namespace

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));  // d.ddde[+-]dd
  const size_t e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);

  std::string out = std::signbit(value) ? "-" : "";
  const auto count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1) return out + digits + std::string(static_cast<size_t>(exponent + 1 - count), '0') + ".0";
  const auto whole = static_cast<size_t>(exponent + 1);
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string quote(std::string_view text, bool ascii) {
  const char mark = quote_mark(text);
  std::string out(1, mark);
  append_quoted(out, text, mark, ascii);
  return out + mark;
}

void print(const Value& value, TextBuilder& out, Runtime& runtime) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return;
    case Value::Kind::kNone:
      return out.append("None", true);
    case Value::Kind::kBool:
      return out.append(value.as_bool() ? "True" : "False", true);
    case Value::Kind::kInt:
      return out.append(std::to_string(value.as_int()), true);
    case Value::Kind::kFloat:
      return out.append(float_text(value.as_double()), true);
    case Value::Kind::kString:
      return out.append(*value.text());
    default:
      return out.append(*to_repr(value, runtime));
  }
}

void print_repr(const Value& value, TextBuilder& out, Runtime& runtime) { ReprPrinter(out, runtime).print(value); }

TextPtr to_text(const Value& value, Runtime& runtime) {
  if (value.is_string()) return value.text();
  TextBuilder out(runtime.meter);
  print(value, out, runtime);
  return out.finish();
}

TextPtr to_repr(const Value& value, Runtime& runtime) {
  TextBuilder out(runtime.meter);
  print_repr(value, out, runtime);
  out.set_origin(out.text().is_all_template());
  return out.finish();
}

}  // namespace aurea::templates
