// Which plans are known to be cheap before they run.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "plan/plan.h"

namespace pando::plan {

// True for a read of a table that names one value for each column of the primary key, and embeds nothing but to-one
// relations of tables: a handful of index look-ups, however large the tables are.
bool IsPointRead(const Plan& plan);

// True for an INSERT of one small row, into a table with catalog::Relation::plain_writes, that is neither an upsert
// nor embeds anything: it yields exactly one row or fails.
bool IsSingleInsert(const Plan& plan, const rest::Payload& payload);

// True for an UPDATE by one small row, of such a table, that names one value for each column of the primary key and
// embeds nothing: it changes one row, or none, or fails.
bool IsSingleUpdate(const Plan& plan, const rest::Payload& payload);

// The row that it locks. Those who lock many at once, all in the order of these texts, do not wait for each other in a
// circle. (They may for a row that is written in two ways, as 5 and 05.)
// REQUIRES: IsSingleUpdate().
std::string LockedRow(const Plan& plan);

}  // namespace pando::plan
