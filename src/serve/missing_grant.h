// What would help against 42501: the GRANT that is missing, as far as it is certain.
//
// PostgreSQL names what it refused by kind and name, without the schema, and does not say to which role. A Denial has
// what the request itself needs of that name, and the question which of it the role lacks. A statement is told only
// where the answer leaves one object: a wrong one would open what was not refused.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/relation.h"
#include "pg/rows.h"
#include "plan/plan.h"
#include "sql/lacking.h"

namespace pando::serve {

// How PostgreSQL calls such a relation where it refuses it, with a blank behind: "table " (aclcheck_error).
std::string_view WordsFor(catalog::Relation::Kind kind);

// What was done when PostgreSQL refused it.
struct DeniedContext {
  const std::string& role;
  const catalog::Catalog* catalog = nullptr;  // null: none is loaded
  const plan::Plan* plan = nullptr;           // null: there was none yet
  const plan::Plan* before = nullptr;         // of a read in front of a write with conditions; null: there was none
  const plan::Named* named = nullptr;         // without a plan: what a body was refused for; null: nothing is named
  std::string_view method = {};               // of HTTP
  bool is_role_certain = true;                // false: something may have changed the role before the statement
  bool is_schema_certain = true;              // false: the catalog may be out of date
};

struct Denial {
  std::string role;
  std::string object;                  // as PostgreSQL names it: "table orders"
  std::string sentence;                // what is true without an answer
  std::optional<sql::Query> question;  // sql::WriteLacking(); nullopt: no answer would tell more
};

// nullopt when the error is not about a grant (a policy, an owner's right, a raised 42501), or is not in English.
std::optional<Denial> ReadDenial(const Error& error, const DeniedContext& context);

// "A privilege is missing: GRANT SELECT ON public.orders TO anon;", or a sentence without a statement.
// REQUIRES: denial.question, which `rows` answer
std::string TellDenial(const Denial& denial, const pg::Rows& rows);

}  // namespace pando::serve
