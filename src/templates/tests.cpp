#include "templates/tests.h"

#include <algorithm>

#include "templates/arguments.h"
#include "templates/compare.h"
#include "templates/filters.h"
#include "templates/methods.h"
#include "templates/operators.h"
#include "templates/print.h"
#include "templates/unicode.h"

namespace aurea::templates {
namespace {

/// A test without arguments.
template <bool (*test)(const Value&)>
bool simple(Runtime&, const Value& input, const Arguments& arguments) {
  expect_no_arguments("the test", arguments);
  return test(input);
}

/// A comparison with one argument.
template <CompareOp op>
bool comparison(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("the test", arguments, {"other"}, 1);
  return compare(op, input, bound[0], runtime);
}

bool is_boolean(const Value& v) { return v.is_bool(); }
bool is_callable(const Value& v) { return v.is_undefined() || (v.is_object() && v.object()->is_callable()); }
bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_escaped(const Value& v) { return v.is_string() && v.text()->safe; }
bool is_false(const Value& v) { return v.is_bool() && !v.as_bool(); }
bool is_float(const Value& v) { return v.is_float(); }
bool is_integer(const Value& v) { return v.is_integral() && !v.is_bool(); }
bool is_mapping(const Value& v) { return v.is_dict(); }
bool is_none(const Value& v) { return v.is_none(); }
bool is_number(const Value& v) { return v.is_number(); }
bool is_string(const Value& v) { return v.is_string(); }
bool is_true(const Value& v) { return v.is_bool() && v.as_bool(); }
bool is_undefined(const Value& v) { return v.is_undefined(); }

bool is_iterable(const Value& v) {
  return v.is_undefined() || v.is_string() || v.is_list() || v.is_dict() ||
         (v.is_object() && v.object()->is_iterable());
}

bool is_sequence(const Value& v) {
  return v.is_undefined() || v.is_string() || v.is_list() || v.is_dict() ||
         (v.is_object() && v.object()->is_sequence());
}

template <int64_t wanted>
bool has_remainder(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("the test", arguments);
  const Value remainder = apply(BinaryOp::kModulo, input, int64_t{2}, runtime);
  return equal(remainder, wanted, runtime.meter);
}

bool divisible_by(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("divisibleby", arguments, {"num"}, 1);
  return !apply(BinaryOp::kModulo, input, bound[0], runtime).is_true();
}

bool same_as(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("sameas", arguments, {"other"}, 1);
  return identical(input, bound[0], runtime.meter);
}

template <char32_t (*map)(char32_t)>
bool is_in_case(Runtime& runtime, const Value& input, const Arguments& arguments) {
  expect_no_arguments("the test", arguments);
  const TextPtr text = to_text(input, runtime);
  runtime.meter.work(text->bytes.size());
  return is_cased(text->bytes, map);
}

bool is_filter(const Value& v) { return v.is_string() && find_filter(v.str()) != nullptr; }
bool is_test(const Value& v) { return v.is_string() && find_test(v.str()) != nullptr; }

constexpr TestRow kTests[] = {
    {"!=", comparison<CompareOp::kNotEqual>},
    {"<", comparison<CompareOp::kLess>},
    {"<=", comparison<CompareOp::kLessEqual>},
    {"==", comparison<CompareOp::kEqual>},
    {">", comparison<CompareOp::kGreater>},
    {">=", comparison<CompareOp::kGreaterEqual>},
    {"boolean", simple<is_boolean>},
    {"callable", simple<is_callable>},
    {"defined", simple<is_defined>},
    {"divisibleby", divisible_by},
    {"eq", comparison<CompareOp::kEqual>},
    {"equalto", comparison<CompareOp::kEqual>},
    {"escaped", simple<is_escaped>},
    {"even", has_remainder<0>},
    {"false", simple<is_false>},
    {"filter", simple<is_filter>},
    {"float", simple<is_float>},
    {"ge", comparison<CompareOp::kGreaterEqual>},
    {"greaterthan", comparison<CompareOp::kGreater>},
    {"gt", comparison<CompareOp::kGreater>},
    {"in", comparison<CompareOp::kIn>},
    {"integer", simple<is_integer>},
    {"iterable", simple<is_iterable>},
    {"le", comparison<CompareOp::kLessEqual>},
    {"lessthan", comparison<CompareOp::kLess>},
    {"lower", is_in_case<to_lower>},
    {"lt", comparison<CompareOp::kLess>},
    {"mapping", simple<is_mapping>},
    {"ne", comparison<CompareOp::kNotEqual>},
    {"none", simple<is_none>},
    {"number", simple<is_number>},
    {"odd", has_remainder<1>},
    {"sameas", same_as},
    {"sequence", simple<is_sequence>},
    {"string", simple<is_string>},
    {"test", simple<is_test>},
    {"true", simple<is_true>},
    {"undefined", simple<is_undefined>},
    {"upper", is_in_case<to_upper>},
};

}  // namespace

const TestRow* find_test(std::string_view name) {
  const auto* row = std::ranges::find(kTests, name, &TestRow::name);
  return row == std::end(kTests) ? nullptr : row;
}

bool apply_test(Runtime& runtime, std::string_view name, const Value& input, const Arguments& arguments) {
  const TestRow* row = find_test(name);
  if (row == nullptr) fail_template("there is no test '{}'", shorten(name));
  runtime.meter.step();
  return row->holds(runtime, input, arguments);
}

}  // namespace aurea::templates
