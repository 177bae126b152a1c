// Templates that try to use up time, memory or the stack: each must end with an error, soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "templates/meter.h"
#include "templates/test_rendering.h"

namespace aurea::templates {
namespace {

using ::testing::HasSubstr;

std::string repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

struct HostileCase {
  std::string source;
  const char* part;  // of the message
};

void check(const HostileCase& item, const Limits& limits = {}) {
  SCOPED_TRACE(item.source.substr(0, 200));
  EXPECT_THAT(error_of(item.source, Json::object(), limits), HasSubstr(item.part));
}

TEST(Limits, Source) {
  Limits limits;
  limits.source_bytes = 100;
  EXPECT_EQ(render(std::string(100, 'a'), Json::object(), limits).size(), 100u);
  check({std::string(101, 'a'), "101 bytes"}, limits);
  check({std::string((1 << 20) + 1, 'a'), "bytes"});
}

TEST(Limits, Nodes) {
  check({repeat("{{ 1 }}", 100'000), "more than 100000 nodes"});
  check({"{{ [" + repeat("1,", 200'000) + "] }}", "nodes"});
  check({"{{ f(" + repeat("1,", 200'000) + ") }}", "nodes"});
  check({repeat("{{}}", 250'000), "an expression"});
  check({"{{ " + repeat("; ", 500'000) + " }}", "an expression"});
  Limits limits;
  limits.nodes = 10;
  check({"{{ " + repeat("; ", 101) + " }}", "too many parts"}, limits);
}

TEST(Limits, Nesting) {
  const int deep = 300, very_deep = 100'000;
  for (const int depth : {deep, very_deep}) {
    check({"{{ " + repeat("(", depth) + "1" + repeat(")", depth) + " }}", "nested deeper"});
    check({"{{ " + repeat("[", depth) + repeat("]", depth) + " }}", "nested deeper"});
    check({"{{ " + repeat("{1:", depth) + "1" + repeat("}", depth) + " }}", "nested deeper"});
    check({"{{ " + repeat("not ", depth) + "1 }}", "nested deeper"});
    check({"{{ " + repeat("- ", depth) + "1 }}", "nested deeper"});
    check({"{{ x" + repeat("[x", depth) + repeat("]", depth) + " }}", "nested deeper"});
    check({"{{ " + repeat("f(", depth) + repeat(")", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat(" if 1", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat("if 1 else 1", std::min(depth, 90'000)) + " }}", "nested deeper"});
    check({"{{ 1" + repeat(" is eq 1", depth) + " }}", "nested deeper"});
    check({"{% for " + repeat("(", depth) + "x" + repeat(")", depth) + " in y %}", "nested deeper"});
    check({"{{ 1" + repeat("+1", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat("**1", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat(" and 1", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat("|abs", depth) + " }}", "nested deeper"});
    check({"{{ 1" + repeat(" is eq(1)", depth) + " }}", "nested deeper"});
    check({"{{ x" + repeat(".x", depth) + " }}", "nested deeper"});
    check({"{{ x" + repeat("()", depth) + " }}", "nested deeper"});
    check({"{{ x" + repeat("[0]", depth) + " }}", "nested deeper"});
  }
  for (const char* tag :
       {"if 1", "for x in y", "set x", "filter upper", "with", "macro m()", "call m()", "generation"}) {
    check({repeat(fmt::format("{{% {} %}}", tag), 300), "nested deeper"});
    check({repeat(fmt::format("{{% {} %}}", tag), 50'000), "nested deeper"});
  }
}

TEST(Limits, WhatIsWideMayBeLong) {
  EXPECT_EQ(render("{{ 1" + repeat(" ~ 1", 5000) + " }}").size(), 5001u);
  EXPECT_EQ(render("{{ 1" + repeat(" < 2 > 1", 1000) + " }}"), "True");
  EXPECT_EQ(render("{% if 0 %}" + repeat("{% elif 0 %}", 5000) + "{% else %}x{% endif %}"), "x");
  EXPECT_EQ(render("{{ " + repeat("(", 150) + "1" + repeat(")", 150) + " }}"), "1");
  EXPECT_EQ(render(repeat("{% if 1 %}", 150) + "x" + repeat("{% endif %}", 150)), "x");
}

TEST(Limits, Range) {
  EXPECT_EQ(render("{{ range(100000)|length }}"), "100000");
  check({"{{ range(100001) }}", "limit of 100000"});
  check({"{{ range(-9223372036854775807, 9223372036854775807) }}", "limit of 100000"});
  check({"{{ range(9223372036854775807, -9223372036854775807, -1) }}", "limit of 100000"});
  EXPECT_EQ(render("{{ range(0, 9223372036854775807, 9223372036854775807)|list }}"), "[0]");
  EXPECT_EQ(render("{{ range(1, 0)|list }}{{ range(0, -9223372036854775807, -9223372036854775807)|list }}"), "[][0]");
  check({"{{ range(1, 2, 0) }}", "step is zero"});
}

TEST(Limits, Calls) {
  check({"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "200 levels"});
  check({"{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "200 levels"});
  check({"{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "200 levels"});
  check({"{% macro m() %}{% call m() %}{% endcall %}{{ caller() }}{% endmacro %}{{ m() }}", "200 levels"});
  check({"{% macro m(x=m()) %}{% endmacro %}{{ m() }}", "200 levels"});
  // Each level of calls brings many levels of blocks and expressions: the sum is bounded as well.
  check({"{% macro m() %}" + repeat("{% if 1 %}", 60) + "{{ " + repeat("(0 or ", 60) + "m()" + repeat(")", 60) + " }}" +
             repeat("{% endif %}", 60) + "{% endmacro %}{{ m() }}",
         "evaluation nested deeper"});
  check({"{{ ['a']|map(" + repeat("'map',", 5000) + "'upper')|list }}", "evaluation nested deeper"});
}

TEST(Limits, Steps) {
  Limits limits;
  limits.steps = 200'000;
  const std::string loops = "{% for a in range(100000) %}{% for b in range(100000) %}",
                    end = "{% endfor %}{% endfor %}";
  for (const char* body :
       {"", "{{ a }}", "{% set x = a ~ b %}", "{% set x = [a, b] %}", "{% set x = {'a': a} %}",
        "{% set ns = namespace(a=a) %}", "{% macro m() %}{% endmacro %}", "{% set x = range(1000)|list %}"}) {
    check({loops + body + end, "200000 steps"}, limits);
  }
  check({loops + "{{ a }}" + end, "10000000 steps"});
  // One step each, but with much to read or to write.
  const std::string text = "{% set s = 'abcdefgh' * 100000 %}";
  for (const char* body : {"'q' in s",
                           "s == s ~ ''",
                           "s|upper",
                           "s.split()",
                           "s.rsplit('q')",
                           "s.strip('q')",
                           "s|replace('q', 'r')",
                           "s|tojson",
                           "[s]|string",
                           "s[1:]",
                           "s|wordcount",
                           "s.isalpha()",
                           "s|e",
                           "s.count('q')",
                           "s.startswith(s)",
                           "s|int",
                           "s|trim",
                           "'%s' % s",
                           "s.splitlines()",
                           "s < s ~ ''"}) {
    check({text + loops + "{% set x = " + body + " %}" + end, "200000 steps"}, limits);
  }
}

TEST(Limits, SearchesTakeLinearTime) {
  // Each of these takes hours where a search may cost the product of both sizes.
  for (const char* search : {"t in s", "s.find(t)", "s.split(t)|length", "s.rsplit(t)|length", "s.partition(t)|length",
                             "s.count(t)", "s.replace(t, '')|length"}) {
    EXPECT_NE(
        render(fmt::format(
            "{{% set s = 'a' * 4000000 %}}{{% set t = 'a' * 1000000 ~ 'b' ~ 'a' * 1000000 %}}{{{{ {} }}}}", search)),
        "");
  }
}

TEST(Limits, ValueSizes) {
  for (const char* source : {
           "{{ 'x' * 10**9 }}",
           "{{ 10**9 * 'x' }}",
           "{{ [1] * 10**9 }}",
           "{{ (1, 2) * 9223372036854775807 }}",
           "{{ 'ab' * 9223372036854775807 }}",
           "{{ '%999999999d' % 1 }}",
           "{{ '%.999999999d' % 1 }}",
           "{{ '%.999999999f' % 1 }}",
           "{{ '%999999999s' % 'a' }}",
           "{{ '%*s' % (999999999, 'a') }}",
           "{{ '%-*s' % (-9223372036854775807, 'a') }}",
           "{{ '%99999999999999999999999d' % 1 }}",
           "{{ '{:999999999}'.format(1) }}",
           "{{ '{:.999999999f}'.format(1) }}",
           "{{ '{:>99999999999999999999}'.format('a') }}",
           "{{ 'a'|center(999999999) }}",
           "{{ 'a'.zfill(999999999) }}",
           "{{ '\\t'.expandtabs(999999999) }}",
           "{{ ('a\\n' * 100000)|indent(1000) }}",
           "{{ 'a'|indent(999999999, true) }}",
           "{{ ('a' * 10000)|replace('a', 'b' * 10000) }}",
           "{{ ('a' * 10000).replace('', 'b' * 10000) }}",
           "{{ range(10000)|join('b' * 10000) }}",
           "{{ ('b' * 10000).join(('a' * 10000)|list) }}",
           "{{ [1]|tojson(indent=999999999) }}",
           "{{ [[[[1, 2, 3]]]]|tojson(indent=4000000) }}",
           "{{ ([1] * 100000)|tojson(separators=('x' * 1000, ':')) }}",
           "{{ ('\\x01' * 10000000)|tojson }}",
           "{{ ['\\x01' * 10000000] }}",
           "{{ ('<' * 10000000)|e }}",
           "{{ [1]|batch(999999999, 0)|list }}",
           "{{ [1]|slice(999999999, 0)|list }}",
           "{{ ('a ' * 5000000).split() }}",
           "{{ ('a,' * 5000000).split(',') }}",
           "{{ ('a,' * 5000000).rsplit(',') }}",
           "{{ ('a\\n' * 5000000).splitlines() }}",
           "{{ ('a' * 10000000)|list }}",
           "{{ ('a ' * 1000000)|wordwrap(1, true, 'x' * 100) }}",
           "{% for c in 'a' * 10000000 %}{% endfor %}",
       }) {
    check({source, "limit of 16777216"});
  }
}

TEST(Limits, ExponentialGrowth) {
  Limits limits;
  limits.steps = 1'000'000;
  const std::string loop = "{% for i in range(100) %}", end = "{% endfor %}";
  check({"{% set ns = namespace(s='x') %}" + loop + "{% set ns.s = ns.s ~ ns.s %}" + end, "limit of 16777216"});
  check({"{% set ns = namespace(s='x') %}" + loop + "{% set ns.s = ns.s + ns.s %}" + end, "limit of 16777216"});
  check({"{% set ns = namespace(s='xx') %}" + loop + "{% set ns.s = ns.s|replace('x', 'xx') %}" + end,
         "limit of 16777216"});
  check({"{% set ns = namespace(s='xx') %}" + loop + "{% set ns.s = '%s%s' % (ns.s, ns.s) %}" + end,
         "limit of 16777216"});
  check({"{% set ns = namespace(s=[1]) %}" + loop + "{% set ns.s = ns.s + ns.s %}" + end, "limit of 16777216"});
  check({"{% set ns = namespace(s='x') %}" + loop + "{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}" + end,
         "limit of 16777216"});
  check({"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(100) }}", "steps"},
        limits);
  // Lists that hold themselves twice: small in memory, exponential in every walk over them.
  const std::string twice = "{% set ns = namespace(a=[], b=[]) %}" + loop +
                            "{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}" + end;
  check({twice + "{{ ns.a }}", "limit of 16777216"});
  check({twice + "{{ ns.a|tojson }}", "limit of 16777216"});
  check({twice + "{{ ns.a == ns.b }}", "steps"}, limits);
  check({twice + "{{ ns.a < ns.b }}", "steps"}, limits);
  check({twice + "{{ ns.a in [ns.b] }}", "steps"}, limits);
  const std::string tuples = "{% set ns = namespace(a=(), b=()) %}" + loop +
                             "{% set ns.a = (ns.a, ns.a) %}{% set ns.b = (ns.b, ns.b) %}" + end;
  check({tuples + "{{ {ns.a: 1, ns.b: 2} }}", "steps"}, limits);
  check({tuples + "{{ [ns.a, ns.b]|unique|list }}", "steps"}, limits);
}

TEST(Limits, Output) {
  Limits limits;
  limits.output_bytes = 100;
  EXPECT_EQ(render("{{ 'x' * 100 }}", Json::object(), limits).size(), 100u);
  EXPECT_NE(error_of("{{ 'x' * 100 }}y", Json::object(), limits), "");
  check({"{% set s = 'x' * 1000000 %}{% for i in range(100) %}{{ s }}{% endfor %}", "limit of 16777216"});
}

TEST(Limits, DeepValues) {
  const std::string loop = "{% for i in range(1000) %}", end = "{% endfor %}";
  for (const char* wrap :
       {"[ns.v]", "(ns.v,)", "{'a': ns.v}", "dict(a=ns.v)", "[ns.v]|map('list')", "{'a': ns.v}.items()",
        "[[ns.v].index]", "cycler(ns.v)", "joiner([ns.v])", "[ns.v]|batch(1)"}) {
    check({fmt::format("{{% set ns = namespace(v=()) %}}{}{{% set ns.v = {} %}}{}", loop, wrap, end),
           "nested deeper than 300"});
  }
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.me = ns %}{{ [ns] }}"), HasSubstr("nested deeper"));
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}"), HasSubstr("nested deeper"));
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns|tojson }}"), HasSubstr("tojson"));
  Json deep = 1;
  for (int i = 0; i < kJsonMaxDepth; ++i) deep = Json::array({deep});
  EXPECT_EQ(render("{{ x }}", Json{{"x", deep}}), repeat("[", kJsonMaxDepth) + "1" + repeat("]", kJsonMaxDepth));
}

TEST(Limits, CirclesAreFreed) {
  // For the leak check of the sanitizer builds: values that hold one another through what can change.
  for (const char* source : {
           "{% set ns = namespace() %}{% set ns.me = ns %}",
           "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = [b] %}",
           "{% macro m() %}{% endmacro %}{% set m2 = [m] %}",
           "{% set ns = namespace() %}{% for i in [1] %}{% macro m() %}{{ ns }}{% endmacro %}{% set ns.m = m %}{% "
           "endfor %}",
           "{% for i in [1] %}{% set x = loop.changed([loop]) %}{% endfor %}",
           "{% set ns = namespace() %}{% for i in [1, 2] %}{% set ns.l = loop %}{% endfor %}{% set x = "
           "ns.l.changed(ns) %}",
           "{% set ns = namespace() %}{% for i in range(2000) %}{% for j in [1] %}{% set x = loop.changed([ns.last]) %}"
           "{% set ns.last = loop %}{% endfor %}{% endfor %}",
       }) {
    SCOPED_TRACE(source);
    EXPECT_EQ(error_of(source), "");
  }
}

TEST(Limits, IntegersHave64Bits) {
  for (const char* source : {
           "{{ 10**10**10 }}",
           "{{ 2**63 }}",
           "{{ 9223372036854775807 + 1 }}",
           "{{ -9223372036854775807 - 2 }}",
           "{{ 9223372036854775807 * 2 }}",
           "{{ -(-9223372036854775807 - 1) }}",
           "{{ (-9223372036854775807 - 1)|abs }}",
           "{{ (-9223372036854775807 - 1) // -1 }}",
           "{{ '99999999999999999999'|int }}",
           "{{ 1e300|int }}",
           "{{ [9223372036854775807, 1]|sum }}",
       }) {
    check({source, "64 bits"});
  }
  EXPECT_EQ(render("{{ (-9223372036854775807 - 1) % -1 }} {{ 2**62 }} {{ -2**63 if false else 0 }} {{ 0xffff_ffff }}"),
            "0 4611686018427387904 0 4294967295");
  check({"{{ 10.0**400 }}", "too large"});
  check({"{{ (-8)**0.5 }}", "not a real number"});
}

TEST(Limits, OddArguments) {
  for (const char* source :
       {"{{ 'abc'|batch(0) }}", "{{ 'abc'|slice(-1) }}", "{{ 'a b'|wordwrap(0) }}", "{{ 'abc'|truncate(-1) }}",
        "{{ '1'|int(0, 99) }}", "{{ 'abc'[::0] }}", "{{ 'a'.split('') }}", "{{ '%c' % -1 }}", "{{ '%c' % 55296 }}",
        "{{ [1]|sort(attribute='a' * 5000) }}", "{{ 1.5|round(400, 'ceil') }}"}) {
    SCOPED_TRACE(source);
    EXPECT_NE(error_of(source), "");
  }
  EXPECT_EQ(
      render(
          "{{ 'abc'[9223372036854775807:] }}{{ 'abc'[-9223372036854775807:9223372036854775807:9223372036854775807] }}"
          "{{ 'abc'[::-9223372036854775807 - 1] }}{{ [1, 2][::-9223372036854775807 - 1] }}"),
      "ac[2]");
  EXPECT_EQ(render("{{ 1.25|round(9223372036854775807) }} {{ 1234|round(-9223372036854775807) }}"), "1.25 0");
}

}  // namespace
}  // namespace aurea::templates
