// '{} and {name}'.format(...): Python's "Format String Syntax" without fields inside format specifications.
#pragma once

#include "templates/object.h"

namespace aurea::templates {

TextPtr str_format(const Text& format, const Arguments& arguments, Runtime& runtime);

}  // namespace aurea::templates
