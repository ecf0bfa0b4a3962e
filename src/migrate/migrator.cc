#include "migrate/migrator.h"

#include <charconv>
#include <chrono>
#include <optional>

#include "net/sleep.h"
#include "pg/connection.h"
#include "pg/quote.h"

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
//
// Held by a connection of its own, which no migration can reach: pg_advisory_unlock_all() and DISCARD ALL give up the
// locks of their own session.
Task<Result<void>> AcquireLock(pg::Connection& guard, Deadline deadline) {
  std::string settings = "SET idle_session_timeout = 0";
  PANDO_CO_CHECK(co_await guard.RunScript(std::move(settings), deadline));
  for (;;) {
    std::string attempt = "SELECT pg_catalog.pg_try_advisory_lock(" + std::string(kLockKey) + ")";
    PANDO_CO_TRY(const pg::Rows rows, co_await Read(guard, std::move(attempt), deadline));
    if (rows.Text(0, 0) == "t") co_return Result<void>();
    if (deadline.passed()) {
      co_return Error(ErrorId::kRequestDeadline,
                      "another pando migrate works on this database, and did not end in time");
    }
    PANDO_CO_CHECK(co_await net::SleepFor(kLockPollInterval));
  }
}

// A session that lives has its locks.
Task<Result<void>> CheckLock(pg::Connection& guard, Deadline deadline) {
  std::string probe = "SELECT 1";
  const Result<void> alive = co_await guard.RunScript(std::move(probe), deadline);
  if (alive) co_return Result<void>();
  co_return Error(ErrorId::kDatabaseConnectionLost,
                  "the connection that keeps other migrators away is lost; what was applied so far is recorded")
      .WithDetail(alive.error().ToString());
}

Task<Result<void>> ReleaseLock(pg::Connection& guard, Deadline deadline) {
  std::string release = "SELECT pg_catalog.pg_advisory_unlock(" + std::string(kLockKey) + ")";
  const Result<pg::Rows> released = co_await Read(guard, std::move(release), deadline);
  if (!released) co_return released.error();
  co_return Result<void>();
}

// The Connection says where PostgreSQL saw the mistake; nullopt when PostgreSQL did not.
std::optional<int64_t> LineOf(const Error& cause) {
  constexpr std::string_view kBefore = "at line ";
  if (!cause.detail() || !cause.detail()->starts_with(kBefore)) return std::nullopt;
  return ToInteger(std::string_view(*cause.detail()).substr(kBefore.size()));
}

// `first_line` is that of the text which was sent.
Error Failed(const Migration& migration, int first_line, const Error& cause) {
  if (cause.kind() != ErrorKind::kDatabase) return cause;
  const std::optional<int64_t> line = LineOf(cause);
  std::string place = migration.file;
  if (line || !migration.transaction) place += ":" + std::to_string(first_line + line.value_or(1) - 1);
  std::string detail = "SQLSTATE " + cause.sqlstate();
  if (!line && cause.detail()) detail += ": " + *cause.detail();
  detail += migration.transaction ? "; rolled back" : "; it runs without a transaction: what it did before stays";
  const Error error = Error(ErrorId::kMigrationFailed, place + ": " + cause.message()).WithDetail(std::move(detail));
  return cause.hint() ? error.WithHint(*cause.hint()) : error;
}

// The migration may have changed its role or user; the one that it began with may write the table.
std::string RecordScript(const Migration& migration, const std::string& duration_ms) {
  return "RESET SESSION AUTHORIZATION; RESET ROLE; INSERT INTO pando.migrations (version, name, checksum, duration_ms) "
         "VALUES (" +
         std::to_string(migration.version) + ", " + pg::QuoteLiteral(migration.name) + ", " +
         pg::QuoteLiteral(migration.checksum) + ", " + duration_ms + ")";
}

