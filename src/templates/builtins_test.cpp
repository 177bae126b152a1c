// Filters, tests, methods and formatting. The expected texts are those of Jinja 3.1 on Python 3, `tojson` that of
// transformers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "templates/test_rendering.h"

namespace aurea::templates {
namespace {

using ::testing::HasSubstr;

const Json kVariables = Json::parse(R"({
  "m": [{"role": "system", "content": "S"}, {"role": "user", "content": "hi", "k": {"v": 2}}, {"role": "user", "content": "bye"}],
  "d": {"b": 1, "A": 3, "c": 2}, "s": "\u00a0\u2003\t x \u3000\n", "n": null})");

void check_all(std::initializer_list<TemplateCase> cases) {
  for (const TemplateCase& item : cases) {
    SCOPED_TRACE(item.source);
    EXPECT_EQ(render(item.source, kVariables), item.expected);
  }
}

TEST(Filters, Texts) {
  check_all({
      {"[{{ s|trim }}]{{ 'xxaxx'|trim('x') }}{{ 5|trim }}", "[x]a5"},
      {"{{ 'hello wORLD-foo (bar'|title }}|{{ 'hELLO w'|capitalize }}|{{ 'éa'|upper }}|{{ 'ÀB'|lower }}",
       "Hello World-Foo (Bar|Hello w|ÉA|àb"},
      {"{{ 'aaa'|replace('a', 'b', 2) }}{{ 'ab'|replace('', '-') }}{{ 'é1'|replace(1, 2) }}", "bba-a-b-é2"},
      {"{{ 'a b  c_d é'|wordcount }}{{ 'añ'|reverse }}[{{ 'x'|center(5) }}][{{ 'ab'|center(5) }}]",
       "4ña[  x  ][  ab ]"},
      {"{{ '%s-%d'|format('a', 3) }}{{ '%(x)s'|format(x=1) }}{{ '<b>&\"\\''|e }}{{ '<'|e|e }}",
       "a-31&lt;b&gt;&amp;&#34;&#39;&lt;"},
      {"{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb\n'|indent(2, true) }}|{{ 'a\n\nb'|indent(1, blank=true) }}|{{ "
       "'a\r\nb'|indent('> ', first=true) }}|{{ ''|indent(2, true) }}",
       "a\n    b\n\n    c|  a\n  b\n|a\n \n b|> a\n> b|  "},
      {"{{ 'hello big world'|truncate(9) }}|{{ 'hello big world'|truncate(9, true, '~') }}|{{ 'foobar baz'|truncate(8) "
       "}}|{{ 'abcdefgh'|truncate(5, leeway=0) }}",
       "hello...|hello bi~|foobar baz|ab..."},
      {"{{ 'a b c d'|wordwrap(3) }}|{{ 'abcdefg hi'|wordwrap(3) }}|{{ 'abcdefg hi'|wordwrap(3, false) }}|{{ ' a\n\nb "
       "c'|wordwrap(2, wrapstring='/') }}",
       "a b\nc d|abc\ndef\ng\nhi|abcdefg\nhi| a//b/c"},
      {"{{ 'a'|safe + '<' }} {{ '<' + ('b'|safe) }} {{ 'a'|safe ~ '<' }} {{ ['<', '>'|safe]|join }} {{ "
       "('x'|safe).replace('x', '<') }}"
       " {{ ('%s'|safe) % '<' }} {{ ('{}'|safe).format('<') }} {{ (','|safe).join(['<', 'b'|safe]) }}",
       "a&lt; &lt;b a< <> &lt; &lt; &lt; &lt;,b"},
      {"{{ 1|string ~ 1.0|string ~ none|string ~ [1]|string }}", "11.0None[1]"},
  });
}

TEST(Filters, Numbers) {
  check_all({
      {"{{ '42'|int + 1 }} {{ 'zz'|int }} {{ 'zz'|int(7) }} {{ '3.9'|int }} {{ -3.9|int }} {{ true|int }} {{ none|int "
       "}} {{ ' 1_0 '|int }} {{ '1__0'|int }} {{ '+5'|int }} {{ '--5'|int }}",
       "43 0 7 3 -3 1 0 10 0 5 0"},
      {"{{ '0x1f'|int(0, 16) }} {{ '1f'|int(0, 16) }} {{ '0b11'|int(0, 0) }} {{ '-0o17'|int(0, 8) }} {{ 'z'|int(0, 36) "
       "}} {{ '-9223372036854775808'|int }} {{ 'inf'|int(1) }}",
       "31 31 3 -15 35 -9223372036854775808 1"},
      {"{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2) }} {{ 3|float }} {{ ' 1e3 '|float }} {{ '-inf'|float }} {{ "
       "'nan'|float }} {{ '1e999'|float }} {{ '1e-999'|float }} {{ '.5'|float }}",
       "1.5 0.0 2 3.0 1000.0 -inf nan inf 0.0 0.5"},
      {"{{ 2.675|round(2) }} {{ 2.5|round }} {{ 3.5|round }} {{ 2.1|round(0, 'ceil') }} {{ 2.19|round(1, 'floor') }} "
       "{{ 1234.5|round(-2) }} {{ 7|round }} {{ 1e300|round(2) }} {{ 0.5|round }} {{ 1250|round(-2) }}",
       "2.67 2.0 4.0 3.0 2.1 1200.0 7 1e+300 0.0 1200"},
      {"{{ -5|abs }} {{ -2.5|abs }} {{ true|abs }}", "5 2.5 1"},
  });
}

TEST(Filters, Sequences) {
  check_all({
      {"{{ [3, 1, 2]|sort }} {{ [3, 1, 2]|sort(reverse=true) }} {{ ['b', 'A', 'c']|sort }} {{ ['b', 'A', "
       "'a']|sort(case_sensitive=true) }} {{ 'cab'|sort }}",
       "[1, 2, 3] [3, 2, 1] ['A', 'b', 'c'] ['A', 'a', 'b'] ['a', 'b', 'c']"},
      {"{{ m|sort(attribute='role,content')|map(attribute='content')|list }} {{ [[2, 'a'], [1, 'b']]|sort(attribute=0) "
       "}} {{ ['b', 'B', 'a']|sort(reverse=true) }}",
       "['S', 'bye', 'hi'] [[1, 'b'], [2, 'a']] ['b', 'B', 'a']"},
      {"{{ d|dictsort }} {{ d|dictsort(true) }} {{ d|dictsort(false, 'value') }} {{ d|dictsort(reverse=true) }}",
       "[('A', 3), ('b', 1), ('c', 2)] [('A', 3), ('b', 1), ('c', 2)] [('b', 1), ('c', 2), ('A', 3)] [('c', 2), ('b', "
       "1), ('A', 3)]"},
      {"{{ [1, 1.0, 2, 'a', 'A']|unique|list }} {{ ['b', 'B']|unique(true)|list }} {{ "
       "m|unique(attribute='role')|map(attribute='content')|join }}",
       "[1, 2, 'a'] ['b', 'B'] Shi"},
      {"{{ [1, 2]|first }}{{ [1, 2]|last }}{{ [1, 2]|sum }}{{ [1, 2]|max }}{{ [2, 1]|min }}{{ []|first }}{{ []|max "
       "}}{{ ['a', 'B']|max }}{{ m|sum('k.v', 1) if false }}{{ 'abc'|last }}",
       "12321Bc"},
      {"{{ [0.1, 0.2]|sum }} {{ [[1], [2]]|sum(start=[]) }} {{ [{'v': 1}, {'v': 2}]|sum('v') }} {{ [{'v': 3}, {'v': "
       "2}]|min(attribute='v') }}",
       "0.30000000000000004 [1, 2] 3 {'v': 2}"},
      {"{{ 'abc'|list }} {{ d|list }} {{ (1, 2)|list }} {{ [1, 2]|reverse|list }} {{ 'abc'|length }}{{ d|count }} {{ "
       "d|items|list }}",
       "['a', 'b', 'c'] ['b', 'A', 'c'] [1, 2] [2, 1] 33 [('b', 1), ('A', 3), ('c', 2)]"},
      {"{{ [1, 2, 3]|batch(2)|list }} {{ [1, 2, 3]|batch(2, 0)|list }} {{ [1, 2, 3, 4, 5]|slice(3)|list }} {{ [1, 2, "
       "3, 4]|slice(3, 0)|list }}",
       "[[1, 2], [3]] [[1, 2], [3, 0]] [[1, 2], [3, 4], [5]] [[1, 2], [3, 0], [4, 0]]"},
      {"{{ [1, 'a', none, true]|join }} {{ [1, 2]|join(', ') }} {{ m|join('|', attribute='role') }} {{ 'abc'|join('-') "
       "}} {{ [1, 2]|join(0) }}",
       "1aNoneTrue 1, 2 system|user|user a-b-c 102"},
      {"[{{ x|default('a') }}][{{ n|default('a') }}][{{ n|d('a', true) }}][{{ ''|d('e', boolean=true) }}][{{ "
       "false|default('f') }}]",
       "[a][None][a][e][False]"},
  });
}

TEST(Filters, Selections) {
  check_all({
      {"{{ ['a', 'b']|map('upper')|list }} {{ ['ab']|map('replace', 'a', 'x')|list }} {{ [[1, 2]]|map('join', "
       "sep)|list }} {{ none|map('upper')|list }}",
       "['A', 'B'] ['xb'] ['12'] []"},
      {"{{ m|map(attribute='content')|join(',') }} {{ m|map(attribute='k.v', default='?')|list }} {{ [[1, "
       "2]]|map(attribute=1)|list }}",
       "S,hi,bye ['?', 2, '?'] [2]"},
      {"{{ [0, 1, '', 2]|select|list }} {{ [1, 2, 3]|select('odd')|list }} {{ [1, 2, 3]|reject('equalto', 2)|list }} "
       "{{ [1, 5]|select('>', 2)|list }} {{ [0, 1]|reject|list }}",
       "[1, 2] [1, 3] [1, 3] [5] [0]"},
      {"{{ m|selectattr('role', 'equalto', 'user')|map(attribute='content')|list }} {{ m|rejectattr('role', 'in', "
       "['user'])|list|length }} {{ m|selectattr('k')|list|length }} {{ m|selectattr('k', 'defined')|list|length }}",
       "['hi', 'bye'] 1 1 1"},
      {"{% for role, items in m|groupby('role') %}{{ role }}:{{ items|length }} {% endfor %}{{ "
       "(m|groupby('role'))[1].grouper }}{{ (m|groupby('role'))[1].list|length }}"
       " {{ [{'a': 'x'}, {'a': 'X'}, {}]|groupby('a', default='y') }}",
       "system:1 user:2 user2 [('x', [{'a': 'x'}, {'a': 'X'}]), ('y', [{}])]"},
      {"{% set g = [1, 2]|map('string') %}{{ g|list }}{{ g|list }}{% set h = [1, 2, 3]|map('string') %}{{ h|first }}{{ "
       "h|list }}",
       "['1', '2'][]1['2', '3']"},
  });
  EXPECT_THAT(error_of("{{ [1]|map('upper')|length }}"), HasSubstr("no length"));
  EXPECT_THAT(error_of("{{ [1]|map }}"), HasSubstr("'attribute'"));
  EXPECT_THAT(error_of("{{ [1]|select(1)|list }}"), HasSubstr("name of a filter or test"));
  EXPECT_THAT(error_of("{{ 'abc'|items }}"), HasSubstr("items"));
  EXPECT_THAT(error_of("{{ none|length }}"), HasSubstr("no length"));
  EXPECT_THAT(error_of("{{ 'a'|upper(1) }}"), HasSubstr("no arguments"));
  EXPECT_THAT(error_of("{{ 'a'|trim('a', 'b') }}"), HasSubstr("at most 1"));
  EXPECT_THAT(error_of("{{ 'a'|trim(x=1) }}"), HasSubstr("'x'"));
  EXPECT_THAT(error_of("{{ 'a'|trim('a', chars='a') }}"), HasSubstr("twice"));
  EXPECT_THAT(error_of("{{ 'a'|replace('a') }}"), HasSubstr("'new'"));
}

TEST(Filters, ToJson) {
  check_all({
      {R"({{ {'b': [1, 2.0, none, true], 's': 'q"\\/<>&\'é😀\n\t\b\f\r\x01\x7f', 'e': {}, 'l': [], 't': (1, 2)}|tojson }})",
       R"({"b": [1, 2.0, null, true], "s": "q\"\\/<>&'é😀\n\t\b\f\r\u0001)"
       "\x7f"
       R"(", "e": {}, "l": [], "t": [1, 2]})"},
      {"{{ {'b': {'c': [1, {'x': none}]}, 'e': {}, 'l': []}|tojson(indent=2) }}",
       "{\n  \"b\": {\n    \"c\": [\n      1,\n      {\n        \"x\": null\n      }\n    ]\n  },\n  \"e\": {},\n  "
       "\"l\": []\n}"},
      {"{{ [1, 2]|tojson(indent=0) }}{{ [1]|tojson(indent='\t') }}", "[\n1,\n2\n][\n\t1\n]"},
      {"{{ {'b': 1, 'a': 2}|tojson(sort_keys=true) }}{{ {'b': 1, 'a': 2}|tojson(separators=(',', ':')) }}{{ "
       "'é😀\x7f'|tojson(true) }}",
       R"({"a": 2, "b": 1}{"b":1,"a":2}"\u00e9\ud83d\ude00\u007f")"},
      {"{{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }} {{ 1e20|tojson }} {{ (1e308*10)|tojson }} {{ (-1e308*10)|tojson "
       "}} {{ 'a'|safe|tojson + '<' }}",
       R"({"1": 4, "null": 3, "1.5": 5} 1e+20 Infinity -Infinity "a"<)"},
  });
  for (const char* source : {"{{ range(3)|tojson }}", "{{ namespace()|tojson }}", "{{ {(1, 2): 3}|tojson }}",
                             "{{ [x]|tojson }}", "{{ {1: 1, 'a': 2}|tojson(sort_keys=true) }}"}) {
    EXPECT_NE(error_of(source), "") << source;
  }
}

