// Which plans are known to be cheap before they run.
//
// Concurrency  pure functions
#pragma once

#include "plan/plan.h"

namespace pando::plan {

// True for a read of a table that names one value for each column of the primary key, and embeds nothing but to-one
// relations of tables: a handful of index look-ups, however large the tables are.
bool IsPointRead(const Plan& plan);

// True for an INSERT of one small row, into a table with catalog::Relation::plain_inserts, that is neither an upsert
// nor embeds anything: it yields exactly one row or fails.
bool IsSingleInsert(const Plan& plan, const rest::Payload& payload);

}  // namespace pando::plan
