// Dates for strftime_now, in the C locale and without looking at the process's own.
#pragma once

#include <ctime>
#include <string_view>

#include "templates/text.h"

namespace aurea::templates {

/// Python's datetime.strftime for %a %A %b %B %d %D %e %F %H %I %j %m %M %n %p %R %S %t %T %u %w %y %Y %%; another code
/// fails, as does a time outside the calendar.
TextPtr format_time(const Text& format, const std::tm& time, Meter& meter);

}  // namespace aurea::templates
