// Literals, operators, subscripts, undefined values. The expected texts are those of Jinja 3.1 on Python 3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "templates/print.h"
#include "templates/test_rendering.h"

namespace aurea::templates {
namespace {

using ::testing::HasSubstr;

const Json kVariables = Json::parse(R"({"s": "abcdé", "l": [1, 2, 3, 4], "d": {"a": 1, "items": "I"}, "n": null, "z": 0,
                                       "e": "", "t": true, "f": 2.5})");

void check_all(std::initializer_list<TemplateCase> cases) {
  for (const TemplateCase& item : cases) {
    SCOPED_TRACE(item.source);
    EXPECT_EQ(render(item.source, kVariables), item.expected);
  }
}

TEST(Expressions, Literals) {
  check_all({
      {R"({{ 'a\tb\n' }}{{ "q\"q" }}{{ 'it\'s' }}{{ '\\' }}{{ '\u00e9\x41\101\U0001F600\ud83d\ude00' }}{{ '\q' }})",
       "a\tb\nq\"qit's\\éAA😀😀\\q"},
      {"{{ 'a' 'b' \"c\" }}", "abc"},
      {"{{ 'a\\\nb' }}{{ 'a\nb' }}", "aba\nb"},
      {R"({{ ['\a\b\f\v\0'] }})", R"(['\x07\x08\x0c\x0b\x00'])"},
      {"{{ 1_000 }} {{ 0x1f }} {{ 0b101 }} {{ 0o17 }} {{ 0 }} {{ 00 }} {{ 1.5 }} {{ 1e3 }} {{ 1_0.2_5 }} {{ 1E-2 }}",
       "1000 31 5 15 0 0 1.5 1000.0 10.25 0.01"},
      {"{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}", "True True False None None"},
      {"{{ [1, 'a', none,] }} {{ (1,) }} {{ (1, 2) }} {{ {'a': 1, 'b': [2.0],} }} {{ [] }} {{ {} }} {{ () }} {{ (1) }}",
       "[1, 'a', None] (1,) (1, 2) {'a': 1, 'b': [2.0]} [] {} () 1"},
      {"{{ {1: 2, none: 3, true: 4, 1.0: 5, 'a': 6, (1, 'x'): 7} }}", "{1: 5, None: 3, 'a': 6, (1, 'x'): 7}"},
      {"{{ größe }}{{ größe is defined }}", "False"},
  });
}

