// Statements, scopes and whitespace control; syntax errors and their lines. The expected texts are those of Jinja 3.1
// with trim_blocks and lstrip_blocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "templates/test_rendering.h"

namespace aurea::templates {
namespace {

using ::testing::HasSubstr;

const Json kMessages =
    Json::parse(R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "hi"},
                                                    {"role": "assistant", "content": "yo"}], "flag": true})");

void check(const TemplateCase& item) {
  SCOPED_TRACE(item.source);
  EXPECT_EQ(render(item.source, kMessages), item.expected);
}

TEST(Statements, If) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% if flag %}yes{% else %}no{% endif %}", "yes"},
           {"{% if not flag %}a{% elif nope %}b{% elif flag %}c{% else %}d{% endif %}", "c"},
           {"{% if nope %}a{% endif %}", ""},
           {"{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "1"},
       }) {
    check(item);
  }
}

TEST(Statements, For) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% for m in messages %}{{ m.role }}={{ m['content'] }};{% endfor %}", "system=S;user=hi;assistant=yo;"},
           {"{% for m in messages if m.role != 'system' %}{{ loop.index }}/{{ loop.length }}{{ m.content }} {% endfor "
            "%}",
            "1/2hi 2/2yo "},
           {"{% for x in [] %}a{% else %}none{% endfor %}", "none"},
           {"{% for x in nope %}a{% else %}none{% endfor %}", "none"},
           {"{% for a, b in [[1, 2], (3, 4)] %}{{ a }}-{{ b }} {% endfor %}", "1-2 3-4 "},
           {"{% for (a, b), c in [[[1, 2], 3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"},
           {"{% for x in 'añ' %}{{ x }},{% endfor %}", "a,ñ,"},
           {"{% for k in {'b': 1, 'a': 2} %}{{ k }}{% endfor %}", "ba"},
           {"{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i "
            "}}{% endfor %}",
            "023"},
           {"{% for x in [1, 2, 3] %}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.first }}{{ loop.last }} {% endfor "
            "%}",
            "2TrueFalse 13FalseFalse 2FalseTrue "},
           {"{% for x in 'ab' %}{{ loop.cycle('o', 'e') }}{{ loop.changed(1) }}{{ loop.revindex }}{{ loop.revindex0 }} "
            "{% endfor %}",
            "oTrue21 eFalse10 "},
           {"{% for n in [{'v': 1, 'c': [{'v': 2}]}] recursive %}{{ n.v }}{{ loop.depth }}{% if n.c %}({{ loop(n.c) "
            "}}){% endif %}{% endfor %}",
            "11(22)"},
           {"{% for x in [1, 2] %}{% for y in [1] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "1112"},
       }) {
    check(item);
  }
}

TEST(Statements, ForHasItsOwnScope) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% set x = 0 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}{{ i is defined }}",
            "120False"},
           {"{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "3"},
           {"{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns['b'] }}{{ ns.c is defined }}", "12False"},
       }) {
    check(item);
  }
}

TEST(Statements, Set) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% set a = 1 %}{{ a }}", "1"},
           {"{% set a, b = 1, 'x' %}{{ b }}{{ a }}", "x1"},
           {"{% set a = 1, 2 %}{{ a }}", "(1, 2)"},
           {"{% set t %} in {{ flag }} {% endset %}[{{ t }}]", "[ in True ]"},
           {"{% set t | upper | trim %} abc {% endset %}[{{ t }}]", "[ABC]"},
           {"{% set x = 1 %}{% set t %}{% set x = 2 %}{{ x }}{% endset %}{{ t }}{{ x }}", "21"},
           {"{% for i in [1, 2] %}{% set t %}{% break %}{% endset %}x{% endfor %}after", "after"},
       }) {
    check(item);
  }
  EXPECT_THAT(error_of("{% set d = {} %}{% set d.x = 1 %}"), HasSubstr("namespace"));
  EXPECT_THAT(error_of("{% set a, b = [1] %}"), HasSubstr("1 values"));
}

