#include "exporters/report/html.h"

#include "core/error.h"
#include "core/utf8.h"

namespace aurea::exporters {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : sanitize_utf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

HtmlFrame& HtmlFrame::put(std::string_view name, std::string_view value) {
  const std::string mark = "{{" + std::string(name) + "}}";
  const size_t place = rest_.find("{{");
  AUREA_CHECK(place != std::string_view::npos && rest_.substr(place).starts_with(mark));
  page_ += rest_.substr(0, place);
  page_ += value;
  rest_.remove_prefix(place + mark.size());
  return *this;
}

std::string HtmlFrame::finish() {
  AUREA_CHECK(rest_.find("{{") == std::string_view::npos);
  return std::move(page_) + std::string(rest_);
}

}  // namespace aurea::exporters
