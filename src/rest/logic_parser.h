// Trees of conditions: and=(...), or=(...), not.and=(...), child.or=(...).
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "rest/query.h"

namespace pando::rest {

// One logic parameter, key and value decoded.
// REQUIRES: the last dot segment of `key` is "and" or "or".
//   kQueryParse  the key is not a path, the value is not a tree, or it nests deeper than `nesting_max`
Result<At<Logic>> ParseLogic(std::string_view key, std::string_view value, uint32_t nesting_max);

}  // namespace pando::rest
