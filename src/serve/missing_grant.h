// What would help against 42501: the GRANT that is missing.
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

// A sentence that says which privilege `role` lacks: "A privilege is missing: GRANT SELECT ON public.orders TO anon;".
// The statement names all that the request needs of the relation, for PostgreSQL does not say which privilege was
// refused. It names the refused object without its schema, too: where several may be meant, or where a function or
// trigger needs something of its own, the sentence has no statement, because a wrong one would open what nobody asked
// for. nullopt when the error is not about a grant (a policy, an owner's right, a raised 42501), or is not in English.
std::optional<std::string> MissingPrivilege(const Error& error, const DeniedContext& context);

}  // namespace pando::serve
