// '...' % values, and the filter `format`: Python's "printf-style String Formatting".
#pragma once

#include "templates/object.h"

namespace aurea::templates {

/// `values` is a tuple of values, a dictionary for %(key)s, or one value.
TextPtr printf_format(const Text& format, const Value& values, Runtime& runtime);

}  // namespace aurea::templates
