// What would help against an error: the GRANT that is missing, the path that was meant.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"
#include "plan/plan.h"

namespace pando::serve {

// What was done when PostgreSQL refused it.
struct DeniedContext {
  const std::string& role;
  const std::string& schema;        // of the request
  const catalog::Catalog* catalog;  // null: none is loaded
  const plan::Plan* plan;           // null: there was none yet
  std::string_view method;          // of HTTP
};

// The statement that gives `role` what it lacks, without a semicolon: "GRANT SELECT ON public.orders TO anon". It names
// all that the request needs of its own relation, for PostgreSQL does not say which privilege was missing. nullopt when
// the error is not about a grant (a policy, an owner's right, a raised 42501), or is not in English.
std::optional<std::string> MissingGrant(const Error& error, const DeniedContext& context);

// Which part of the API lies where.
struct PathContext {
  std::string_view path;      // as sent, without the query
  const std::string& prefix;  // rest.prefix
  const std::string& schema;
  const catalog::Catalog* catalog;  // null: none is loaded
};

// kInvalidPath as `error` says it, with a hint where one can tell what was meant: a row by its key (`/orders/5`), a
// trailing slash, a path without the prefix; and with a sentence of its own for the other APIs of Supabase.
Error WithMeantPath(const Error& error, const PathContext& context);

}  // namespace pando::serve
