// Which answers the database yields as plain rows, for the server to print as JSON: cheaper for the two together than
// an aggregate that builds the text, and the same bytes (pgtypes/json_value.h).
//
// Concurrency  pure functions
#pragma once

#include "plan/plan.h"

namespace pando::sql {

// All rows of a result are held in memory, and PostgreSQL ends a text that grows past 1 GB: more rows than this are
// left to the latter. A read without a limit is tried with one more: when that comes back, the database prints it.
inline constexpr int64_t kFlatRowsMax = 10'000;

// True for reads answered as JSON, of at most kFlatRowsMax rows or without a limit, whose columns are known to be of
// types that JsonFormOf() knows; embeds among them are JSON that the database makes.
bool IsFlat(const plan::Plan& plan);

}  // namespace pando::sql
