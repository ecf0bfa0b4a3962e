#include "telemetry/log_inventory.h"

#include "telemetry/log_line.h"

namespace pando::telemetry {
namespace {

using enum Level;

std::vector<LogRow> CacheAndCatalogEvents() {
  return {
      {"auth.key_unused",
       {kWarn},
       "One key of `auth.jwt_secret` cannot verify tokens: its type, algorithm or use is not supported. The line names "
       "the key and the reason.",
       "Nothing, if no token is signed with this key. Otherwise replace the key by one that is supported."},
      {"cache.advice",
       {kInfo},
       "The policies or queries of some tables and views make the cache less useful. The line names the tables and "
       "views, and the reason.",
       "Nothing, if their reads are fast enough. Otherwise change the policy or function as the line says "
       "([caching](../guides/caching.md))."},
      {"cache.keys_differ",
       {kWarn},
       "Servers behind the same cache make different surrogate keys, because the role of `changes.url` may not read "
       "their common secret. A PURGE from one server does not drop the responses of another.",
       "Set `cache.surrogate_secret` to the same text on all servers."},
      {"cache.off",
       {kInfo},
       "The cache is off, because Pando does not change a database that it does not manage unless it is asked to.",
       "To turn the cache on, set `changes.url`. To keep it off without this line, set `cache.url = \"off\"`."},
      {"cache.other_database",
       {kWarn},
       "Nothing is cached: `database.url` and `changes.url` do not reach the primary of the same database.",
       "Correct one of the two options."},
      {"catalog.changed", {kInfo}, "The schema of the database has changed, and Pando reads it again.", "Nothing."},
      {"catalog.load_failed",
       {kWarn, kError},
       "Pando could not read the schema of the database, and tries again. It goes on with the schema that it has. At "
       "level error this happened at the start: there is none, and requests are answered 503.",
       "See the error in the line: the database is away, or the role of `database.url` lacks a privilege."},
      {"catalog.loaded", {kInfo}, "Pando has read the schema of the database, and serves requests by it.", "Nothing."},
      {"catalog.role_settings_ignored",
       {kWarn},
       "`ALTER ROLE ... SET` gave a role settings that requests need another value of. Pando ignores them.",
       "Remove the settings that the line names with `ALTER ROLE ... RESET`."},
      {"catalog.watch_failed",
       {kWarn},
       "Pando cannot see whether the schema of the database changes. Responses stay right, but requests take longer "
       "until it can.",
       "See the error in the line."},
  };
}

std::vector<LogRow> ChangeEvents() {
  return {
      {"changes.no_triggers",
       {kWarn},
       "Nothing is cached: Pando cannot create the event triggers that show changes of the schema. Only a superuser "
       "may create them.",
       "Let the role of `changes.url` be a superuser, or do without the cache."},
      {"changes.publication_restored",
       {kWarn},
       "Something other than Pando altered the publication `pando`, so that changes did not reach the cache. Pando has "
       "restored the publication.",
       "Find what altered the publication, and keep it from doing so."},
      {"changes.streaming", {kInfo}, "Pando follows the changes of the database.", "Nothing."},
      {"changes.unavailable",
       {kWarn},
       "Pando cannot follow the changes of the database, and tries again. Until then the cache is not used.",
       "Do what the line says, such as setting `wal_level = logical`."},
      {"changes.unpublished",
       {kInfo},
       "The change stream does not carry the changes of some tables. Reads of them are not cached.",
       "Nothing, if these reads are fast enough. Otherwise run the `ALTER TABLE` that the line has for each table."},
      {"changes.waiting",
       {kWarn},
       "The change stream can begin only when a transaction that is open in the database has ended.",
       "Commit or end the transaction that the line names: `pg_terminate_backend(...)`, or `ROLLBACK PREPARED` for a "
       "prepared one."},
      {"config.changed", {kInfo}, "An option has a new value after a reload.", "Nothing."},
      {"config.database_unread",
       {kWarn},
       "Pando could not read the options that the database holds (`database.config_in_database`). It goes on with "
       "those that it has.",
       "See the error in the line. After the database is back, send SIGHUP."},
      {"config.needs_restart",
       {kWarn},
       "An option was changed that is read only at the start. The old value stays in force.",
       "Start Pando again when it suits you."},
      {"config.reload_failed",
       {kError},
       "The options were not reloaded, because one of them is wrong.",
       "Correct the option that the line names, and send SIGHUP again."},
      {"config.warning",
       {kWarn},
       "A setting has no effect, such as a `PGRST_` variable that Pando does not know.",
       "Remove the setting, or see [options](options.md) for the one to use instead."},
  };
}

std::vector<LogRow> DatabaseEvents() {
  return {
      {"database.away",
       {kWarn},
       "Pando cannot connect to the database. Requests are refused with 503, and Pando tries again.",
       "See the error in the line: the address, the network, the password, `pg_hba.conf`, or the database itself."},
      {"database.back", {kInfo}, "The database accepts connections again.", "Nothing."},
      {"database.given_up",
       {kError},
       "Pando no longer uses the database, because a pooler before it does not work as `database.pooler` says. "
       "Requests are refused until Pando is started again.",
       "Set `database.pooler` to what the line says, and start Pando again."},
      {"database.standby_awaited",
       {kWarn},
       "Commits wait for a synchronous standby of the database. While half of the connections wait, further writes are "
       "refused with 503.",
       "Bring the standby back, or take it out of `synchronous_standby_names`."},
      {"database.standby_back", {kInfo}, "Commits no longer wait for a synchronous standby.", "Nothing."},
      {"database.write_ended",
       {kWarn},
       "A write ended after its client had left, or had been answered 504 because its outcome was not known. `outcome` "
       "says whether the write was done.",
       "Compare with the report of a client whose write was answered `PANDO4008` ([errors](../guides/errors.md))."},
      {"embedded.exited",
       {kError},
       "The embedded PostgreSQL ended. Its supervisor starts it again.",
       "Nothing, if it happens once. Otherwise look for a lack of memory or disk space."},
      {"embedded.initialise",
       {kInfo},
       "Pando creates the data folder of the embedded PostgreSQL.",
       "Nothing. If you expected your data to be there, check the folder in `database.url`."},
      {"embedded.left_behind",
       {kError},
       "Pando could not stop what was left of the embedded PostgreSQL.",
       "End the processes that the line names before you start Pando again."},
      {"embedded.lost",
       {kError},
       "The supervisor of the embedded PostgreSQL is gone, so Pando ends.",
       "Start Pando again, or let a service manager do it."},
      {"embedded.restarted", {kInfo}, "The embedded PostgreSQL runs again after it had ended.", "Nothing."},
      {"embedded.secret",
       {kWarn},
       "Other accounts could read the file of the secret that signs tokens. Pando has made the file private.",
       "If one of these accounts may have read the file, remove it and start Pando again. Tokens signed so far are "
       "then refused."},
  };
}

std::vector<LogRow> ServerEvents() {
  return {
      {"http.accept",
       {kWarn},
       "Pando could not accept a client connection.",
       "If the cause is too many open files, raise the limit (`ulimit -n`) or lower `http.connections_max`."},
      {"http.exception", {kError}, "A fault in Pando ended a request, which was answered 500.", "Report the line."},
      {"http.reload_failed",
       {kError},
       "The new options of `http` are not used, because one of them is wrong, such as a certificate that cannot be "
       "read.",
       "Correct the option that the line names, and send SIGHUP again."},
      {"http.slow_client",
       {kWarn},
       "A client was disconnected because it sent a request body, or read a response, more slowly than "
       "`http.rate_min`.",
       "Nothing, unless it happens often: lower `http.rate_min` for clients on slow networks."},
      {"http.status",
       {kError},
       "A fault in Pando gave a request a status that does not exist; the request was answered 500.",
       "Report the line."},
      {"migrations.invalid",
       {kWarn},
       "The files of `migrate.folder` cannot be used as migrations, or do not match what the database has.",
       "Correct what the line names; `pando migrate` refuses it as well."},
      {"migrations.pending", {kWarn}, "Some migrations are not applied to the database.", "Run `pando migrate`."},
      {"purge.again",
       {kInfo},
       "A cache of `cache.purge_urls` accepts PURGE again. Pando has told it to drop everything.",
       "Nothing."},
      {"purge.failed",
       {kWarn},
       "A cache of `cache.purge_urls` did not accept PURGE, and may hold outdated responses. Pando tries again.",
       "See `why` in the line: the cache is away, or refuses PURGE from this host."},
      {"request.denied",
       {kInfo},
       "The database denied a request because the role lacks a privilege. Each privilege is logged once.",
       "If the role is meant to do this, run the `GRANT` in the line."},
      {"request.failed",
       {kWarn},
       "A request was answered with a status of 500 or above.",
       "See the error in the line, and its code in [errors](errors.md)."},
      {"secret.readable",
       {kWarn},
       "Other accounts can read a file that holds a secret.",
       "Run the `chmod` in the line."},
      {"server.listening", {kInfo}, "Pando accepts requests on this address.", "Nothing."},
      {"server.signalled", {kInfo}, "Pando received SIGTERM or SIGINT, and will stop.", "Nothing."},
      {"server.stopped", {kInfo}, "Pando has stopped. No request is in flight.", "Nothing."},
      {"server.stopping",
       {kInfo},
       "Pando stops. It accepts no more connections, and requests in flight have `http.drain_grace` to finish.",
       "Nothing."},
      {"task.exception",
       {kError},
       "A fault in Pando ended a task in the background.",
       "Report the line, and start Pando again if it does not work as before."},
  };
}

const std::vector<LogRow>& Rows() {
  // Leaked on purpose, as the inventory of metrics.
  static const auto* rows = [] {
    auto* all = new std::vector<LogRow>(CacheAndCatalogEvents());
    for (const auto& group : {ChangeEvents(), DatabaseEvents(), ServerEvents()})
      all->insert(all->end(), group.begin(), group.end());
    return all;
  }();
  return *rows;
}

}  // namespace

std::span<const LogRow> AllLogEvents() { return Rows(); }

std::string LogsPage() {
  std::string page =
      "<!-- Printed by `pando config logs`: run `./dev docs` rather than edit it. -->\n\n"
      "# Log events\n\n"
      "Pando logs to standard error, one line for each event: as text, or as JSON (`log.format`). The name of an event "
      "is\n"
      "stable; the sentence beside it may change. `log.level` sets the lowest level that is written. The access log\n"
      "(`log.access`) is one JSON line for each request, and has no event.\n\n"
      "| event | level | what happened | what to do |\n| --- | --- | --- | --- |\n";
  for (const LogRow& row : AllLogEvents()) {
    std::string levels;
    for (const Level level : row.levels) levels += (levels.empty() ? "" : " or ") + std::string(ToString(level));
    page += "| `" + std::string(row.event) + "` | " + levels + " | " + std::string(row.happened) + " | " +
            std::string(row.to_do) + " |\n";
  }
  return page;
}

}  // namespace pando::telemetry
