// What the database is asked before the event loops run.
//
// Concurrency  AskDatabase() is for any event loop; the others block, and end when the process is to stop
#pragma once

#include <optional>

#include "base/result.h"
#include "config/registry.h"
#include "net/task.h"
#include "server/database.h"
#include "server/database_settings.h"
#include "server/program_options.h"
#include "server/serving.h"
#include "server/stop_request.h"

namespace pando::server {

// Nothing when database.config_in_database is off.
Task<Result<DatabaseSettings>> AskDatabase(const ProgramOptions& options, const Database& database);

// Gives the options the values that the database keeps; those of the sources are loaded already. nullopt: the database
// could not be asked.
Result<std::optional<DatabaseSettings>> LoadDatabaseSettings(ProgramOptions& options, config::Registry& registry,
                                                             const ServeDeps& deps, const Database& database,
                                                             StopRequest& stop);

// A pooler that nobody named would lend one caller's session to another.
//   kPooler  there is one; where reading the settings would not find it
Result<void> RefusePooler(const ProgramOptions& options, const Database& database, StopRequest& stop);

}  // namespace pando::server