TEST(Tests, Types) {
  check_all({
      {"{% for x in ['a', 1, 1.5, true, none, {'a': 1}, [1], (1,), range(2)] %}{{ [x is string, x is number, x is "
       "integer, x is float, x is boolean, x is none, x is mapping, x is sequence, x is iterable, x is "
       "callable]|map('int')|join }} {% endfor %}",
       "1000000110 0110000000 0101000000 0100100000 0000010000 0000001110 0000000110 0000000110 0000000110 "},
      {"{{ range is callable }}{{ 'a'.upper is callable }}{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'x' is filter "
       "}}{{ '<'|safe is escaped }}{{ [1]|map('int') is iterable }}{{ [1]|map('int') is sequence }}",
       "TrueTrueTrueTrueFalseTrueTrueFalse"},
      {"{{ 4 is even }}{{ 3 is odd }}{{ 2.5 is odd }}{{ 9 is divisibleby(3) }}{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 2 is gt "
       "1 }}{{ 2 is ge 2 }}{{ 2 is lt 1 }}{{ 2 is le 2 }}{{ 'a' is in ['a'] }}",
       "TrueTrueFalseTrueTrueTrueTrueTrueFalseTrueTrue"},
      {"{{ none is sameas none }}{{ 1 is sameas true }}{{ [1] is sameas [1] }}{{ m is sameas m }}{{ 'AÉ' is upper }}{{ "
       "'aé1' is lower }}{{ '1' is upper }}{{ true is true }}{{ 1 is true }}{{ false is false }}",
       "TrueFalseFalseTrueTrueTrueFalseTrueFalseTrue"},
  });
}

