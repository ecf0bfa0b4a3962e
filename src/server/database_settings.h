// Configuration kept in the database, as PostgREST has it: settings named pgrst.* that ALTER ROLE gave to the role that
// connects, or that the function rest.pre_config makes.
//
// Concurrency  each call has a connection of its own
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/connect_options.h"

namespace pando::server {

// Names without "pgrst.": the form of config::Sources::database_settings.
using DatabaseSettings = std::map<std::string, std::string>;

// `pre_config` is "function" or "schema.function"; nullopt calls none.
//   as pg::Connection::Open and Run
Task<Result<DatabaseSettings>> QueryDatabaseSettings(pg::ConnectOptions connect, std::optional<std::string> pre_config,
                                                     Deadline deadline);

}  // namespace pando::server
