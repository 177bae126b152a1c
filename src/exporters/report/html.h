// Small helpers to write HTML.
#pragma once

#include <string>
#include <string_view>

namespace aurea::exporters {

/// Text for any place in a page, attributes in double quotes included; bytes that are not UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

/// Replaces each {{name}} of a frame once, in order: the values are not looked at again. A name that is missing in the
/// frame or left over in it is a mistake of this program.
class HtmlFrame {
 public:
  explicit HtmlFrame(std::string_view frame) : rest_(frame) {}
  /// Copies up to {{name}}, then `value`.
  HtmlFrame& put(std::string_view name, std::string_view value);
  /// Copies the rest.
  std::string finish();

 private:
  std::string_view rest_;
  std::string page_;
};

}  // namespace aurea::exporters