TEST(Methods, Strings) {
  check_all({
      {"[{{ s.strip() }}]{{ 'xaxx'.strip('x') }}{{ '\n\na\n'.lstrip('\n') }}{{ 'a\n'.rstrip('\n') }}{{ "
       "'abcba'.strip('ab') }}{{ 'éaé'.strip('é') }}",
       "[x]aa\naca"},
      {"{{ 'a b  c '.split() }}{{ ' a b c '.split(none, 1) }}{{ 'a,b,,c'.split(',') }}{{ 'a,b,c'.split(',', 1) }}{{ "
       "''.split(',') }}{{ ''.split() }}{{ 'a\u00a0b'.split() }}",
       "['a', 'b', 'c']['a', 'b c ']['a', 'b', '', 'c']['a', 'b,c'][''][]['a', 'b']"},
      {"{{ 'a,b,c'.rsplit(',', 1) }}{{ 'aaa'.rsplit('aa') }}{{ 'aaa'.split('aa') }}{{ ' a b c '.rsplit(none, 1) }}{{ "
       "'a b'.rsplit() }}{{ ' a '.rsplit(none, 0) }}",
       "['a,b', 'c']['a', '']['', 'a'][' a b', 'c']['a', 'b'][' a']"},
      {"{{ 'a\nb\r\nc\x0b"
       "d\u2028e\n'.splitlines() }}{{ 'a-b-c'.partition('-') }}{{ "
       "'abc'.partition('-') }}",
       "['a', 'b', 'c', 'd', 'e']('a', '-', 'b-c')('abc', '', '')"},
      {"{{ 'abc'.startswith('ab') }}{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.endswith('c') }}{{ 'abc'.endswith(()) "
       "}}{{ 'prefix-x'.removeprefix('prefix-') }}{{ 'x.py'.removesuffix('.py') }}",
       "TrueTrueTrueFalsexx"},
      {"{{ 'éabc'.find('c') }}{{ 'abc'.find('z') }}{{ 'éb'.index('b') }}{{ 'abcabc'.find('b', "
       "2) }}{{ 'abc'.find('c', 0, 2) }}{{ 'abab'.count('ab') }}{{ 'ab'.count('') }}{{ "
       "'ab'.find('', 2) }}{{ 'ab'.find('', 3) }}",
       "3-114-1232-1"},
      {"{{ 'aXa'.replace('a', 'b') }}{{ 'aaa'.replace('a', 'b', 1) }}{{ \"they're "
       "bill's\".title() }}{{ 'aBC'.capitalize() }}{{ ','.join(['a', 'b']) }}{{ ''.join('ab') }}",
       "bXbbaaThey'Re Bill'SAbca,bab"},
      {"{{ '12'.isdigit() }}{{ ''.isdigit() }}{{ 'aé'.isalpha() }}{{ '1a²'.isdigit() }}{{ 'a1'.isalpha() }}",
       "TrueFalseTrueFalseFalse"},
      {"{{ '7'.zfill(3) }}{{ '-7'.zfill(4) }}{{ 'a\tb\n\tc'.expandtabs(4) }}", "007-007a   b\n    c"},
      {"{{ 'straße ŉ'.lower() }}{{ 'çé ǆ ა'.upper() }}{{ 'ªb ǭa'.title() }}{{ '٣ ½ x'|wordcount }}",
       "straße ŉÇÉ Ǆ Აªb Ǭa3"},
  });
  // Refused rather than wrong: one character that becomes several, another by its place, or a title case of its own;
  // digits beyond ASCII.
  for (const char* source : {"{{ 'ß'.upper() }}", "{{ 'ß'|title }}", "{{ 'ﬁx'.title() }}", "{{ 'ŉ'|capitalize }}",
                             "{{ 'aΣ'|lower }}", "{{ 'İ'.lower() }}", "{{ 'ǆ'.title() }}", "{{ 'ა'|capitalize }}"}) {
    EXPECT_THAT(error_of(source), HasSubstr("cannot be changed")) << source;
  }
  EXPECT_THAT(error_of("{{ 'ß' is upper }}"), HasSubstr("cannot be told"));
  EXPECT_THAT(error_of("{{ '1²'.isdigit() }}"), HasSubstr("ASCII digits"));
  EXPECT_THAT(error_of("{{ 'a'.nosuch() }}"), HasSubstr("a 'str' has no attribute 'nosuch'"));
  EXPECT_THAT(error_of("{{ ','.join([1]) }}"), HasSubstr("join"));
  EXPECT_THAT(error_of("{{ 'abc'.index('z') }}"), HasSubstr("not found"));
  EXPECT_THAT(error_of("{{ 'abc'.startswith(1) }}"), HasSubstr("startswith"));
}

