#include "templates/str_format.h"

#include <algorithm>

#include "core/utf8.h"
#include "templates/format_spec.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

FormatSpec parse_spec(std::string_view text, const Meter& meter) {
  FormatSpec spec;
  size_t at = 0;
  const auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto skip = [&](char c) { return peek() == c && (++at, true); };
  if (text.find_first_of("{}") != std::string_view::npos)
    fail_template("format: fields inside '{}' are not supported", text);
  const size_t first = text.empty() ? 0 : decode_utf8(text, 0).bytes;
  if (first < text.size() && is_align(text[first])) {
    spec.fill = text.substr(0, first);
    spec.align = text[first];
    at = first + 1;
  } else if (is_align(peek())) {
    spec.align = text[at++];
  }
  if (peek() == '+' || peek() == '-' || peek() == ' ') spec.sign = text[at++];
  spec.alternate = skip('#');
  if (skip('0') && spec.align == '\0') spec.fill = "0", spec.align = '=';
  spec.width = read_format_number(text, &at, meter);
  if (peek() == ',' || peek() == '_') spec.grouping = text[at++];
  if (skip('.')) spec.precision = read_format_number(text, &at, meter);
  if (at < text.size()) spec.type = text[at++];
  if (at != text.size()) fail_template("format: cannot read the specification '{}'", shorten(text));
  return spec;
}

class StrFormatter {
 public:
  StrFormatter(const Text& format, const Arguments& arguments, Runtime& runtime)
      : format_(format), bytes_(format.bytes), arguments_(arguments), runtime_(runtime), out_(runtime.meter) {}

  TextPtr run() {
    size_t at = 0;
    for (size_t brace; (brace = bytes_.find_first_of("{}", at)) != std::string_view::npos;) {
      out_.append(format_, at, brace);
      at = brace + 1;
      if (at < bytes_.size() && bytes_[at] == bytes_[brace]) {
        out_.append(format_, at, at + 1);
        ++at;
        continue;
      }
      if (bytes_[brace] == '}') fail_template("format: a single '}}' in the format");
      const size_t end = bytes_.find('}', at);
      if (end == std::string_view::npos) fail_template("format: a field has no end");
      convert(bytes_.substr(at, end - at));
      at = end + 1;
    }
    out_.append(format_, at, bytes_.size());
    out_.set_safe(format_.safe);
    return out_.finish();
  }

 private:
  void convert(std::string_view field) {
    runtime_.meter.step();
    const size_t colon = std::min(field.find(':'), field.size());
    std::string_view name = field.substr(0, colon);
    const FormatSpec spec = parse_spec(field.substr(std::min(colon + 1, field.size())), runtime_.meter);
    char conversion = '\0';
    if (const size_t mark = name.find('!'); mark != std::string_view::npos) {
      if (mark + 2 != name.size()) fail_template("format: cannot read the conversion in '{}'", shorten(field));
      conversion = name[mark + 1];
      name = name.substr(0, mark);
    }
    Value value = look_up(name);
    if (conversion != '\0') value = convert_by(conversion, value);
    if (format_.safe) value = escape_html(value, runtime_);
    format_value(value, spec, out_, runtime_);
  }

  Value convert_by(char conversion, const Value& value) {
    switch (conversion) {
      case 's':
        return to_text(value, runtime_);
      case 'r':
      case 'a':
        return to_repr(value, runtime_);
      default:
        fail_template("format: unknown conversion '{}'", conversion);
    }
  }

  /// name, name.attribute or name[key], as often as there are.
  Value look_up(std::string_view name) {
    const size_t end = std::min(name.find_first_of(".["), name.size());
    Value value = argument(name.substr(0, end));
    for (size_t at = end; at < name.size();) {
      runtime_.meter.step();
      if (name[at] == '.') {
        const size_t next = std::min(name.find_first_of(".[", at + 1), name.size());
        value = attribute(value, name.substr(at + 1, next - at - 1), runtime_);
        at = next;
      } else {
        const size_t close = name.find(']', at);
        if (name[at] != '[' || close == std::string_view::npos)
          fail_template("format: cannot read '{}'", shorten(name));
        value = subscript(value, key(name.substr(at + 1, close - at - 1)), runtime_);
        at = close + 1;
      }
    }
    return value;
  }

  Value argument(std::string_view name) {
    const bool numbered = std::ranges::all_of(name, [](unsigned char c) { return is_ascii_digit(c); });
    if (numbered) {
      size_t at = 0;
      const auto index = name.empty() ? next_++ : static_cast<size_t>(read_format_number(name, &at, runtime_.meter));
      if (index >= arguments_.positional.size()) fail_template("format: there is no argument {}", index);
      return arguments_.positional[index];
    }
    const auto at =
        std::ranges::find(arguments_.keyword, name, [](const auto& pair) -> std::string_view { return pair.first; });
    if (at == arguments_.keyword.end()) fail_template("format: there is no argument '{}'", shorten(name));
    return at->second;
  }

  Value key(std::string_view text) const {
    const bool numbered = !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return is_ascii_digit(c); });
    size_t at = 0;
    if (numbered) return read_format_number(text, &at, runtime_.meter);
    return make_text(std::string(text), true);
  }

  const Text& format_;
  std::string_view bytes_;
  const Arguments& arguments_;
  Runtime& runtime_;
  TextBuilder out_;
  size_t next_ = 0;
};

}  // namespace

TextPtr str_format(const Text& format, const Arguments& arguments, Runtime& runtime) {
  return StrFormatter(format, arguments, runtime).run();
}

}  // namespace aurea::templates
