// Arguments of built-in functions, filters, tests and methods, sorted into named parameters.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "templates/object.h"

namespace aurea::templates {

class BoundArguments {
 public:
  /// Binds `given` to `parameters`; too many, unknown or doubled ones fail, and so do absent ones among the first
  /// `required`. `function` is for messages.
  BoundArguments(std::string_view function, const Arguments& given, std::initializer_list<std::string_view> parameters,
                 size_t required = 0);

  /// The argument, or null if it is absent.
  [[nodiscard]] const Value* get(size_t index) const { return values_[index]; }
  [[nodiscard]] bool has(size_t index) const { return values_[index] != nullptr; }
  [[nodiscard]] const Value& operator[](size_t index) const { return *values_[index]; }

  [[nodiscard]] bool truth(size_t index, bool otherwise) const;
  /// Absent or none gives `otherwise`; anything but an integer fails.
  [[nodiscard]] int64_t integer(size_t index, int64_t otherwise) const;
  /// Null if absent or none; anything but a string fails.
  [[nodiscard]] const TextPtr* text(size_t index) const;
  /// A required string.
  [[nodiscard]] const TextPtr& required_text(size_t index) const;

 private:
  std::string function_;
  std::vector<std::string_view> parameters_;
  std::vector<const Value*> values_;  // into the Arguments that were bound
};

/// Fails if there is any argument.
void expect_no_arguments(std::string_view function, const Arguments& given);

}  // namespace aurea::templates