TEST(Methods, Containers) {
  check_all({
      {"{{ d.get('b') }}{{ d.get('z') }}{{ d.get('z', 'D') }}{{ d.keys()|list }}{{ d.values()|list }}{{ d.items()|list "
       "}}{{ d.copy() == d }}",
       "1NoneD['b', 'A', 'c'][1, 3, 2][('b', 1), ('A', 3), ('c', 2)]True"},
      {"{{ [1, 2, 1].index(1) }}{{ [1, 2, 1].index(1, 1) }}{{ [1, 2, 1].count(1) }}{{ (1, 2).index(2) }}{{ "
       "d.items()|length }}{{ 1 in d.values() }}{{ 'b' in d.keys() }}",
       "02213TrueTrue"},
  });
  EXPECT_THAT(error_of("{{ [1].index(2) }}"), HasSubstr("not in the list"));
}

TEST(Formatting, Percent) {
  check_all({
      {"{{ '%d%%' % 5 }} {{ '%5d|%-5d|%05d|%+d|% d' % (1, 2, 3, 4, 5) }} {{ '%x %X %#x %o %#o' % (255, 255, 255, 8, 8) "
       "}} {{ '%.3d' % 5 }} {{ '%d' % 3.9 }}",
       "5%     1|2    |00003|+4| 5 ff FF 0xff 10 0o10 005 3"},
      {"{{ '%s %r %s' % ('a', 'b', none) }} {{ '%10s|%-10s|%.2s' % ('é', 'b', 'éàü') }} {{ '%(a)s %(b)d' % {'a': 1, "
       "'b': 2} }} {{ '%c%c' % ('x', 233) }} {{ '%a' % 'é' }}",
       "a 'b' None          é|b         |éà 1 2 xé '\\xe9'"},
      {"{{ '%f %.2f %e %.0e %g %g %G' % (1.5, 2.675, 12345.678, 5, 1e20, 0.0001, 1e-10) }} {{ '%08.2f|%-8.1f|%+.1f' % "
       "(3.14159, 2.5, 1) }} {{ '%*d' % (5, 1) }} {{ '%.*f' % (1, 2.55) }}",
       "1.500000 2.67 1.234568e+04 5e+00 1e+20 0.0001 1E-10 00003.14|2.5     |+1.0     1 2.5"},
      {"{{ '%s' % [1, 2] }} {{ 'x' % {} }} {{ '%s' % {'a': 1} }} {{ '%d' % true }} {{ '%5.1f%%' % 99.55 }} {{ '%i' % "
       "-5 }}",
       "[1, 2] x {'a': 1} 1  99.5% -5"},
  });
  for (const char* source :
       {"{{ '%d' % 'a' }}", "{{ '%s %s' % 1 }}", "{{ '%s' % (1, 2) }}", "{{ '%q' % 1 }}", "{{ '%' % 1 }}",
        "{{ '%(a)s' % 1 }}", "{{ '%(a)s' % {} }}", "{{ '%(a' % {} }}", "{{ '%x' % 1.5 }}", "{{ '%f' % 'a' }}",
        "{{ '%*d' % ('a', 1) }}", "{{ '%c' % 'ab' }}", "{{ '%d' % 1e300 }}"}) {
    EXPECT_NE(error_of(source), "") << source;
  }
}

