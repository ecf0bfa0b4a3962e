// Which privileges a role lacks of what PostgreSQL refused it. PostgreSQL names the refused object without its schema,
// so that the questions look for every object of that name.
//
// A row for each object:
//   kNamed       whether the request itself names the object; else it is one of that name in another schema that the
//                request may reach, and the last three columns are NULL
//   kName        the object as GRANT takes it, qualified
//   kLacks       whether the role lacks a privilege that the request needs on it; NULL: that cannot be told
//   kPrivileges  those that the role lacks, as GRANT takes them
//   kGrant       the statement that gives the role these and nothing more; NULL: that needs columns that are not known
//
// The texts are right under a search path of pg_catalog alone. No row: the role is gone.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/needs.h"
#include "sql/statement.h"

namespace pando::sql {

struct LackingColumns {
  static constexpr int kNamed = 0, kName = 1, kLacks = 2, kPrivileges = 3, kGrant = 4;
};

struct RefusedRelation {
  std::string name;
  std::vector<std::string> kinds;   // of pg_class.relkind
  std::vector<RelationNeed> needs;  // of the request, on relations of any name: views lead to others
  catalog::Oid written = 0;         // the table to whose rows a write through views comes, where it is known
  std::vector<catalog::Oid> shown;  // relations of that name that views of the request show
  bool reaches_any = true;          // the request may read relations beyond those that it names and its views show
};
Query WriteLacking(const std::string& role, const RefusedRelation& refused);

struct RefusedFunction {
  std::string name;
  std::vector<std::string> kinds;   // of pg_proc.prokind
  std::vector<FunctionNeed> needs;  // of functions of that name
};
Query WriteLacking(const std::string& role, const RefusedFunction& refused);

struct RefusedSequence {
  std::string name;
  std::vector<catalog::Oid> filled;  // relations whose defaults the request evaluates
};
Query WriteLacking(const std::string& role, const RefusedSequence& refused);

struct RefusedSchema {
  std::string name;
};
Query WriteLacking(const std::string& role, const RefusedSchema& refused);

}  // namespace pando::sql
