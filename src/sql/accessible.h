// What the current role may use: of a whole schema, which is the question behind the OpenAPI document, and one thing.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "sql/statement.h"

namespace pando::sql {

// One column, oid: the relations of `schema` on which, or on a column of which, the current role holds any privilege,
// and the functions that it may execute (PostgreSQL chapter 9.26, access privilege inquiry functions).
Query WriteAccessible(const std::string& schema);

// What Query WriteForbidden() answers, as one text. NULL: nothing is forbidden, or the thing is gone.
inline constexpr std::string_view kForbiddenSchema = "schema", kForbiddenThing = "thing";

// Whether the current role lacks what a write needs: USAGE of the schema, and `privilege`, which is INSERT or UPDATE,
// on the relation or a column of it.
Query WriteForbidden(const catalog::Relation& relation, const std::string& privilege);
// Whether it lacks USAGE of their schema, or EXECUTE on each of them. REQUIRES: not empty, of one schema
Query WriteForbidden(const std::vector<const catalog::Function*>& functions);

}  // namespace pando::sql
