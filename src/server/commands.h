// What the subcommands besides serve do with the database and the secret. For the command line: they block, print to
// standard output, and return what went wrong.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "server/program_options.h"
#include "server/stop_request.h"

namespace pando::server {

// Applies the pending migrations as the owner role, a line for each.
//   as migrate::Up, and as Database::Open
Result<void> MigrateUp(const ProgramOptions& options);
// A line for each file or applied migration.
Result<void> MigrateStatus(const ProgramOptions& options);

// Logs a warning when migrate.folder holds migrations that the database lacks, or that differ from what it has. Says
// nothing of a database that does not answer at once: others do.
void WarnOfPendingMigrations(const ProgramOptions& options, const std::string& owner_uri, StopRequest& stop);

// Calls `work` with a connection string for the owner of the configured database, which runs meanwhile.
//   as Database::Open, and as `work`
Result<void> WithDatabase(const ProgramOptions& options,
                          const std::function<Result<void>(const std::string& owner_uri)>& work);

struct KeysRequest {
  std::string role;     // empty: anon and service_role, named
  std::string subject;  // the claim "sub", which policies read; empty: none
  int64_t lifetime_seconds = int64_t{10} * 365 * 24 * 3600;
};

// Prints tokens signed with the configured secret, or the embedded one.
//   kNoJwtSecret  none is configured, or it is a public key
Result<void> PrintKeys(const ProgramOptions& options, const KeysRequest& request);

}  // namespace pando::server