TEST(Statements, Macros) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(3, 4) }}{{ m(b=5, a=6) }}{{ m() }}",
            "1234652"},
           {"{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "7"},
           {"{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "1(2,){'x': 3}"},
           {"{% macro m() %}{{ g }}{% endmacro %}{% set g = 'G' %}{% for g in ['L'] %}{{ m() }}{% endfor %}", "G"},
           {"{% macro r(n) %}{{ n }}{% if n %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(3) }}", "3210"},
           {"{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(1, **{'b': 9}) }}", "1219"},
           {"{% macro w(t) %}<{{ t }}>{{ caller('x') }}</{{ t }}>{% endmacro %}{% call(v) w('b') %}body {{ v }}{% "
            "endcall %}",
            "<b>body x</b>"},
           {"{% macro m(a, b=1) %}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}", "m('a', 'b')False"},
           {"{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "12"},
           {"{% set ns = namespace() %}{% for i in [5] %}{% macro m() %}{{ i }}{% endmacro %}{% set ns.m = m %}{% "
            "endfor %}{{ ns.m() }}",
            "5"},
       }) {
    check(item);
  }
  EXPECT_THAT(error_of("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}"), HasSubstr("at most 1"));
  EXPECT_THAT(error_of("{% macro m(a) %}{% endmacro %}{{ m(z=1) }}"), HasSubstr("'z'"));
  EXPECT_THAT(error_of("{% macro m(a) %}{% endmacro %}{% call m(1) %}{% endcall %}"), HasSubstr("'caller'"));
  EXPECT_THAT(error_of("{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}"), HasSubstr("without a caller"));
}

TEST(Statements, OtherBlocks) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False"},
           {"{% filter upper %}a{{ 'b' }}{% endfilter %}", "AB"},
           {"{% filter replace('a', 'x') | upper %}banana{% endfilter %}", "BXNXNX"},
           {"{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}", "21"},
           {"{% for m in messages %}{% generation %}{{ m.content }}{{ loop.index }}{% endgeneration %}{% endfor %}",
            "S1hi2yo3"},
           {"{% set x = 1 %}{% for x in [2] %}{% block b %}{{ x }}{% endblock b %}{% endfor %}", "1"},
           {"{% for x in [2] %}{% block b scoped %}{{ x }}{% endblock %}{% endfor %}", "2"},
           {"{% if false %}{% include 'x' %}{% import 'y' as z %}{% from 'x' import a as b, c %}{% extends 'q' %}{% "
            "endif %}ok",
            "ok"},
           {"{{ raise_exception('x') if false }}ok", "ok"},
       }) {
    check(item);
  }
  EXPECT_THAT(error_of("{% include 'x' %}"), HasSubstr("no other templates"));
}

TEST(Statements, Globals) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"{{ range(3)|list }}{{ range(3, 0, -2)|list }}{{ range(2, 2)|list }}{{ range(4)[1:3]|list }}",
            "[0, 1, 2][3, 1][][1, 2]"},
           {"{{ dict(a=1) }}{{ dict({'x': 1}, y=2) }}{{ dict([('k', 'v')]) }}", "{'a': 1}{'x': 1, 'y': 2}{'k': 'v'}"},
           {"{% set j = joiner(', ') %}{{ j() }}a{{ j() }}b{{ j() }}c", "a, b, c"},
           {"{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ "
            "c.next() }}",
            "abbaNonea"},
           {"{{ lipsum is defined }}{{ super is defined }}", "TrueFalse"},
       }) {
    check(item);
  }
  EXPECT_EQ(render("{{ range }}", Json{{"range", "mine"}}), "mine") << "variables hide functions";
}

TEST(Statements, RaisedErrorsKeepTheirMessage) {
  try {
    render("a\n{{ raise_exception('No ' ~ 'system') }}");
    FAIL();
  } catch (const TemplateError& error) {
    EXPECT_TRUE(error.raised_by_template);
    EXPECT_STREQ(error.what(), "No system");
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
  }
}

TEST(Statements, Clock) {
  const auto clock = [] {
    std::tm time{};
    time.tm_year = 124, time.tm_mon = 1, time.tm_mday = 29, time.tm_hour = 0, time.tm_min = 5, time.tm_wday = 4,
    time.tm_yday = 59;
    return time;
  };
  const ChatTemplate chat("{{ strftime_now('%d %b %B %Y %y %m %H %M %S %A %a %j %p %I %% %e %F %T') }}");
  EXPECT_EQ(chat.render(Json::object(), clock),
            "29 Feb February 2024 24 02 00 05 00 Thursday Thu 060 AM 12 % 29 2024-02-29 00:05:00");
  EXPECT_THAT(error_of("{{ strftime_now('%Q') }}"), HasSubstr("'%Q'"));
  EXPECT_THAT(error_of("{{ strftime_now('50%') }}"), HasSubstr("ends in '%'"));
  EXPECT_EQ(render("{{ strftime_now('%Y')|length }}"), "4") << "the local time without a clock";
}

