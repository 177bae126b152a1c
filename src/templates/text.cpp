#include "templates/text.h"

#include <algorithm>

#include "templates/unicode.h"

namespace aurea::templates {

TextPtr make_text(std::string bytes, bool from_template, bool safe) {
  auto text = std::make_shared<Text>();
  text->length = count_characters(bytes);
  text->starts_from_template = from_template || bytes.empty();
  text->bytes = std::move(bytes);
  text->safe = safe;
  return text;
}

void TextBuilder::reserve(uint64_t bytes, uint64_t switches) {
  const uint64_t origin_bytes = (text_.switches.size() + switches) * sizeof(uint32_t);
  const uint64_t total = text_.bytes.size() + bytes + origin_bytes;
  if (total > std::min<uint64_t>(limit_bytes_, UINT32_MAX)) {
    fail_template("a text of {} bytes is more than the limit of {}", total, limit_bytes_);
  }
  meter_.work(bytes + switches * sizeof(uint32_t));
}

bool TextBuilder::begins_origin(bool from_template) const {
  return !text_.bytes.empty() && from_template != last_from_template_;
}

void TextBuilder::begin_origin(bool from_template) {
  if (text_.bytes.empty()) {
    text_.starts_from_template = from_template;
  } else if (begins_origin(from_template)) {
    text_.switches.push_back(static_cast<uint32_t>(text_.bytes.size()));
  }
  last_from_template_ = from_template;
}

void TextBuilder::append(std::string_view bytes, bool from_template) {
  if (bytes.empty()) return;
  reserve(bytes.size(), begins_origin(from_template) ? 1 : 0);
  begin_origin(from_template);
  text_.bytes.append(bytes);
}

void TextBuilder::append(const Text& text, size_t begin, size_t end) {
  if (begin >= end) return;
  const auto first = std::ranges::upper_bound(text.switches, begin);
  const auto last = std::lower_bound(first, text.switches.end(), end);
  // The origin flips at every switch up to and including `begin`.
  bool from_template = text.starts_from_template != ((first - text.switches.begin()) % 2 != 0);
  reserve(end - begin, static_cast<uint64_t>(last - first) + (begins_origin(from_template) ? 1 : 0));
  begin_origin(from_template);
  const auto base = static_cast<uint32_t>(text_.bytes.size() - begin);  // may wrap; the sums below wrap back
  for (auto at = first; at != last; ++at) {
    text_.switches.push_back(base + *at);
    from_template = !from_template;
  }
  last_from_template_ = from_template;
  text_.bytes.append(text.bytes, begin, end - begin);
}

void TextBuilder::append_repeated(const Text& text, uint64_t count) {
  if (text.bytes.empty()) return;
  const uint64_t switches = text.switches.empty() ? 0 : text.switches.size() + 1;
  const uint64_t each = text.bytes.size() + switches * sizeof(uint32_t);
  meter_.check_size(count, each);
  if (!text.switches.empty()) {
    for (uint64_t i = 0; i < count; ++i) append(text);
    return;
  }
  if (count == 0) return;
  reserve(count * text.bytes.size(), begins_origin(text.starts_from_template) ? 1 : 0);
  begin_origin(text.starts_from_template);
  text_.bytes.reserve(text_.bytes.size() + count * text.bytes.size());
  for (uint64_t i = 0; i < count; ++i) text_.bytes.append(text.bytes);
}

void TextBuilder::append_repeated(char c, uint64_t count, bool from_template) {
  if (count == 0) return;
  reserve(count, begins_origin(from_template) ? 1 : 0);
  begin_origin(from_template);
  text_.bytes.append(count, c);
}

void TextBuilder::set_origin(bool from_template) {
  text_.switches.clear();
  text_.starts_from_template = last_from_template_ = from_template || text_.bytes.empty();
}

TextPtr TextBuilder::finish() {
  meter_.work(sizeof(Text));
  text_.length = count_characters(text_.bytes);
  auto text = std::make_shared<const Text>(std::move(text_));
  text_ = Text{};
  return text;
}

TextPtr slice(const TextPtr& text, size_t begin, size_t end, Meter& meter) {
  if (begin == 0 && end == text->bytes.size()) return text;
  TextBuilder builder(meter);
  builder.append(*text, begin, end);
  builder.set_safe(text->safe);
  return builder.finish();
}

}  // namespace aurea::templates
