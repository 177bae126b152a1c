#include "templates/strftime.h"

#include <array>

namespace aurea::templates {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

std::string time_field(char code, const std::tm& time) {
  const int hour12 = time.tm_hour % 12 == 0 ? 12 : time.tm_hour % 12;
  const int year = time.tm_year + 1900;
  const std::string_view day = kDays.at(static_cast<size_t>(time.tm_wday));
  const std::string_view month = kMonths.at(static_cast<size_t>(time.tm_mon));
  switch (code) {
    case 'a':
      return std::string(day.substr(0, 3));
    case 'A':
      return std::string(day);
    case 'b':
      return std::string(month.substr(0, 3));
    case 'B':
      return std::string(month);
    case 'd':
      return fmt::format("{:02}", time.tm_mday);
    case 'D':
      return fmt::format("{:02}/{:02}/{:02}", time.tm_mon + 1, time.tm_mday, year % 100);
    case 'e':
      return fmt::format("{:2}", time.tm_mday);
    case 'F':
      return fmt::format("{}-{:02}-{:02}", year, time.tm_mon + 1, time.tm_mday);
    case 'H':
      return fmt::format("{:02}", time.tm_hour);
    case 'I':
      return fmt::format("{:02}", hour12);
    case 'j':
      return fmt::format("{:03}", time.tm_yday + 1);
    case 'm':
      return fmt::format("{:02}", time.tm_mon + 1);
    case 'M':
      return fmt::format("{:02}", time.tm_min);
    case 'n':
      return "\n";
    case 'p':
      return time.tm_hour < 12 ? "AM" : "PM";
    case 'R':
      return fmt::format("{:02}:{:02}", time.tm_hour, time.tm_min);
    case 'S':
      return fmt::format("{:02}", time.tm_sec);
    case 't':
      return "\t";
    case 'T':
      return fmt::format("{:02}:{:02}:{:02}", time.tm_hour, time.tm_min, time.tm_sec);
    case 'u':
      return std::to_string(time.tm_wday == 0 ? 7 : time.tm_wday);
    case 'w':
      return std::to_string(time.tm_wday);
    case 'y':
      return fmt::format("{:02}", year % 100);
    case 'Y':
      return std::to_string(year);
    case '%':
      return "%";
    default:
      fail_template("strftime_now: '%{}' is not supported", code);
  }
}

bool is_plausible(const std::tm& time) {
  return time.tm_wday >= 0 && time.tm_wday < 7 && time.tm_mon >= 0 && time.tm_mon < 12 && time.tm_mday >= 1 &&
         time.tm_mday <= 31 && time.tm_hour >= 0 && time.tm_hour < 24 && time.tm_year >= -1900 && time.tm_year <= 8099;
}

}  // namespace

TextPtr format_time(const Text& format, const std::tm& time, Meter& meter) {
  if (!is_plausible(time)) fail_template("strftime_now: the clock gives no date");
  TextBuilder out(meter);
  const std::string_view bytes = format.bytes;
  size_t at = 0;
  for (size_t percent; (percent = bytes.find('%', at)) != std::string_view::npos;) {
    out.append(format, at, percent);
    if (percent + 1 == bytes.size()) fail_template("strftime_now: the format ends in '%'");
    out.append(time_field(bytes[percent + 1], time), format.is_all_template());
    at = percent + 2;
  }
  out.append(format, at, bytes.size());
  return out.finish();
}

}  // namespace aurea::templates