TEST(Formatting, Braces) {
  check_all({
      {"{{ 'a{}b{}'.format(1, 'x') }} {{ '{1}{0}{1}'.format('a', 'b') }} {{ '{a}-{b}'.format(a=1, b=2) }} {{ "
       "'{{}}{}'.format(1) }} {{ '{0.role}{0[content]}{1[1]}'.format(m[0], [1, 2]) }}",
       "a1bx bab 1-2 {}1 systemS2"},
      {"{{ '{:5}|{:<5}|{:>5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd', 'é') }} {{ "
       "'{:5}|{:<5}|{:05}|{:+}|{:,}|{:_}'.format(1, 2, -3, 4, 1234567, 1234) }}",
       "a    |b    |    c|  d  |**é**     1|2    |-0003|+4|1,234,567|1_234"},
      {"{{ '{:x} {:#x} {:b} {:o} {:c} {:.2f} {:e} {:g} {:%} {:.3}'.format(255, 255, 5, 8, 65, 2.675, 1.5, 1e20, 0.25, "
       "'abcdef') }} {{ '{!r} {!s:>3}'.format('a', 'b') }} {{ '{:8.3f}|{:,.2f}'.format(3.14159, 12345.678) }}",
       "ff 0xff 101 10 A 2.67 1.500000e+00 1e+20 25.000000% abc 'a'   b    3.142|12,345.68"},
  });
  for (const char* source :
       {"{{ '{}'.format() }}", "{{ '{'.format(1) }}", "{{ '}'.format(1) }}", "{{ '{a}'.format(1) }}",
        "{{ '{:q}'.format('a') }}", "{{ '{:d}'.format(1.5) }}", "{{ '{:{}}'.format(1, 5) }}", "{{ '{!q}'.format(1) }}",
        "{{ '{0[}'.format([1]) }}", "{{ '{:5x5}'.format(1) }}"}) {
    EXPECT_NE(error_of(source), "") << source;
  }
}

