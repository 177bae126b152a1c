// What filters sort, group and select items by: the item itself or something reached from it ("user.name", 0).
#pragma once

#include <optional>
#include <vector>

#include "templates/object.h"

namespace aurea::templates {

class ItemKey {
 public:
  /// Case matters not for strings unless `case_sensitive`: keys are put to lower case.
  static ItemKey itself(bool case_sensitive);
  static ItemKey item(int64_t index, bool case_sensitive);
  /// An integer, or names and numbers with dots between them.
  static ItemKey attribute(const Value& path, bool case_sensitive);
  /// `path` may be null or none: the item itself.
  static ItemKey optional_attribute(const Value* path, bool case_sensitive);
  /// Several paths with commas between them: the later decide where the earlier are equal.
  static std::vector<ItemKey> attributes(const Value& paths, bool case_sensitive);

  /// Stands for what is undefined on the way.
  void set_default(Value value) { default_ = std::move(value); }

  [[nodiscard]] Value of(const Value& item, Runtime& runtime) const;

 private:
  explicit ItemKey(bool case_sensitive) : case_sensitive_(case_sensitive) {}

  std::vector<Value> steps_;  // each a key for subscript()
  std::optional<Value> default_;
  bool case_sensitive_;
};

/// Stable; keys are compared one after the other.
ListPtr sort_items(Runtime& runtime, const List& list, const std::vector<ItemKey>& keys, bool reverse);

}  // namespace aurea::templates
