#include "core/error.h"

#include <string_view>

namespace aurea {

void fail_check(const char* condition, const char* file, int line) {
  std::string_view name = file;
  if (const auto slash = name.rfind("src/"); slash != std::string_view::npos) name.remove_prefix(slash);
  fail(ErrorCode::kInternal, "internal error: {} does not hold ({}:{}); please report this", condition, name, line);
}

}  // namespace aurea
