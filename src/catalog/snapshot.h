// A Snapshot is what introspect/ reads of the database, before a Catalog is built from it.
//
// Concurrency  immutable once it is part of a Catalog
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "catalog/audience.h"
#include "catalog/function.h"
#include "catalog/names.h"
#include "catalog/relation.h"
#include "catalog/relationship.h"

namespace pando::catalog {

// What introspect/ reads; Catalog::Build() derives relationships and indexes from it.
struct Snapshot {
  // In configured order. Both empty (as in tests): every relation's schema is exposed, every type can be named.
  std::vector<std::string> exposed_schemas;
  std::vector<std::string> extra_search_path;
  std::vector<Type> types;
  std::vector<Relation> relations;       // of exposed schemas and of the extra search path; no partitions
  std::vector<ForeignKey> foreign_keys;  // between any of them, and junction tables
  std::vector<ViewColumnOrigin> view_origins;
  std::vector<Relationship> computed_relationships;
  // (relation, column name) -> computed column, in search path order.
  std::map<std::pair<QualifiedName, std::string>, ComputedColumn> computed_columns;
  std::vector<Function> functions;  // callable: of exposed schemas
  std::vector<MediaHandler> media_handlers;
  // Functions of extensions that can be called with one argument, by name: PostgreSQL reads `row.name` as a call of
  // such a function where the row has no column of that name.
  std::map<std::string, Audience, std::less<>> extension_functions;
  std::set<std::string, std::less<>>
      row_aggregates;  // aggregates that can be called with a row: `row.name` is a call too
  std::map<std::string, std::optional<std::string>> schema_comments;  // of exposed schemas
  milliseconds statement_timeout{0};  // of a connection as it starts, set for the database or login role; 0: none
  // ALTER ROLE ... SET, by role: those that hold for requests of the role.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> role_settings;
  std::vector<std::string> ignored_role_settings;  // those that do not, as "role: name"
  std::vector<std::string> timezones;              // pg_timezone_names
  std::vector<std::string> claim_names;            // that footprints tell apart, kClaimNamesMax at most
  Footprint pre_request;                           // of rest.pre_request, when configured
  std::string read_at;      // pg_current_snapshot() of the transaction in which all this was read
  bool folds_last = false;  // there is something whose footprint lasts (Footprint::lasts)
  std::string
      read_from;  // which database that was: its name, cluster, start of the server, and whether it is a replica
  std::string fingerprint;               // of the schema that all this is of (introspect/fingerprint.h)
  bool has_deferrable_triggers = false;  // constraints included, of any table
  int server_version = 0;
  bool has_postgis = false;
  std::string postgis_schema;  // where st_asgeojson lives
};

}  // namespace pando::catalog
