// The settings of one request (docs/rest.md section 20): what policies, views and functions can see of it.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/verifier.h"
#include "http/message.h"
#include "pg/exchange.h"
#include "plan/plan.h"
#include "serve/options.h"

namespace pando::serve {

// The request's schema and the extra ones as SQL text for search_path.
std::string SearchPath(const std::string& schema, const std::vector<std::string>& extra);

// What the database may spend on one statement of the request: a second more than the request has from its header on,
// so that it ends what nobody is left to cancel; `limit` where that is less. A limit of 0 is none.
milliseconds StatementTimeout(const http::Request& request, milliseconds limit);
// The same of a request that may write, which nobody cancels: what is left of its time now, less an eighth at most, so
// that the database ends it before its caller leaves. Nearly all requests have the same, which connections keep.
milliseconds WriteTimeout(const http::Request& request, milliseconds limit);

struct SettingsInput {
  const http::Request& http;
  const rest::Request& rest;
  const auth::Principal& principal;
  const RestOptions& options;
  const catalog::Catalog& catalog;
  const catalog::Function* function = nullptr;  // of a call: its own settings go with it
  bool read_only = false;
  bool repeatable_read = false;  // at least
  bool writes = false;           // and commits
  milliseconds role_limit{0};    // of what writes: RoleSettings::statement_timeout
};

// The limit that the role, or the function, sets for a statement of what writes; 0: none.
milliseconds StatementLimit(const SettingsInput& input);

// Makes them all in the exchange's transaction, before what is added next: an isolation level when a role or function
// asks for one, and one SELECT of set_config(..., true) for everything else. Of what writes, no role and no function
// gets more time than the request has.
void AddSettings(const SettingsInput& input, pg::Exchange& exchange);

// The command that makes those settings only, which have to be known by their names, for a connection that has the
// request's role and search path already. nullopt when there is nothing to make. The text depends on the set and on the
// configuration alone.
// REQUIRES: `observed` holds no Observed::kOther.
std::optional<pg::Command> ObservedSettings(const SettingsInput& input, catalog::Observed observed);

// The call of a function that an option names: "function" or "schema.function".
pg::Command CallCommand(const std::string& name);

}  // namespace pando::serve
