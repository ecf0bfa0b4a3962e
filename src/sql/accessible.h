// What of a schema the current role may use at all: the question behind the OpenAPI document.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "sql/statement.h"

namespace pando::sql {

// One column, oid: the relations of `schema` on which, or on a column of which, the current role holds any privilege,
// and the functions that it may execute (PostgreSQL chapter 9.26, access privilege inquiry functions).
Query WriteAccessible(const std::string& schema);

}  // namespace pando::sql