TEST(Expressions, Floats) {
  const std::pair<double, const char*> kFloats[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {0.1, "0.1"},
      {100.0, "100.0"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {1.5e16, "1.5e+16"},
      {123456789012345680.0, "1.2345678901234568e+17"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {1.25e-7, "1.25e-07"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1234.5678, "1234.5678"},
      {HUGE_VAL, "inf"},
      {-HUGE_VAL, "-inf"},
      {std::nan(""), "nan"},
  };
  for (const auto& [value, text] : kFloats) EXPECT_EQ(float_text(value), text);
}

TEST(Expressions, Arithmetic) {
  check_all({
      {"{{ 7/2 }} {{ 6/3 }} {{ 7//2 }} {{ -7//2 }} {{ 7//-2 }} {{ 7%3 }} {{ -7%3 }} {{ 7%-3 }} {{ -7%-3 }}",
       "3.5 2.0 3 -4 -4 1 2 -2 -1"},
      {"{{ 7.5//2 }} {{ -7.5//2 }} {{ -7.5%2 }} {{ 7.5%-2 }} {{ 1e300%7 }} {{ 5//0.3 }} {{ -0.0//1 }}",
       "3.0 -4.0 0.5 -0.5 1.0 16.0 -0.0"},
      {"{{ 2**10 }} {{ 2**3**2 }} {{ -2**2 }} {{ 2**-1 }} {{ 2**0.5 }} {{ 0**0 }} {{ (-2)**3 }} {{ "
       "(-1)**9223372036854775807 }}",
       "1024 64 4 0.5 1.4142135623730951 1 -8 -1"},
      {"{{ 1 - -1 }} {{ +2 }} {{ -true }} {{ true + true }} {{ 2 * 3.0 }} {{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }}",
       "2 2 -1 2 6.0 7 9"},
      {"{{ 'a' + 'b' }} {{ 2 * 'ab' }} {{ 'ab' * -1 }} {{ [1] + [2] }} {{ [0] * 2 }} {{ (1,) + (2,) }} {{ (1, 2) * 2 "
       "}}",
       "ab abab  [1, 2] [0, 0] (1, 2) (1, 2, 1, 2)"},
      {"{{ 'x' ~ 2 * 3 }} {{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1, 'x'] ~ nope ~ 'z' }} {{ 1 ~ 2 + '3' }}",
       "x6 a1NoneTrue1.0[1, 'x']z 123"},
  });
  for (const char* source :
       {"{{ 1 + 'a' }}", "{{ 'a' + 1 }}", "{{ 'a' + none }}", "{{ [1] + (2,) }}", "{{ 1 + 2 ~ 3 }}", "{{ {} + {} }}",
        "{{ 'a' * 'b' }}", "{{ 'a' * 1.0 }}", "{{ 'a' - 'b' }}", "{{ -'a' }}", "{{ +none }}", "{{ none / 1 }}"}) {
    SCOPED_TRACE(source);
    EXPECT_THAT(error_of(source), HasSubstr("work"));
  }
  for (const char* source : {"{{ 1/0 }}", "{{ 1//0 }}", "{{ 1%0 }}", "{{ 1.0/0 }}", "{{ 1%0.0 }}", "{{ 1.5//0.0 }}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("division by zero")) << source;
  }
  EXPECT_THAT(error_of("{{ 0**-1 }}"), HasSubstr("negative power"));
}

TEST(Expressions, Comparisons) {
  check_all({
      {"{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, "
       "3] }} {{ [1] < [1, 0] }}",
       "True False True True True True True True"},
      {"{{ 1 == '1' }} {{ none == false }} {{ x == y }} {{ x == none }} {{ x != 1 }} {{ [1] == (1,) }} {{ {'a': 1, "
       "'b': 2} == {'b': 2, 'a': 1.0} }}",
       "False False True False True False True"},
      {"{{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }} {{ "
       "9223372036854775807 < 1e19 }}"
       " {{ -1e19 < -9223372036854775807 }} {{ 9223372036854775807 == 9223372036854775808.0 }}",
       "False True True True False"},
      {"{% set nan = 1e308 * 10 - 1e308 * 10 %}{{ nan == nan }} {{ nan < 1 }} {{ 1 < nan }} {{ nan != nan }}",
       "False False False True"},
      {"{{ 'b' in 'abc' }} {{ '' in '' }} {{ 2 in [1, 2] }} {{ 'a' in d }} {{ 1 in d }} {{ 'x' in nope }} {{ 3 in "
       "range(3) }} {{ nope in d }}",
       "True True True True False False False False"},
      {"{{ not 'a' in 'b' }} {{ 'a' not in 'b' }} {{ not true or true }} {{ 1 in [true] }}", "True True True True"},
      {"{{ '' or 'x' }} {{ 'a' and 'b' }} {{ 0 and 1 }} {{ none or [] }} {{ not '' }} {{ 1 and 0 or 2 }}",
       "x b 0 [] True 2"},
      {"{% for x in [0, 1, '', 'a', [], [0], {}, {'a': 0}, none, true, 0.0, '0', ' ', range(0), range(1), nope] %}{{ "
       "'T' if x else 'F' }}{% endfor %}",
       "FTFTFTFTFTFTTFTF"},
  });
  for (const char* source :
       {"{{ 'a' < 1 }}", "{{ none < 1 }}", "{{ {} < {} }}", "{{ [1] < ['a'] }}", "{{ [1] < (2,) }}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("cannot compare")) << source;
  }
  EXPECT_THAT(error_of("{{ 1 in 'abc' }}"), HasSubstr("needs a string"));
  EXPECT_THAT(error_of("{{ 1 in 5 }}"), HasSubstr("iterated"));
}

TEST(Expressions, Conditionals) {
  check_all({
      {"{{ 'y' if e else 'n' }}[{{ 'y' if e }}]{{ ('y' if e) is defined }}", "n[]False"},
      {"{{ 1 if true else 2 if true else 3 }} {{ (1 if z else 2) + 1 }}", "1 3"},
      {"{{ not x is defined }} {{ 5 is divisibleby 5 and true }} {{ 2 is in [1, 2] }} {{ 'a' is not string }}",
       "True True True False"},
      {"{{ -3|abs }} {{ 'a' + 'b'|upper }} {{ 2 * 3|string ~ 'x' }}", "3 aB 33x"},
  });
}

TEST(Expressions, Subscripts) {
  check_all({
      {"{{ s[1:3] }} {{ s[-2:] }} {{ s[::-1] }} {{ s[::2] }} {{ s[5:2]|length }} {{ s[:99] }} {{ s[-1] }} {{ s[-99:2] "
       "}}",
       "bc dé édcba acé 0 abcdé é ab"},
      {"{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[3:0:-1] }} {{ l[none:2] }} {{ l[1:2:3] }} {{ (1, 2, 3)[1:] }} {{ "
       "l[::-2] }}",
       "[2, 3, 4] [1, 2, 3] [4, 3, 2, 1] [4, 3, 2] [1, 2] [2] (2, 3) [4, 2]"},
      {"{{ l.0 }}{{ l[-1] }}{{ l[true] }}[{{ l[9] }}{{ l['x'] }}{{ s[9] }}{{ d['x'] }}{{ d.x }}{{ n.x }}{{ z.x }}{{ "
       "l[-5] }}]",
       "142[]"},
      {"{{ d['items'] }} {{ d.items is callable }} {{ d.get('items') }} {{ d.keys()|list }} {{ d.0 }}",
       "I True I ['a', 'items'] "},
      {"{{ 'abc'['upper']() }} {{ {1: 'x'}[1.0] }} {{ {(1, 2): 'y'}[1, 2] }} {{ 'a,b'.split(',')[1] }} {{ l.0.x is "
       "defined }}",
       "ABC x y b False"},
      {"{{ range(10)[3] }}{{ range(10)[-1] }}{{ range(3)[3] }}{{ {'a': {'b': [5]}}.a.b.0 }}", "395"},
  });
  EXPECT_THAT(error_of("{{ 5[1:] }}"), HasSubstr("cannot be sliced"));
  EXPECT_THAT(error_of("{{ 'abc'['a':] }}"), HasSubstr("expected an integer"));
}

TEST(Expressions, Undefined) {
  check_all({
      {"[{{ x }}{{ d.x }}{{ x ~ x }}{{ x|upper }}{{ x|trim }}{{ x|string }}{{ x|join(',') }}{{ x|first }}{{ "
       "x|replace('a', 'b') }}]",
       "[]"},
      {"{{ x|length }}{{ x|list }}{{ x|items|list }}{{ not x }}{{ [x] }}", "0[][]True[Undefined]"},
      {"{{ x is defined }}{{ x is undefined }}{{ x is iterable }}{{ x is sequence }}{{ x is none }}{{ x is string }}{{ "
       "x is callable }}",
       "FalseTrueTrueTrueFalseFalseTrue"},
      {"{{ x|default('D') }}{{ n|default('D') }}{{ n|default('D', true) }}[{{ x|default }}]{{ n.x is defined }}",
       "DNoneD[]False"},
  });
  for (const char* expression : {"x.y",        "x['y']", "x[0]",  "x[1:]",      "x()",   "x + 1", "1 + x",  "x - 1",
                                 "x * 2",      "x / 1",  "x % 1", "x ** 2",     "-x",    "x < 1", "1 >= x", "x|tojson",
                                 "[x]|tojson", "x|abs",  "x|int", "x|dictsort", "x.y.z", "{x: 1}"}) {
    EXPECT_THAT(error_of(fmt::format("{{{{ {} }}}}", expression)), HasSubstr("'x' is undefined")) << expression;
  }
  EXPECT_THAT(error_of("{{ d.a.b }}", Json::parse(R"({"d": {}})")), HasSubstr("a 'dict' has no attribute 'a'"));
  EXPECT_THAT(error_of("{{ n.x.y }}", Json::parse(R"({"n": null})")), HasSubstr("a 'NoneType' has no attribute 'x'"));
  for (const char* source : {"{% for a in none %}{% endfor %}", "{% for a in 5 %}{% endfor %}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("cannot be iterated")) << source;
  }
}

TEST(Expressions, Printing) {
  check_all({
      {R"({{ ['it\'s', 'say "x"', 'both \' and "', 'nl\n', 'tab\t', 'bs\\', 'é', '\x01\x7f', '\u200b', '\xa0', '\U000e0001', '😀'] }})",
       R"(["it's", 'say "x"', 'both \' and "', 'nl\n', 'tab\t', 'bs\\', 'é', '\x01\x7f', '\u200b', '\xa0', '\U000e0001', '😀'])"},
      {"{{ d }} {{ d.keys() }} {{ d.items() }} {{ {'x': (1, [none, true])} }}",
       "{'a': 1, 'items': 'I'} dict_keys(['a', 'items']) dict_items([('a', 1), ('items', 'I')]) {'x': (1, [None, "
       "True])}"},
      {"{{ range(3) }} {{ range(0, 6, 2) }} {{ namespace(a='x') }} {{ [1e16, 0.1] }}",
       "range(0, 3) range(0, 6, 2) <Namespace {'a': 'x'}> [1e+16, 0.1]"},
      {"{{ ['<'|safe] }}", "[Markup('<')]"},
  });
  const std::string long_text(10'000, 'a');
  EXPECT_EQ(render("{{ [x] }}", Json{{"x", long_text + "é" + long_text + "\n"}}),
            "['" + long_text + "é" + long_text + "\\n']");
}

}  // namespace
}  // namespace aurea::templates
