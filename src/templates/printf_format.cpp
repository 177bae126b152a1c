#include "templates/printf_format.h"

#include <cmath>

#include "templates/format_spec.h"
#include "templates/operators.h"
#include "templates/print.h"

namespace aurea::templates {
namespace {

class PrintfFormatter {
 public:
  PrintfFormatter(const Text& format, const Value& values, Runtime& runtime)
      : format_(format), bytes_(format.bytes), values_(values), runtime_(runtime), out_(runtime.meter) {}

  TextPtr run() {
    for (size_t percent; (percent = bytes_.find('%', at_)) != std::string_view::npos;) {
      out_.append(format_, at_, percent);
      at_ = percent + 1;
      convert();
    }
    out_.append(format_, at_, bytes_.size());
    const size_t given = values_.is_tuple() ? values_.items().size() : 1;
    const bool may_stay = values_.is_undefined() || values_.is_dict() || (values_.is_list() && !values_.is_tuple());
    if (used_ < given && !may_stay) fail_template("%: not all arguments were used by the format");
    out_.set_safe(format_.safe);
    return out_.finish();
  }

 private:
  [[nodiscard]] char peek() const {
    if (at_ >= bytes_.size()) fail_template("%: the format ends inside a field");
    return bytes_[at_];
  }

  const Value& next_value() {
    const size_t given = values_.is_tuple() ? values_.items().size() : 1;
    if (used_ >= given) fail_template("%: not enough arguments for the format");
    const size_t index = used_++;
    return values_.is_tuple() ? values_.items()[index] : values_;
  }

  const Value* keyed_value() {
    if (peek() != '(') return nullptr;
    const size_t end = bytes_.find(')', at_);
    if (end == std::string_view::npos) fail_template("%: the key in the format has no end");
    const std::string_view key = bytes_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (!values_.is_dict()) fail_template("%: a format with keys needs a dictionary");
    const Value* value = values_.dict()->find(key, runtime_.meter);
    if (value == nullptr) fail_template("%: no key '{}'", shorten(key));
    return value;
  }

  int64_t number() {
    if (peek() != '*') return read_format_number(bytes_, &at_, runtime_.meter);
    ++at_;
    return require_integer(next_value(), "%: width or precision '*'");
  }

  FormatSpec read_spec() {
    FormatSpec spec;
    spec.align = '>';
    bool left = false, zero = false;
    for (;; ++at_) {
      const char c = peek();
      if (c == '-')
        left = true;
      else if (c == '0')
        zero = true;
      else if (c == '+')
        spec.sign = '+';
      else if (c == ' ')
        spec.sign = spec.sign == '+' ? '+' : ' ';
      else if (c == '#')
        spec.alternate = true;
      else
        break;
    }
    spec.width = number();
    if (spec.width < 0) left = true, spec.width = spec.width < -INT32_MAX ? INT32_MAX : -spec.width;
    if (peek() == '.') {
      ++at_;
      spec.precision = std::max<int64_t>(number(), 0);
    }
    while (peek() == 'h' || peek() == 'l' || peek() == 'L') ++at_;
    spec.type = peek();
    ++at_;
    const bool numeric = std::string_view("diuxXoeEfFgG").find(spec.type) != std::string_view::npos;
    if (left) {
      spec.align = '<';
    } else if (zero && numeric) {
      spec.align = '=';
      spec.fill = "0";
    }
    return spec;
  }

  void convert() {
    if (peek() == '%') {
      ++at_;
      return out_.append("%", true);
    }
    runtime_.meter.step();
    const Value* keyed = keyed_value();
    FormatSpec spec = read_spec();
    if (keyed != nullptr) used_ = 1;
    const Value& value = keyed != nullptr ? *keyed : next_value();
    switch (spec.type) {
      case 's':
      case 'r':
      case 'a':
        return convert_text(value, spec);
      case 'd':
      case 'i':
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        return convert_integer(value, spec);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        if (!value.is_number()) fail_operand(fmt::format("%{}", spec.type), value);
        return format_value(value.as_double(), spec, out_, runtime_);
      case 'c':
        if (value.is_string() && value.text()->length == 1) return convert_text(value, spec);
        return format_value(value, spec, out_, runtime_);
      default:
        fail_template("%: unknown conversion '{}'", spec.type);
    }
  }

  void convert_text(const Value& value, FormatSpec spec) {
    TextPtr text = spec.type == 'r'   ? to_repr(value, runtime_)
                   : spec.type == 'a' ? ascii_repr(value)
                                      : to_text(value, runtime_);
    if (format_.safe) text = escape_html(text, runtime_);
    spec.type = 's';
    format_value(text, spec, out_, runtime_);
  }

  TextPtr ascii_repr(const Value& value) {
    if (value.is_string()) {
      runtime_.meter.check_size(value.str().size(), 4);
      return make_text(quote(value.str(), true), value.text()->is_all_template());
    }
    return to_repr(value, runtime_);
  }

  void convert_integer(const Value& value, FormatSpec spec) {
    spec.digits = std::max<int64_t>(spec.precision, 0);
    if (spec.type == 'i' || spec.type == 'u') spec.type = 'd';
    if (!value.is_float()) return format_value(require_integer(value, "%d"), spec, out_, runtime_);
    const double whole = std::trunc(value.as_double());
    if (spec.type != 'd' || !(std::abs(whole) < 0x1p63)) fail_operand(fmt::format("%{}", spec.type), value);
    format_value(static_cast<int64_t>(whole), spec, out_, runtime_);
  }

  const Text& format_;
  std::string_view bytes_;
  const Value& values_;
  Runtime& runtime_;
  TextBuilder out_;
  size_t at_ = 0;
  size_t used_ = 0;
};

}  // namespace

TextPtr printf_format(const Text& format, const Value& values, Runtime& runtime) {
  return PrintfFormatter(format, values, runtime).run();
}

}  // namespace aurea::templates
