#include "migrate/migrator.h"

#include <charconv>
#include <chrono>

#include "net/sleep.h"

namespace pando::migrate {
namespace {

// "pando" as a number: the key of the advisory lock, the same for every version of Pando.
constexpr const char* kLockKey = "482603297903";
constexpr milliseconds kLockPollInterval{100};

constexpr const char* kReadApplied =
    "SELECT version, name, checksum, applied_at, duration_ms FROM pando.migrations ORDER BY version";

// The schema may be there already and the role without the right to make one, so each is made only if it is not there.
constexpr const char* kMakeTable = R"sql(
DO $$
BEGIN
  IF pg_catalog.to_regnamespace('pando') IS NULL THEN
    CREATE SCHEMA pando;
  END IF;
  IF pg_catalog.to_regclass('pando.migrations') IS NULL THEN
    CREATE TABLE pando.migrations (
      version     bigint PRIMARY KEY,
      name        text NOT NULL,
      checksum    text NOT NULL,
      applied_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
      duration_ms bigint NOT NULL);
    COMMENT ON TABLE pando.migrations IS 'What "pando migrate" has applied.';
  END IF;
END
$$)sql";

int64_t ToInteger(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Task<Result<pg::Rows>> Read(pg::Connection& connection, std::string sql, Deadline deadline) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{std::move(sql), {}, false});
  PANDO_CO_TRY(std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  co_return std::move(rows.front());
}

Task<Result<std::vector<AppliedMigration>>> ReadApplied(pg::Connection& connection, Deadline deadline) {
  std::vector<AppliedMigration> applied;
  std::string find = "SELECT pg_catalog.to_regclass('pando.migrations') IS NOT NULL";
  PANDO_CO_TRY(const pg::Rows found, co_await Read(connection, std::move(find), deadline));
  if (found.Text(0, 0) != "t") co_return applied;
  std::string read = kReadApplied;
  PANDO_CO_TRY(const pg::Rows rows, co_await Read(connection, std::move(read), deadline));
  for (int row = 0; row < rows.size(); ++row) {
    AppliedMigration migration;
    migration.version = ToInteger(rows.Text(row, 0));
    migration.name = std::string(rows.Text(row, 1));
    migration.checksum = std::string(rows.Text(row, 2));
    migration.applied_at = std::string(rows.Text(row, 3));
    migration.duration_ms = ToInteger(rows.Text(row, 4));
    applied.push_back(std::move(migration));
  }
  co_return applied;
}

// Polls: a migrator that waits inside pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY of the other
// waits until all snapshots are gone, so that the two would wait for each other.
Task<Result<void>> AcquireLock(pg::Connection& connection, Deadline deadline) {
  for (;;) {
    std::string attempt = "SELECT pg_catalog.pg_try_advisory_lock(" + std::string(kLockKey) + ")";
    PANDO_CO_TRY(const pg::Rows rows, co_await Read(connection, std::move(attempt), deadline));
    if (rows.Text(0, 0) == "t") co_return Result<void>();
    if (deadline.passed()) {
      co_return Error(ErrorId::kRequestDeadline, "another migrator is at work on this database and did not end in time");
    }
    co_await net::Sleep(kLockPollInterval);
  }
}

Task<Result<void>> ReleaseLock(pg::Connection& connection, Deadline deadline) {
  std::string release = "SELECT pg_catalog.pg_advisory_unlock(" + std::string(kLockKey) + ")";
  const Result<pg::Rows> released = co_await Read(connection, std::move(release), deadline);
  if (!released) co_return released.error();
  co_return Result<void>();
}

Error Failed(const Migration& migration, int line, const Error& cause) {
  if (cause.kind() != ErrorKind::kDatabase) return cause;
  Error error(ErrorId::kMigrationFailed, migration.file + ":" + std::to_string(line) + ": " + cause.message());
  std::string detail = "SQLSTATE " + cause.sqlstate();
  if (cause.detail()) detail += ": " + *cause.detail();
  if (!migration.transaction) detail += "; it runs without a transaction: what it did before stays";
  error = error.WithDetail(std::move(detail));
  return cause.hint() ? error.WithHint(*cause.hint()) : error;
}

// Statement by statement, so that a failure has a line.
Task<Result<void>> RunStatements(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  for (const Statement& statement : SplitStatements(migration.text)) {
    std::string text(statement.text);
    const Result<void> ran = co_await connection.RunScript(std::move(text), deadline);
    if (!ran) co_return Failed(migration, statement.line, ran.error());
  }
  co_return Result<void>();
}

// The role that applies it may have been changed by the migration, and is the one that may write the table.
std::string RecordScript(const Migration& migration, int64_t duration_ms) {
  return "RESET ROLE; INSERT INTO pando.migrations (version, name, checksum, duration_ms) VALUES (" +
         std::to_string(migration.version) + ", " + pg::QuoteLiteral(migration.name) + ", " +
         pg::QuoteLiteral(migration.checksum) + ", " + std::to_string(duration_ms) + ")";
}

Task<Result<void>> RunScript(pg::Connection& connection, std::string script, Deadline deadline) {
  co_return co_await connection.RunScript(std::move(script), deadline);
}

Task<Result<int64_t>> RunAndRecord(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  const Clock::time_point start = Clock::now();
  PANDO_CO_CHECK(co_await RunStatements(connection, migration, deadline));
  const int64_t duration_ms = std::chrono::duration_cast<milliseconds>(Clock::now() - start).count();
  // A deferred constraint that the migration broke fails here, or at the commit, and concerns its last line.
  const Result<void> recorded = co_await RunScript(connection, RecordScript(migration, duration_ms), deadline);
  if (!recorded) co_return Failed(migration, 1, recorded.error());
  co_return duration_ms;
}

Task<Result<int64_t>> Apply(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  if (!migration.transaction) {
    const Result<int64_t> ran = co_await RunAndRecord(connection, migration, deadline);
    co_return ran;
  }
  PANDO_CO_CHECK(co_await RunScript(connection, "BEGIN", deadline));
  Result<int64_t> duration_ms = co_await RunAndRecord(connection, migration, deadline);
  if (duration_ms) {
    const Result<void> committed = co_await RunScript(connection, "COMMIT", deadline);
    if (committed) co_return duration_ms;
    duration_ms = Failed(migration, 1, committed.error());
  }
  // A broken connection was rolled back by the server; there the result of this does not matter.
  const Result<void> rolled_back = co_await RunScript(connection, "ROLLBACK", deadline);
  if (!rolled_back && duration_ms.error().kind() == ErrorKind::kDatabase) co_return rolled_back.error();
  co_return duration_ms.error();
}

Task<Result<size_t>> ApplyPending(pg::Connection& connection, const std::vector<Migration>& files,
                                  const Progress& progress, Deadline deadline) {
  PANDO_CO_CHECK(co_await RunScript(connection, kMakeTable, deadline));
  PANDO_CO_TRY(const std::vector<AppliedMigration> applied, co_await ReadApplied(connection, deadline));
  PANDO_CO_CHECK(CheckConsistent(Compare(files, applied)));
  // They are consistent, so that the first files are the applied ones.
  for (size_t i = applied.size(); i < files.size(); ++i) {
    PANDO_CO_TRY(const int64_t duration_ms, co_await Apply(connection, files[i], deadline));
    PANDO_CO_CHECK(co_await RunScript(connection, "RESET SESSION AUTHORIZATION; RESET ALL", deadline));
    if (progress) progress(files[i], duration_ms);
  }
  co_return files.size() - applied.size();
}

}  // namespace

Task<Result<std::vector<MigrationStatus>>> Status(pg::Connection& connection, std::vector<Migration> files,
                                                  Deadline deadline) {
  PANDO_CO_TRY(const std::vector<AppliedMigration> applied, co_await ReadApplied(connection, deadline));
  co_return Compare(files, applied);
}

Task<Result<size_t>> Up(pg::Connection& connection, std::vector<Migration> files, Progress progress,
                        Deadline deadline) {
  PANDO_CO_CHECK(co_await AcquireLock(connection, deadline));
  const Result<size_t> applied = co_await ApplyPending(connection, files, progress, deadline);
  // After a lost connection the server has released it.
  const Result<void> released = co_await ReleaseLock(connection, deadline);
  if (applied && !released) co_return released.error();
  co_return applied;
}

}  // namespace pando::migrate
