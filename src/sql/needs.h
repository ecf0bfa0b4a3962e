// The privileges that the statement of a plan needs: on the relations that the statement itself names, by column, and
// on the functions that it itself calls. What these run in turn (policies, defaults, triggers, views, types) is not
// part.
//
// Concurrency  pure functions
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace pando::sql {

struct RelationNeed {
  const catalog::Relation* relation = nullptr;  // not null
  std::string privilege;                        // SELECT, INSERT, UPDATE or DELETE
  std::set<std::string> columns;  // each of them; empty: any one column, or DELETE, which is not granted by column
};

// EXECUTE on a function.
struct FunctionNeed {
  catalog::QualifiedName name;
  catalog::Oid oid = 0;       // 0: the function is known by `argument`
  catalog::Oid argument = 0;  // the type of the only argument, where `oid` is 0
};

struct Needs {
  std::vector<RelationNeed> relations;
  std::vector<FunctionNeed> functions;
};

// What WriteStatement() writes for the plan, except that a count reads less.
Needs NeedsOf(const plan::Plan& plan);

}  // namespace pando::sql
