// The tree of a template. Nodes are plain data: the parser makes them, the interpreter walks them, nothing changes
// them, so one template can be rendered from several threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "templates/filters.h"
#include "templates/operators.h"
#include "templates/tests.h"
#include "templates/value.h"

namespace aurea::templates {

using NameId = uint32_t;  // index into Program::names

struct Node {
  int line = 0;
  int depth = 1;  // levels of the tree below and with this node, at most Limits::nesting
};

// --- expressions ----------------------------------------------------------------------------------------------------

enum class ExprKind : uint8_t {
  kConstant,
  kName,
  kList,
  kDict,
  kNot,
  kNegate,
  kPlus,
  kBinary,
  kAnd,
  kOr,
  kCompare,
  kConcat,
  kConditional,
  kFilter,
  kTest,
  kAttribute,
  kSubscript,
  kSlice,
  kCall
};

struct Expr : Node {
  explicit Expr(ExprKind k) : kind(k) {}
  virtual ~Expr() = default;
  ExprKind kind;
};
using ExprPtr = std::unique_ptr<Expr>;

struct ConstantExpr : Expr {
  explicit ConstantExpr(Value v) : Expr(ExprKind::kConstant), value(std::move(v)) {}
  Value value;
};

struct NameExpr : Expr {
  explicit NameExpr(NameId i) : Expr(ExprKind::kName), id(i) {}
  NameId id;
};

struct ListExpr : Expr {
  ListExpr() : Expr(ExprKind::kList) {}
  std::vector<ExprPtr> items;
  bool is_tuple = false;
};

struct DictExpr : Expr {
  DictExpr() : Expr(ExprKind::kDict) {}
  std::vector<std::pair<ExprPtr, ExprPtr>> entries;
};

/// kNot, kNegate, kPlus.
struct UnaryExpr : Expr {
  UnaryExpr(ExprKind k, ExprPtr o) : Expr(k), operand(std::move(o)) {}
  ExprPtr operand;
};

/// kBinary (with its operator), kAnd, kOr.
struct BinaryExpr : Expr {
  BinaryExpr(ExprKind k, BinaryOp o, ExprPtr l, ExprPtr r) : Expr(k), op(o), left(std::move(l)), right(std::move(r)) {}
  BinaryOp op;
  ExprPtr left, right;
};

/// first OP operand OP operand ...: true if each comparison of neighbours is.
struct CompareExpr : Expr {
  CompareExpr() : Expr(ExprKind::kCompare) {}
  ExprPtr first;
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
};

struct ConcatExpr : Expr {
  ConcatExpr() : Expr(ExprKind::kConcat) {}
  std::vector<ExprPtr> parts;
};

struct ConditionalExpr : Expr {
  ConditionalExpr() : Expr(ExprKind::kConditional) {}
  ExprPtr condition, then, otherwise;  // `otherwise` may be null: undefined
};

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> keyword;
  ExprPtr star, double_star;  // *list and **dict, may be null
};

/// `filter` is null for a name that is unknown in a branch that may never run.
struct FilterExpr : Expr {
  FilterExpr() : Expr(ExprKind::kFilter) {}
  std::string name;
  const FilterRow* filter = nullptr;
  ExprPtr input;  // null in a filter block: the block's text
  CallArguments arguments;
};

struct TestExpr : Expr {
  TestExpr() : Expr(ExprKind::kTest) {}
  std::string name;
  const TestRow* test = nullptr;
  bool negated = false;
  ExprPtr input;
  CallArguments arguments;
};

struct AttributeExpr : Expr {
  AttributeExpr() : Expr(ExprKind::kAttribute) {}
  ExprPtr object;
  std::string name;
};

struct SubscriptExpr : Expr {
  SubscriptExpr() : Expr(ExprKind::kSubscript) {}
  ExprPtr object, key;
};

struct SliceExpr : Expr {
  SliceExpr() : Expr(ExprKind::kSlice) {}
  ExprPtr object, start, stop, step;  // the last three may be null
};

