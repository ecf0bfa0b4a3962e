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
  visit.Option(
      "database.url", o.url, Reload::kRestart,
      "The database. embedded: or embedded:FOLDER is a private PostgreSQL that Pando runs itself; a postgres:// URI "
      "names any other PostgreSQL. The URI may list several hosts, and Pando uses the primary among them.");
  visit.Option("database.connections_max", o.connections_max, Range<uint32_t>{1, 10'000}, Reload::kLive,
               "Connections that this process may hold to the database. With more of them more statements run at once; "
               "each costs the database server a process.");
  visit.Option("database.waiters_max", o.waiters_max, Range<uint32_t>{0, 1'000'000}, Reload::kRestart,
               "Requests that may wait for a database connection. A further one is refused at once with 503. A higher "
               "value means fewer refusals and longer waits under overload.");
  visit.Option("database.acquire_timeout", o.acquire_timeout, span, Reload::kRestart,
               "Longest time that a request waits for a database connection; http.request_timeout may end the wait "
               "sooner. After that the request is answered 504.");
  visit.Option("database.connect_timeout", o.connect_timeout, span, Reload::kRestart,
               "Longest time that opening a database connection may take. A lower value notices a dead database "
               "sooner, and fails on a slow network.");
  visit.Option("database.idle_timeout", o.idle_timeout, span_or_never, Reload::kRestart,
               "Time after which an unused database connection is closed; 0ms keeps it open. A lower value frees "
               "processes of the database server, and more requests must wait for a new connection.");
  visit.Option("database.lifetime_max", o.lifetime_max, span_or_never, Reload::kRestart,
               "Time after which a database connection is replaced, so that its settings and its memory in the "
               "database server are renewed; 0ms keeps it.");
  visit.Option("database.statements_max", o.statements_max, Range<uint32_t>{1, 100'000}, Reload::kRestart,
               "Prepared statements kept on each database connection. More of them save planning time; each costs the "
               "database server 10 KiB or more.");
  visit.Option("database.channel", o.channel, Reload::kRestart,
               "Channel on which Pando listens. NOTIFY with the payload 'reload schema' makes Pando read the schema "
               "again, 'reload config' the options, and without a payload both.");
  visit.Option("database.pooler", o.pooler, OneOf{{"none", "session", "transaction"}}, Reload::kRestart,
               "Pooler between Pando and PostgreSQL: none; session, a pooler that lends a connection for a whole "
               "session; transaction, one that lends it for less. With transaction Pando prepares no statements, so "
               "that each one is planned again.");
  visit.Option("database.config_in_database", o.config_in_database, Reload::kRestart,
               "Whether Pando takes options from the database as well: settings named pgrst.* of the role that it "
               "connects as, as PostgREST does. They win over file and environment.");
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
  visit.Option("changes.enabled", o.enabled, Reload::kRestart,
               "Whether Pando follows the changes of the database through its replication stream, and so reads the "
               "schema again right after each DDL. It needs wal_level=logical, which the embedded PostgreSQL has, and "
               "takes one replication slot.");
  visit.Option("changes.url", o.url, Reload::kRestart,
               "URI of the primary for the change stream; empty means database.url. The role needs REPLICATION, must "
               "own the tables, and must be allowed to create event triggers if Pando is to see DDL. The URI may list "
               "several hosts, as database.url.");
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
      "Where responses are cached until their data changes: off, or memory: with a size, as in memory:256MiB. auto "
      "means memory:128MiB where the database is embedded or changes.url is set, else off. A cache follows the changes "
      "of the database, as changes.enabled does. A larger cache answers more requests and takes more memory.");
  visit.Option("cache.staleness_max", o.staleness_max, Range<milliseconds>{milliseconds(10), std::chrono::minutes(1)},
               Reload::kRestart,
               "Age of the change stream above which the database answers instead of the cache. A lower value means "
               "fresher responses, and more load on the database when the stream is late.");
  visit.Option(
      "cache.answer_bytes_max", o.answer_bytes_max, Range<Bytes>{KiB(1), MiB(64)}, Reload::kRestart,
      "Largest response that is cached, in bytes. A higher value lets a few large responses displace many small ones.");
  visit.Option("cache.excluded_relations", o.excluded_relations, Reload::kRestart,
               "Tables whose responses are never cached, each as NAME or SCHEMA.NAME.");
  visit.Option("cache.purge_urls", o.purge_urls, Reload::kRestart,
               "Caches in front of Pando, each as http://host[:port][/path]. Responses then carry Surrogate-Key, and "
               "Pando sends each cache a PURGE with the keys of what has changed.");
  visit.Option(
      "cache.surrogate_secret", o.surrogate_secret, Reload::kRestart,
      "Secret that surrogate keys are made with. Servers behind the same cache need the same secret. Empty means the "
      "one that Pando keeps in the database, where the role of changes.url owns the schema pando_changes.");
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
               "Event loops, each a thread with listeners and connections of its own; 0 means one for each core.");
}

}  // namespace pando::server
