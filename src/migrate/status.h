// How the files of an application compare with what was applied to a database.
//
// Concurrency  pure functions
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/files.h"

namespace pando::migrate {

// A row of the table pando.migrations.
struct AppliedMigration {
  int64_t version = 0;
  std::string name;
  std::string checksum;
  std::string applied_at;  // as PostgreSQL writes it
  int64_t duration_ms = 0;
};

enum class MigrationState {
  kApplied,
  kPending,
  kChanged,  // applied, and the file is another now
  kMissing,  // applied, and the file is gone
  kSkipped,  // not applied, and older than one that is
};

std::string_view ToString(MigrationState state);

struct MigrationStatus {
  int64_t version = 0;
  std::string label;  // the file's name; of a missing one its version and name
  MigrationState state = MigrationState::kPending;
  std::string applied_at;  // empty: not applied
  int64_t duration_ms = 0;
};

// In order of version. REQUIRES: both are in order of version.
std::vector<MigrationStatus> Compare(const std::vector<Migration>& files, const std::vector<AppliedMigration>& applied);

// May the pending ones be applied?
//   kMigrationInvalid  some are changed, missing or skipped; the detail names them
Result<void> CheckConsistent(const std::vector<MigrationStatus>& statuses);

size_t CountPending(const std::vector<MigrationStatus>& statuses);

}  // namespace pando::migrate
