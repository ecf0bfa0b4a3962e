// The `select` parameter: columns, aggregates, embeds and spreads as a forest.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/query.h"

namespace pando::rest {

// Columns and embeds of one select list, at all depths: a relation has no more columns.
inline constexpr size_t kSelectItemsMax = 1600;

// An empty text gives no items, which means every column.
//   kQueryParse  the text is not a select list, it has more than kSelectItemsMax items, or embeds nest deeper than
//                `nesting_max`
Result<std::vector<SelectItem>> ParseSelect(std::string_view text, uint32_t nesting_max);

}  // namespace pando::rest
