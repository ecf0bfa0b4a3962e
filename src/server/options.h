// The options of the serving process that belong to no module below: the database, the event loops.
#pragma once

#include <chrono>
#include <string>

#include "base/deadline.h"
#include "base/option.h"
#include "base/result.h"
#include "pg/pooler.h"

namespace pando::server {

struct DatabaseOptions {
  std::string url = "embedded:";
  uint32_t connections_max = 10;
  uint32_t waiters_max = 1000;
  milliseconds acquire_timeout = std::chrono::seconds(10);
  milliseconds connect_timeout = std::chrono::seconds(10);
  milliseconds idle_timeout = std::chrono::seconds(30);
  milliseconds lifetime_max = std::chrono::minutes(30);
  uint32_t statements_max = 1000;
  std::string channel = "pgrst";
  std::string pooler = "none";
  bool config_in_database = true;
};

template <class Visitor>
void Describe(Visitor& visit, DatabaseOptions& o) {
  using std::chrono::hours;
  const Range<milliseconds> span{milliseconds(1), hours(24)};
  const Range<milliseconds> span_or_never{milliseconds(0), hours(24 * 365)};
  visit.Option("database.url", o.url, Reload::kRestart,
               "The database: embedded: or embedded:FOLDER for the private PostgreSQL that Pando runs itself, or a "
               "postgres:// URI, which may list several hosts: the primary among them is used.");
  visit.Option("database.connections_max", o.connections_max, Range<uint32_t>{1, 10'000}, Reload::kLive,
               "Connections this process may hold to the database; each costs that server a process.");
  visit.Option("database.waiters_max", o.waiters_max, Range<uint32_t>{0, 1'000'000}, Reload::kRestart,
               "Requests that may wait for a connection; the next one is refused at once with 503.");
  visit.Option("database.acquire_timeout", o.acquire_timeout, span, Reload::kRestart,
               "Longest wait for a connection, cut short by the request's own deadline; then 504.");
  visit.Option("database.connect_timeout", o.connect_timeout, span, Reload::kRestart,
               "Longest time that opening a connection may take.");
  visit.Option("database.idle_timeout", o.idle_timeout, span_or_never, Reload::kRestart,
               "A connection that nobody needed for so long is closed; 0ms keeps it.");
  visit.Option("database.lifetime_max", o.lifetime_max, span_or_never, Reload::kRestart,
               "A connection is replaced after so long, so that settings and memory are renewed; 0ms keeps it.");
  visit.Option("database.statements_max", o.statements_max, Range<uint32_t>{1, 100'000}, Reload::kRestart,
               "Prepared statements kept on each connection; each costs the database server some 10 KiB and more.");
  visit.Option("database.channel", o.channel, Reload::kRestart,
               "Channel whose NOTIFY with the payload 'reload schema' makes the catalog load again.");
  visit.Option("database.pooler", o.pooler, OneOf{{"none", "session", "transaction"}}, Reload::kRestart,
               "What stands between Pando and PostgreSQL, and for how long it lends a connection: none; session, for a "
               "pooler that lends whole sessions; transaction, for one that lends less, which prepares no "
               "statements.");
  visit.Option("database.config_in_database", o.config_in_database, Reload::kRestart,
               "Take options from the database too: settings named pgrst.* of the connecting role, as PostgREST does. "
               "They win over file and environment.");
}

//   kConfigInvalid  a pooler for the embedded database
Result<void> Validate(const DatabaseOptions& options);
// As ConnectOptions have it.
pg::Pooler PoolerOf(const DatabaseOptions& options);

struct ChangesOptions {
  bool enabled = false;
  std::string url;
};

template <class Visitor>
void Describe(Visitor& visit, ChangesOptions& o) {
  visit.Option(
      "changes.enabled", o.enabled, Reload::kRestart,
      "Follow the changes of the database through its replication stream: the schema is loaded again by itself "
      "after each DDL. Needs wal_level=logical; the embedded PostgreSQL has it.");
  visit.Option("changes.url", o.url, Reload::kRestart,
               "The primary, as a role that has REPLICATION and owns the tables, and that may make event triggers if "
               "DDL is to be noticed; empty: database.url. May list several hosts, as database.url.");
}

struct CacheOptions {
  std::string url = "auto";
  milliseconds staleness_max{1000};
  Bytes answer_bytes_max = MiB(1);
  std::vector<std::string> excluded_relations;
  std::vector<std::string> purge_urls;
  Secret surrogate_secret;
};

template <class Visitor>
void Describe(Visitor& visit, CacheOptions& o) {
  visit.Option(
      "cache.url", o.url, Reload::kRestart,
      "Where answers are kept until the data changes: off, or memory: with its size, as in memory:256MiB. auto is "
      "memory:128MiB where the database is embedded or changes.url is set, else off. Follows the changes of the "
      "database, as changes.enabled does.");
  visit.Option("cache.staleness_max", o.staleness_max, Range<milliseconds>{milliseconds(10), std::chrono::minutes(1)},
               Reload::kRestart, "No kept answer is shown when the change stream is older than this.");
  visit.Option("cache.answer_bytes_max", o.answer_bytes_max, Range<Bytes>{KiB(1), MiB(64)}, Reload::kRestart,
               "A larger answer is not kept.");
  visit.Option("cache.excluded_relations", o.excluded_relations, Reload::kRestart,
               "Tables, each by its name or with its schema, of which no answers are kept.");
  visit.Option(
      "cache.purge_urls", o.purge_urls, Reload::kRestart,
      "Caches in front, each http://host[:port][/path]: answers carry Surrogate-Key, and a PURGE with the keys "
      "of what has changed is sent to each.");
  visit.Option("cache.surrogate_secret", o.surrogate_secret, Reload::kRestart,
               "Makes the surrogate keys; servers behind the same cache in front need the same. Empty: the one that "
               "Pando made in the database, where the role of changes.url owns the schema pando_changes.");
}

// The size in "memory:256MiB"; 0 for "off". `auto_on`: what "auto" means.
//   kConfigInvalid  it is none of these
Result<Bytes> CacheBytes(const std::string& url, bool auto_on);

struct ProcessOptions {
  uint32_t loops = 0;
};

template <class Visitor>
void Describe(Visitor& visit, ProcessOptions& o) {
  visit.Option("server.loops", o.loops, Range<uint32_t>{0, 256}, Reload::kRestart,
               "Event loops, each a thread with its own listener and connections; 0 means one for each core.");
}

}  // namespace pando::server
