// The value of `order` parameters.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/query.h"

namespace pando::rest {

// At least one term.
//   kQueryParse  the text is not a list of terms
Result<std::vector<OrderTerm>> ParseOrder(std::string_view text);

}  // namespace pando::rest
