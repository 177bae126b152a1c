// The variables of a rendering: JSON into values, and which of their texts count as the template's own.
#pragma once

#include <string_view>

#include "core/json.h"
#include "templates/value.h"

namespace aurea::templates {

/// The variable `name`. Texts count as values, that is, as data in which no special token is looked for, but for two:
///  - variables whose names end in "_token" (bos_token, eos_token): the caller took them from the model's own files;
///  - the `role` of an item of `messages` when it is one of the roles every template knows (system, user, ...):
///    templates such as Phi-4-mini's print '<|' + role + '|>', and the token must still be recognised. A role outside
///    the list stays data, so a request cannot name a token of its choice.
/// Invalid UTF-8 becomes U+FFFD. Throws on JSON nested deeper than kJsonMaxDepth and on integers above 64 bits.
Value variable_from_json(std::string_view name, const Json& json, Meter& meter);

}  // namespace aurea::templates
