// Operations on texts that filters and methods share (declared in methods.h).
#include "core/utf8.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/unicode.h"

namespace aurea::templates {

Value strip_text(Runtime& runtime, const TextPtr& text, const TextPtr* characters, bool left, bool right) {
  runtime.meter.work(text->bytes.size());
  if (characters != nullptr) runtime.meter.work((*characters)->bytes.size() * 8);  // a set of them is made
  const ByteRange range =
      strip_range(text->bytes, characters == nullptr ? nullptr : &(*characters)->bytes, left, right);
  return slice(text, range.begin, range.end, runtime.meter);
}

TextPtr replace_text(Runtime& runtime, const Text& text, const Text& from, const Text& to, int64_t count) {
  runtime.meter.work(text.bytes.size());
  TextBuilder out(runtime.meter);
  size_t copied = 0, at = 0;
  for (int64_t done = 0; count < 0 || done < count; ++done) {
    const size_t found = find_text(text.bytes, from.bytes, at);
    if (found == std::string_view::npos) break;
    out.append(text, copied, found);
    out.append(to);
    copied = found + from.bytes.size();
    at = copied;
    if (!from.bytes.empty()) continue;
    // An empty text is found before every character and at the end.
    if (at == text.bytes.size()) break;
    at += decode_utf8(text.bytes, at).bytes;
  }
  out.append(text, copied, text.bytes.size());
  out.set_safe(text.safe);
  return out.finish();
}

TextPtr join_texts(Runtime& runtime, const Text& separator, const std::vector<Value>& items, bool escape) {
  TextBuilder out(runtime.meter);
  bool first = true;
  for (const Value& item : items) {
    runtime.meter.step();
    if (!first) out.append(separator);
    first = false;
    if (escape) {
      out.append(*escape_html(item, runtime));
    } else {
      print(item, out, runtime);
    }
  }
  out.set_safe(escape);
  return out.finish();
}

TextPtr transform_text(Runtime& runtime, const Text& text, std::string (*transform)(std::string_view)) {
  // A change of case can lengthen a character's code by half at most.
  runtime.meter.check_size(text.bytes.size());
  runtime.meter.work(2 * text.bytes.size());
  return make_text(transform(text.bytes), text.is_all_template(), text.safe);
}

TextPtr upper_text(Runtime& runtime, const Text& text) { return transform_text(runtime, text, upper_case); }
TextPtr lower_text(Runtime& runtime, const Text& text) { return transform_text(runtime, text, lower_case); }

bool is_cased(std::string_view text, char32_t (*map)(char32_t)) {
  bool found = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    at += point.bytes;
    if (!has_case(point.value)) continue;
    if (to_upper(point.value) == to_lower(point.value)) {
      fail_template("the case of U+{:04X} cannot be told", static_cast<uint32_t>(point.value));
    }
    if (map(point.value) != point.value) return false;
    found = true;
  }
  return found;
}

}  // namespace aurea::templates
