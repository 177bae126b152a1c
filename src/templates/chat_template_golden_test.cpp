// Every golden rendering: text byte for byte, errors as errors, raised messages exactly.
#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "templates/chat_template.h"
#include "tests/support/test_support.h"

namespace aurea::templates {
namespace {

/// The clock of the golden data: 2026-01-15 12:34:56, a Thursday.
std::tm golden_clock() {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 0;
  time.tm_mday = 15;
  time.tm_hour = 12;
  time.tm_min = 34;
  time.tm_sec = 56;
  time.tm_wday = 4;
  time.tm_yday = 14;
  return time;
}

struct Result {
  std::string text;
  std::string error;  // empty: none
  bool raised = false;
};

Result render(const std::string& source, const Json& variables) {
  try {
    const ChatTemplate chat(source);
    Result result{chat.render(variables, golden_clock), "", false};
    std::string joined;
    for (const Span& span : chat.render_spans(variables, golden_clock)) joined += span.text;
    EXPECT_EQ(joined, result.text) << "the spans are another text";
    return result;
  } catch (const TemplateError& error) {
    return {"", error.what(), error.raised_by_template};
  }
}

void check_error(const Json& expected, const Result& result) {
  EXPECT_FALSE(result.error.empty()) << "an error was expected, but the output was: " << result.text;
  const bool raised = expected["kind"] == "raised";
  EXPECT_EQ(result.raised, raised) << result.error;
  if (raised) {
    EXPECT_EQ(result.error, expected["message"].get<std::string>());
  }
}

TEST(GoldenChatTemplates, EveryCase) {
  const auto folder = test::find_golden("chat");
  if (!folder) GTEST_SKIP() << "no golden chat templates in " << test::golden_dir();
  const Json cases = parse_json(test::read_file(*folder / "cases.json"), "cases.json");
  std::map<std::string, int> counts;
  for (const Json& item : cases) {
    SCOPED_TRACE(item["id"].get<std::string>());
    const std::string source = item.contains("template")
                                   ? item["template"].get<std::string>()
                                   : test::read_file(*folder / item["template_file"].get<std::string>());
    const Result result = render(source, item["vars"]);
    if (item.contains("expected")) {
      EXPECT_EQ(result.error, "");
      EXPECT_EQ(result.text, item["expected"].get<std::string>());
    } else {
      check_error(item["expected_error"], result);
    }
    ++counts[item["group"].get<std::string>()];
  }
  for (const auto& [group, count] : counts) std::cout << count << " cases of " << group << "\n";
  EXPECT_GT(cases.size(), 0u);
}

}  // namespace
}  // namespace aurea::templates