TEST(Sandbox, HidesWhatIsNotMeantForTemplates) {
  for (const char* source :
       {"{{ ''.__class__.__mro__ }}", "{{ [].__class__() }}", "{{ {}['__class__'].x }}", "{{ range.__globals__.x }}",
        "{{ self._x.y }}", "{% macro m() %}{% endmacro %}{{ m.__init__.x }}",
        "{% for x in [1] %}{{ loop._iterator.x }}{% endfor %}", "{{ namespace().__dict__.x }}",
        "{{ cycler(1)._items.x }}"}) {
    SCOPED_TRACE(source);
    EXPECT_THAT(error_of(source), testing::AnyOf(HasSubstr("is not allowed"), HasSubstr("is undefined")));
  }
  EXPECT_EQ(render("[{{ '{0.__class__}'.format(1) }}{{ ''.__class__ }}]"), "[]");
  EXPECT_EQ(render("{{ d._x }}{{ d['__y__'] }}", Json::parse(R"({"d": {"_x": 1, "__y__": 2}})")), "12")
      << "keys are data";
}

TEST(Sandbox, RefusesChangingMethods) {
  for (const char* call :
       {"l.append(1)", "l.extend([1])", "l.insert(0, 1)", "l.pop()", "l.remove(1)", "l.sort()", "l.reverse()",
        "l.clear()", "d.pop('a')", "d.update({})", "d.clear()", "d.setdefault('a', 1)", "d.popitem()"}) {
    SCOPED_TRACE(call);
    EXPECT_THAT(error_of(fmt::format("{{% set _ = {} %}}", call), Json::parse(R"({"l": [1], "d": {"a": 1}})")),
                HasSubstr("may not"));
  }
  EXPECT_THAT(error_of("{{ d.pop('a') }}", Json::parse(R"({"d": {"pop": 1}})")), HasSubstr("may not"));
}

}  // namespace
}  // namespace aurea::templates
