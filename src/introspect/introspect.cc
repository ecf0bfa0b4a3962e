#include "introspect/introspect.h"

#include <utility>

#include "catalog/snapshot.h"
#include "introspect/extension_reader.h"
#include "introspect/footprint_reader.h"
#include "introspect/function_reader.h"
#include "introspect/queries.h"
#include "introspect/relation_reader.h"
#include "introspect/role_setting_rules.h"
#include "introspect/row.h"
#include "introspect/type_reader.h"
#include "introspect/view_reader.h"
#include "pg/connection.h"

namespace pando::introspect {
namespace {

void ReadRoleSetting(const Row& row, catalog::Snapshot& snapshot) {
  if (MayRoleSet(row.View(1))) {
    snapshot.role_settings[row.Text(0)].emplace_back(row.Text(1), row.Text(2));
  } else {
    snapshot.ignored_role_settings.push_back(row.Text(0) + ": " + row.Text(1));
  }
}

void ReadSurroundings(const Answers& answers, catalog::Snapshot& snapshot) {
  ForEachRow(answers[Query::kSchemaComments],
             [&](const Row& row) { snapshot.schema_comments[row.Text(0)] = row.TextOrNull(1); });
  ForEachRow(answers[Query::kRoleSettings], [&](const Row& row) { ReadRoleSetting(row, snapshot); });
  ForEachRow(answers[Query::kStatementTimeout],
             [&](const Row& row) { snapshot.statement_timeout = milliseconds(row.Int(0)); });
  ForEachRow(answers[Query::kDeferrableTriggers],
             [&](const Row& row) { snapshot.has_deferrable_triggers = row.IsTrue(0); });
  ForEachRow(answers[Query::kSnapshot], [&](const Row& row) {
    snapshot.read_at = row.Text(0);
    snapshot.read_from = row.Text(1);
  });
  ForEachRow(answers[Query::kFingerprint], [&](const Row& row) { snapshot.fingerprint = row.Text(0); });
  snapshot.timezones.reserve(static_cast<size_t>(answers[Query::kTimezones].size()));
  ForEachRow(answers[Query::kTimezones], [&](const Row& row) { snapshot.timezones.push_back(row.Text(0)); });
  ForEachRow(answers[Query::kPostgis], [&](const Row& row) {
    snapshot.has_postgis = true;
    snapshot.postgis_schema = row.Text(0);
  });
}

catalog::Snapshot Assemble(const Answers& answers, const IntrospectOptions& options, int server_version) {
  catalog::Snapshot snapshot;
  snapshot.server_version = server_version;
  snapshot.exposed_schemas = options.schemas;
  snapshot.extra_search_path = options.extra_search_path;
  const FootprintGraph footprints = ReadFootprints(answers, server_version);
  TypeRecords types(answers, footprints);
  RelationRecords relations(answers);
  snapshot.view_origins = ReadViews(answers, relations);
  snapshot.foreign_keys = ReadForeignKeys(answers, relations, snapshot.view_origins);
  const ExtensionFunctions extensions(answers);
  ReadFunctions({answers, options, relations, types, footprints, extensions}, snapshot);
  snapshot.extension_functions = extensions.OfOneArgument();
  ForEachRow(answers[Query::kRowAggregates], [&](const Row& row) { snapshot.row_aggregates.insert(row.Text(0)); });
  ReadSurroundings(answers, snapshot);
  snapshot.claim_names = footprints.claim_names();
  snapshot.folds_last = footprints.has_lasting();
  snapshot.types = std::move(types).Take();
  snapshot.relations = std::move(relations).TakeLoaded(footprints);
  return snapshot;
}

// The database's own refusal of one of our queries is a failure to introspect; losing the database or the time is not.
Error AsIntrospectionError(const Error& error) {
  if (error.kind() != ErrorKind::kDatabase) return error;
  return Error(ErrorId::kIntrospection, "cannot read the system catalogs: " + error.message())
      .WithDetail("SQLSTATE " + error.sqlstate());
}

}  // namespace

Task<Result<std::shared_ptr<const catalog::Catalog>>> LoadCatalog(pg::Connection& connection, IntrospectOptions options,
                                                                  Deadline deadline) {
  pg::Exchange exchange = CatalogExchange(options);
  Result<std::vector<pg::Rows>> rows = co_await connection.Run(std::move(exchange), deadline);
  if (!rows) co_return AsIntrospectionError(rows.error());
  // Nothing was written: there is only the snapshot to let go of.
  Result<void> ended = co_await connection.End(false, deadline);
  if (!ended) co_return AsIntrospectionError(ended.error());
  PANDO_CO_TRY(Answers answers, Answers::Of(std::move(*rows)));
  catalog::Snapshot snapshot = Assemble(answers, options, connection.server_version());
  co_return catalog::Catalog::Build(std::move(snapshot));
}

}  // namespace pando::introspect
