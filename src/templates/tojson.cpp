#include "templates/tojson.h"

#include <algorithm>
#include <cmath>

#include "core/utf8.h"
#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/operators.h"
#include "templates/print.h"

namespace aurea::templates {
namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Runtime& runtime) : style_(style), runtime_(runtime), out_(runtime.meter) {}

  void write(const Value& value) {
    runtime_.meter.step();
    switch (value.kind()) {
      case Value::Kind::kString:
        return write_string(*value.text());
      case Value::Kind::kList:
        return write_list(value.items());
      case Value::Kind::kDict:
        return write_dict(*value.dict());
      default:
        return put(scalar(value));
    }
  }

  TextPtr finish() {
    out_.set_origin(all_template_);
    return out_.finish();
  }

 private:
  void put(std::string_view text) { out_.append(text, true); }

  static std::string scalar(const Value& value) {
    if (value.is_none()) return "null";
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    if (value.is_integral()) return std::to_string(value.as_int());
    if (!value.is_float()) fail_operand("tojson", value);
    const double number = value.as_double();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return float_text(number);
  }

  void write_string(const Text& text) {
    all_template_ = all_template_ && text.is_all_template();
    put("\"");
    size_t copied = 0;
    for (size_t at = 0; at < text.bytes.size();) {
      const CodePoint point = decode_utf8(text.bytes, at);
      const size_t next = at + point.bytes;
      if (const std::string escaped = escape(point.value); !escaped.empty()) {
        put(std::string_view(text.bytes).substr(copied, at - copied));
        put(escaped);
        copied = next;
      }
      at = next;
    }
    put(std::string_view(text.bytes).substr(copied));
    put("\"");
  }

  /// Empty for a character that stands for itself.
  [[nodiscard]] std::string escape(char32_t c) const {
    switch (c) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\n':
        return "\\n";
      case '\r':
        return "\\r";
      case '\t':
        return "\\t";
      case '\b':
        return "\\b";
      case '\f':
        return "\\f";
      default:
        break;
    }
    if (c >= 0x20 && (c < 0x7F || !style_.ensure_ascii)) return {};
    if (c <= 0xFFFF) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    const uint32_t above = static_cast<uint32_t>(c) - 0x10000;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF));
  }

  void new_line() {
    if (!style_.indent) return;
    put("\n");
    for (int i = 0; i < level_; ++i) put(*style_.indent);
  }

  template <typename Item, typename WriteItem>
  void write_items(const char* brackets, const std::vector<Item>& items, const WriteItem& write_item) {
    put(std::string_view(brackets, 1));
    if (!items.empty()) {
      ++level_;
      for (size_t i = 0; i < items.size(); ++i) {
        if (i != 0) put(style_.item_separator);
        new_line();
        write_item(items[i]);
      }
      --level_;
      new_line();
    }
    put(std::string_view(brackets + 1, 1));
  }

  void write_list(const std::vector<Value>& items) {
    write_items("[]", items, [&](const Value& item) { write(item); });
  }

  void write_dict(const Dict& dict) {
    std::vector<const Dict::Entry*> entries;
    runtime_.meter.work(dict.size() * sizeof(entries[0]));
    for (const Dict::Entry& entry : dict.entries()) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::ranges::stable_sort(entries, [&](const Dict::Entry* a, const Dict::Entry* b) {
        return order(a->key, b->key, "<", runtime_.meter) < 0;
      });
    }
    write_items("{}", entries, [&](const Dict::Entry* entry) {
      if (entry->key.is_string()) {
        write_string(*entry->key.text());
      } else {
        put("\"");
        put(scalar(entry->key));
        put("\"");
      }
      put(style_.key_separator);
      write(entry->value);
    });
  }

  const JsonStyle& style_;
  Runtime& runtime_;
  TextBuilder out_;
  int level_ = 0;
  bool all_template_ = true;
};

std::string indent_text(const Value& value, Meter& meter) {
  if (value.is_string()) return value.str();
  const int64_t width = std::max<int64_t>(0, require_integer(value, "tojson, argument 'indent'"));
  meter.check_size(static_cast<uint64_t>(width));
  meter.work(static_cast<uint64_t>(width));
  return std::string(static_cast<size_t>(width), ' ');
}

}  // namespace

TextPtr to_json(const Value& value, const JsonStyle& style, Runtime& runtime) {
  JsonWriter writer(style, runtime);
  writer.write(value);
  return writer.finish();
}

Value tojson_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = bound.truth(0, false);
  style.sort_keys = bound.truth(3, false);
  if (bound.has(1) && !bound[1].is_none()) {
    style.indent = indent_text(bound[1], runtime.meter);
    style.item_separator = ",";
  }
  if (bound.has(2) && !bound[2].is_none()) {
    const Value& pair = bound[2];
    if (!pair.is_list() || pair.items().size() != 2 || !pair.items()[0].is_string() || !pair.items()[1].is_string()) {
      fail_template("tojson, argument 'separators': expected two strings");
    }
    style.item_separator = pair.items()[0].str();
    style.key_separator = pair.items()[1].str();
  }
  return to_json(input, style, runtime);
}

}  // namespace aurea::templates