// One text, and so one round trip, with its lines where they are in the file.
Task<Result<void>> ApplyInTransaction(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  const std::string duration_ms = "extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000";
  std::string script = "BEGIN; " + migration.text + "\n; " + RecordScript(migration, duration_ms) + "; COMMIT";
  const Result<void> ran = co_await connection.RunScript(std::move(script), deadline);
  if (!ran) co_return Failed(migration, 1, ran.error());
  co_return Result<void>();
}

// What is sent at once: one statement, for several in one text would be in one transaction; or a transaction of the
// migration's own, from its BEGIN to its COMMIT.
std::vector<Statement> PiecesOf(const std::string& text) {
  std::vector<Statement> pieces;
  bool in_transaction = false;
  for (const Statement& statement : SplitStatements(text)) {
    if (in_transaction) {
      Statement& whole = pieces.back();
      const char* const end = statement.text.data() + statement.text.size();
      whole.text = {whole.text.data(), static_cast<size_t>(end - whole.text.data())};
    } else {
      pieces.push_back(statement);
    }
    if (BeginsTransaction(statement.text)) in_transaction = true;
    if (EndsTransaction(statement.text)) in_transaction = false;
  }
  return pieces;
}

Task<Result<void>> ApplyWithoutTransaction(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  const Clock::time_point start = Clock::now();
  for (const Statement& piece : PiecesOf(migration.text)) {
    std::string text(piece.text);
    const Result<void> ran = co_await connection.RunScript(std::move(text), deadline);
    if (!ran) co_return Failed(migration, piece.line, ran.error());
  }
  const auto duration_ms = std::chrono::duration_cast<milliseconds>(Clock::now() - start).count();
  std::string record = RecordScript(migration, std::to_string(duration_ms));
  co_return co_await connection.RunScript(std::move(record), deadline);
}

Task<Result<void>> Apply(pg::Connection& connection, const Migration& migration, Deadline deadline) {
  if (migration.transaction) {
    PANDO_CO_CHECK(co_await ApplyInTransaction(connection, migration, deadline));
  } else {
    PANDO_CO_CHECK(co_await ApplyWithoutTransaction(connection, migration, deadline));
  }
  // Settings, the role, temporary tables that would hide others of their name, advisory locks.
  std::string reset = "DISCARD ALL";
  co_return co_await connection.RunScript(std::move(reset), deadline);
}

Task<Result<size_t>> ApplyPending(pg::Connection& connection, pg::Connection& guard,
                                  const std::vector<Migration>& files, const Progress& progress, Deadline deadline) {
  std::string make_table = kMakeTable;
  PANDO_CO_CHECK(co_await connection.RunScript(std::move(make_table), deadline));
  PANDO_CO_TRY(const std::vector<AppliedMigration> applied, co_await ReadApplied(connection, deadline));
  PANDO_CO_CHECK(CheckConsistent(Compare(files, applied)));
  // They are consistent, so that the first files are the applied ones.
  for (size_t i = applied.size(); i < files.size(); ++i) {
    PANDO_CO_CHECK(co_await CheckLock(guard, deadline));
    PANDO_CO_CHECK(co_await Apply(connection, files[i], deadline));
    if (progress) progress(files[i]);
  }
  co_return files.size() - applied.size();
}

}  // namespace

Task<Result<std::vector<MigrationStatus>>> Status(pg::Connection& connection, std::vector<Migration> files,
                                                  Deadline deadline) {
  PANDO_CO_TRY(const std::vector<AppliedMigration> applied, co_await ReadApplied(connection, deadline));
  co_return Compare(files, applied);
}

Task<Result<size_t>> Up(pg::Connection& connection, pg::Connection& guard, std::vector<Migration> files,
                        Progress progress, Deadline deadline) {
  PANDO_CO_CHECK(co_await AcquireLock(guard, deadline));
  const Result<size_t> applied = co_await ApplyPending(connection, guard, files, progress, deadline);
  // After a lost connection the server has released it.
  const Result<void> released = co_await ReleaseLock(guard, deadline);
  if (applied && !released) co_return released.error();
  co_return applied;
}

}  // namespace pando::migrate
