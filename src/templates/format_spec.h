// One field of a formatted string: width, alignment, digits. Shared by '%5d' % x (printf_format.h) and
// '{:5d}'.format(x) (str_format.h). Python's "Format Specification Mini-Language".
#pragma once

#include "templates/object.h"

namespace aurea::templates {

struct FormatSpec {
  std::string fill = " ";  // one character
  char align = '\0';       // < > ^ or = (after the sign); 0: by type, strings left and numbers right
  char sign = '-';         // + or space: shown for positive numbers too
  bool alternate = false;  // #: 0x and the like in front
  char grouping = '\0';    // , or _ between groups of digits
  int64_t width = 0;       // characters
  int64_t precision = -1;  // digits of a float, characters of a string; -1: none given
  int64_t digits = 0;      // least number of digits of an integer
  char type = '\0';        // s d x X o b c e E f F g G %; 0: by the value
};

/// Fails if the type does not suit the value or the limits are passed.
void format_value(const Value& value, const FormatSpec& spec, TextBuilder& out, Runtime& runtime);

/// Reads a number of a format string at `*at`, advancing it; fails above what any text may have.
int64_t read_format_number(std::string_view format, size_t* at, const Meter& meter);

}  // namespace aurea::templates
