// Shared by this folder's tests: rendering a source in one call.
#pragma once

#include <string>
#include <string_view>

#include "templates/chat_template.h"

namespace aurea::templates {

struct TemplateCase {
  const char* source;
  const char* expected;
};

inline std::string render(std::string_view source, const Json& variables = Json::object(), const Limits& limits = {}) {
  return ChatTemplate(source, limits).render(variables);
}

/// The message of the TemplateError that loading or rendering throws; empty if there is none.
inline std::string error_of(std::string_view source, const Json& variables = Json::object(),
                            const Limits& limits = {}) {
  try {
    render(source, variables, limits);
  } catch (const TemplateError& error) {
    return error.what();
  }
  return {};
}

}  // namespace aurea::templates
