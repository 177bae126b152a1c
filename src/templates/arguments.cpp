#include "templates/arguments.h"

#include <algorithm>

#include "templates/operators.h"

namespace aurea::templates {

BoundArguments::BoundArguments(std::string_view function, const Arguments& given,
                               std::initializer_list<std::string_view> parameters, size_t required)
    : function_(function), parameters_(parameters), values_(parameters.size(), nullptr) {
  if (given.positional.size() > parameters_.size()) {
    fail_template("{} takes at most {} arguments, found {}", function_, parameters_.size(), given.positional.size());
  }
  for (size_t i = 0; i < given.positional.size(); ++i) values_[i] = &given.positional[i];
  for (const auto& [name, value] : given.keyword) {
    const auto at = std::ranges::find(parameters_, name);
    if (at == parameters_.end()) fail_template("{} has no argument '{}'", function_, shorten(name));
    const Value*& slot = values_[static_cast<size_t>(at - parameters_.begin())];
    if (slot != nullptr) fail_template("{} got its argument '{}' twice", function_, name);
    slot = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (values_[i] == nullptr) fail_template("{} needs the argument '{}'", function_, parameters_[i]);
  }
}

bool BoundArguments::truth(size_t index, bool otherwise) const {
  return has(index) ? values_[index]->is_true() : otherwise;
}

int64_t BoundArguments::integer(size_t index, int64_t otherwise) const {
  if (!has(index) || values_[index]->is_none()) return otherwise;
  return require_integer(*values_[index], fmt::format("{}, argument '{}'", function_, parameters_[index]));
}

const TextPtr* BoundArguments::text(size_t index) const {
  if (!has(index) || values_[index]->is_none()) return nullptr;
  return &required_text(index);
}

const TextPtr& BoundArguments::required_text(size_t index) const {
  const Value& value = *values_[index];
  if (value.is_string()) return value.text();
  if (value.is_undefined()) fail_template("{}", value.undefined_reason());
  fail_template("{}, argument '{}': expected a string, found '{}'", function_, parameters_[index], value.type_name());
}

void expect_no_arguments(std::string_view function, const Arguments& given) {
  if (!given.positional.empty() || !given.keyword.empty()) fail_template("{} takes no arguments", function);
}

}  // namespace aurea::templates
