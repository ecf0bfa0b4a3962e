// Which settings of ALTER ROLE ... SET hold for the requests of a role.
//
// Concurrency  pure functions
#pragma once

#include <string_view>

namespace pando::introspect {

// False for settings that the server relies on to read what PostgreSQL sends, and for those that say who a session is.
// A role cannot have them otherwise; the design note 0009 goes through the whole list of pg_settings. `name` is spelled
// as in pg_settings.
bool MayRoleSet(std::string_view name);

}  // namespace pando::introspect
