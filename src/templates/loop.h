// The variable `loop` of a for loop.
#pragma once

#include "templates/object.h"

namespace aurea::templates {

struct ForStmt;
struct Scope;
class Interpreter;

class Loop final : public Object {
 public:
  /// `scope` is the one around the loop; a recursive loop's call runs its body there again.
  Loop(Interpreter& interpreter, const ForStmt& stmt, Scope* scope, ListPtr items, int depth);

  [[nodiscard]] std::string_view type_name() const override { return "LoopContext"; }
  [[nodiscard]] bool is_callable() const override;
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;
  Value call(Runtime& runtime, Arguments arguments) override;
  void print(TextBuilder& out, Runtime& runtime) const override;
  void release() override { last_ = Value(); }

  void set_index(size_t index) { index_ = index; }
  /// loop.cycle(a, b, ...)
  [[nodiscard]] Value cycle(const Arguments& arguments) const;
  /// loop.changed(values...): true if they differ from those of the last call.
  Value changed(Runtime& runtime, Arguments arguments);

 private:
  Interpreter& interpreter_;
  const ForStmt& stmt_;
  Scope* scope_;
  ListPtr items_;
  int recursion_;  // calls of this loop within itself, 0 for the outermost
  size_t index_ = 0;
  Value last_;  // of changed(): a tuple, undefined before the first call
  bool is_kept_ = false;
};

}  // namespace aurea::templates
