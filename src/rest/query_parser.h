// The query string as a whole: parameters in, a Query out.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/query.h"
#include "rest/windows.h"

namespace pando::rest {

// Of one query string.
inline constexpr int64_t kParametersMax = 1600;

struct QueryContext {
  // GET of a function: a parameter whose value is no operator expression is an argument. Elsewhere it is an error.
  bool arguments_allowed = false;
  uint32_t nesting_max = 100;
};

struct ParsedQuery {
  Query query;                           // without its windows, which also depend on the Range header
  std::vector<WindowParameter> windows;  // for MergeWindows()
};

// True when a parameter of that (decoded) name is a filter: not select, order, limit and the like, behind whatever
// path.
bool IsFilterKey(std::string_view key);

// `text` is still encoded, without its '?'.
//   kQueryParse  there are more than kParametersMax, or a parameter has no '=', is malformed, or is given twice where
//                it may stand once (select, columns, on_conflict; order, limit and offset of one level); of several the
//                first in the order: without '=', order, logic, columns, select, filters, on_conflict, limit and offset
Result<ParsedQuery> ParseQuery(std::string_view text, const QueryContext& context);

}  // namespace pando::rest