struct CallExpr : Expr {
  CallExpr() : Expr(ExprKind::kCall) {}
  ExprPtr function;
  CallArguments arguments;
};

// --- statements -----------------------------------------------------------------------------------------------------

enum class StmtKind : uint8_t {
  kText,
  kPrint,
  kIf,
  kFor,
  kSet,
  kSetBlock,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kWith,
  kScope,
  kBreak,
  kContinue,
  kNoLoader
};

struct Stmt : Node {
  explicit Stmt(StmtKind k) : kind(k) {}
  virtual ~Stmt() = default;
  StmtKind kind;
};
using StmtPtr = std::unique_ptr<Stmt>;
using Body = std::vector<StmtPtr>;

/// What a value is assigned to: a name, an attribute of a namespace, or several of these.
struct Target {
  enum class Kind : uint8_t { kName, kAttribute, kTuple };
  Kind kind = Kind::kName;
  int line = 0;
  NameId id = 0;          // the name, or the namespace's
  std::string attribute;  // kAttribute
  std::vector<Target> parts;
};

struct TextStmt : Stmt {
  explicit TextStmt(std::string t) : Stmt(StmtKind::kText), text(std::move(t)) {}
  std::string text;
};

struct PrintStmt : Stmt {
  explicit PrintStmt(ExprPtr e) : Stmt(StmtKind::kPrint), value(std::move(e)) {}
  ExprPtr value;
};

struct IfStmt : Stmt {
  IfStmt() : Stmt(StmtKind::kIf) {}
  std::vector<std::pair<ExprPtr, Body>> branches;  // if, elif
  Body otherwise;
};

struct ForStmt : Stmt {
  ForStmt() : Stmt(StmtKind::kFor) {}
  Target target;
  ExprPtr items, condition;  // `condition` may be null
  Body body, otherwise;
  bool recursive = false;
};

struct SetStmt : Stmt {
  SetStmt() : Stmt(StmtKind::kSet) {}
  Target target;
  ExprPtr value;
};

/// {% set x %}...{% endset %}
struct SetBlockStmt : Stmt {
  SetBlockStmt() : Stmt(StmtKind::kSetBlock) {}
  Target target;
  ExprPtr filter;  // a FilterExpr whose innermost input is null; or null
  Body body;
};

/// A macro, and the body of a call block, which its macro gets as `caller`.
struct MacroDefinition {
  std::string name;
  int line = 0;
  std::vector<std::pair<NameId, ExprPtr>> parameters;  // with defaults, which may be null
  Body body;
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
};

struct MacroStmt : Stmt {
  MacroStmt() : Stmt(StmtKind::kMacro) {}
  NameId id = 0;
  MacroDefinition definition;
};

struct CallBlockStmt : Stmt {
  CallBlockStmt() : Stmt(StmtKind::kCallBlock) {}
  std::unique_ptr<CallExpr> call;
  MacroDefinition caller;
};

struct FilterBlockStmt : Stmt {
  FilterBlockStmt() : Stmt(StmtKind::kFilterBlock) {}
  ExprPtr filter;  // as in SetBlockStmt
  Body body;
};

struct WithStmt : Stmt {
  WithStmt() : Stmt(StmtKind::kWith) {}
  std::vector<std::pair<Target, ExprPtr>> bindings;
  Body body;
};

/// A body with a scope of its own: a generation block, which sees everything around it, or a named block, which sees
/// template-level variables only.
struct ScopeStmt : Stmt {
  ScopeStmt() : Stmt(StmtKind::kScope) {}
  bool sees_surroundings = true;
  Body body;
};

/// break, continue, and tags that would load another template, which always fail.
struct SimpleStmt : Stmt {
  explicit SimpleStmt(StmtKind k) : Stmt(k) {}
};

struct Program {
  std::vector<std::string> names;
  std::unordered_map<std::string, NameId> ids;
  Body body;
};

}  // namespace aurea::templates