TEST(Whitespace, TrimAndStrip) {
  for (const TemplateCase& item : std::initializer_list<TemplateCase>{
           {"a\n{% if true %}\nb\n{% endif %}\nc\n", "a\nb\nc"},
           {"x\n   {% if true %}\n   y\n   {% endif %}\n   {{ 1 }}\nz", "x\n   y\n   1\nz"},
           {"x {% if true %} y {% endif %} z", "x  y  z"},
           {"a \n {%- if true -%} \n b \n {%- endif -%} \n c {{- 1 -}} \n d", "abc1d"},
           {"a\n  {%+ if true %}\nb\n  {%+ endif +%}\nc", "a\n  b\n  \nc"},
           {"a\n  {# note #}\nb {#- x -#} c", "a\nbc"},
           {"{#- a -#}  x", "x"},
           {"{#-#} x", " x"},
           {"{{ 1 }}\n{{ 2 }}\n\n", "1\n2\n"},
           {"a\r\n{% if true %}\r\nb\r{% endif %}\r\n{{ 'x\r\ny' }}", "a\nb\nx\ny"},
           {"a\xC2\xA0\xE2\x80\x83\n{%- if true %}b{% endif %}", "ab"},
           {"{% raw %}\n{{ x }} {% if %} {# c #}\n{% endraw %}\nend", "\n{{ x }} {% if %} {# c #}\nend"},
           {"a {%- raw -%}  {{ x }}  {%- endraw -%} b", "a{{ x }}b"},
           {"{ % } {{ '}}' }} {{ '%}' }} {", "{ % } }} %} {"},
           {"{{ {'a': {'b': 1}}['a']['b']}}", "1"},
           {"", ""},
           {"\n", ""},
       }) {
    check(item);
  }
}

struct SyntaxCase {
  const char* source;
  int line;
  const char* part;  // of the message
};

TEST(Syntax, ErrorsNameTheirLine) {
  for (const auto& [source, line, part] : std::initializer_list<SyntaxCase>{
           {"{% if true %}a", 1, "endif"},
           {"\n\n{% for x in y %}", 3, "endfor"},
           {"{{ 'a' ", 1, "no end"},
           {"a\n{{ 1 +\n}}", 3, "an expression"},
           {"{% do x %}", 1, "'do'"},
           {"a\nb{% endfor %}", 2, "'endfor'"},
           {"{{ 1 2 }}", 1, "'2'"},
           {"{{ }}", 1, "an expression"},
           {"{{ (1 }}", 1, "unexpected '}'"},
           {"{{ 1) }}", 1, "unexpected ')'"},
           {"{{ a ? b }}", 1, "'?'"},
           {"{{ 'abc }}", 1, "a string has no end"},
           {"{# abc", 1, "a comment has no end"},
           {"{% raw %}abc", 1, "raw"},
           {"{{ '\\x4' }}", 1, "too few digits"},
           {"{{ '\\ud83d' }}", 1, "half a character"},
           {"{{ '\\U00110000' }}", 1, "no character"},
           {"{{ 99999999999999999999 }}", 1, "64 bits"},
           {"{{ 1e999 }}", 1, "out of range"},
           {"{{ 010 }}", 1, "may not begin with 0"},
           {"\n{{ x|nosuch }}", 2, "'nosuch'"},
           {"{{ x is nosuch }}", 1, "'nosuch'"},
           {"{% for x in y if %}{% endfor %}", 1, "an expression"},
           {"{% for 1 in y %}{% endfor %}", 1, "a name"},
           {"{% for x y %}{% endfor %}", 1, "'in'"},
           {"{% set true = 1 %}", 1, "assigned"},
           {"{% set x %}", 1, "endset"},
           {"{% macro m(a=1, b) %}{% endmacro %}", 1, "without a default"},
           {"{% macro none() %}{% endmacro %}", 1, "'none'"},
           {"{% call 1 %}{% endcall %}", 1, "needs a call"},
           {"{% break %}", 1, "outside of a loop"},
           {"{% for x in y %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}", 1, "outside of a loop"},
           {"{% block a %}{% endblock %}{% block a %}{% endblock %}", 1, "twice"},
           {"{{ f(a=1, 2) }}", 1, "follows a named one"},
           {"{{ f(**a, b=1) }}", 1, "follows '**'"},
           {"{{ f(*a, *b) }}", 1, "'*'"},
           {"{% %}", 1, "the name of a tag"},
           {"{{ x. }}", 1, "a name"},
           {"{{ [1 2] }}", 1, "','"},
           {"{{ {1 2} }}", 1, "':'"},
       }) {
    SCOPED_TRACE(source);
    const std::string message = error_of(source);
    EXPECT_THAT(message, HasSubstr(fmt::format("chat template, line {}: ", line)));
    EXPECT_THAT(message, HasSubstr(part));
    EXPECT_THROW(ChatTemplate{source}, TemplateError) << "a syntax error shows when the template is loaded";
  }
}

TEST(Syntax, UnknownFiltersMayStandWhereNothingRuns) {
  EXPECT_EQ(render("{% if false %}{{ 'a'|nosuch }}{{ 1 is nosuch }}{% else %}ok{% endif %}"), "ok");
  EXPECT_EQ(render("{% if true %}ok{% else %}{% for x in y|nosuch %}{% endfor %}{% endif %}"), "ok");
  EXPECT_EQ(render("{{ 'a'|nosuch if false else 'ok' }}{{ 'ok' if true else [1 is nosuch] }}"), "okok");
  EXPECT_EQ(error_of("\n{% if true %}{{ 'a'|nosuch }}{% endif %}"),
            "chat template, line 2: there is no filter 'nosuch'");
  EXPECT_THAT(error_of("{% if true %}{% endif %}{{ 'a'|nosuch }}"), HasSubstr("'nosuch'"));
  EXPECT_THAT(error_of("{{ [1]|map('nosuch')|list }}"), HasSubstr("'nosuch'"));
}

TEST(Errors, RuntimeErrorsNameTheirLine) {
  EXPECT_EQ(error_of("a\n\n{{ x.y }}"), "chat template, line 3: 'x' is undefined");
  EXPECT_EQ(error_of("{% macro m() %}\n\n{{ 1 }}\n{% endmacro %}\n{{ m() ~ (1 + none) }}"),
            "chat template, line 5: '+' does not work between 'int' and 'NoneType'");
  EXPECT_THAT(error_of("{{ '%é' % 1 }}"), HasSubstr("\xEF\xBF\xBD")) << "messages are valid UTF-8";
}

TEST(Errors, BadInput) {
  EXPECT_THAT(error_of("{{ '\xFF' }}"), HasSubstr("UTF-8"));
  EXPECT_THROW(render("a", Json::array()), Error);
  EXPECT_THAT(error_of("{{ x }}", Json{{"x", UINT64_MAX}}), HasSubstr("64 bits"));
  EXPECT_EQ(render("{{ x }}|{{ x|length }}", Json{{"x", "a\xFF"}}), "a\xEF\xBF\xBD|2")
      << "invalid bytes in data are replaced";
  EXPECT_EQ(render("{{ y }}", Json{{"x", UINT64_MAX}, {"y", 1}}), "1") << "variables without use are not looked at";
  Json deep = 1;
  for (int i = 0; i < 300; ++i) deep = Json::array({deep});
  EXPECT_THAT(error_of("{{ x }}", Json{{"x", deep}}), HasSubstr("nested deeper"));
}

TEST(ChatTemplateObject, OneTemplateServesSeveralThreads) {
  const ChatTemplate chat("{% for m in messages %}{% set x = 'a' ~ m.content %}{{ x|upper }}{% endfor %}");
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::string& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) result = chat.render(kMessages);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, "ASAHIAYO");
}

TEST(ChatTemplateObject, CanBeMoved) {
  ChatTemplate a("a");
  ChatTemplate b = std::move(a);
  a = ChatTemplate("c");
  EXPECT_EQ(a.render(Json::object()) + b.render(Json::object()), "ca");
}

}  // namespace
}  // namespace aurea::templates
