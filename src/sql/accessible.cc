#include "sql/accessible.h"

#include "pgtypes/array.h"

namespace pando::sql {

Query WriteAccessible(const std::string& schema) {
  Query query;
  query.sql =
      "SELECT c.oid::pg_catalog.text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition "
      "AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') "
      "OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE') "
      "OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) "
      "UNION ALL SELECT p.oid::pg_catalog.text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = "
      "p.pronamespace "
      "WHERE n.nspname = $1 AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')";
  query.parameters = {schema};
  return query;
}

namespace {

Query AskForbidden(const std::string& schema, std::string_view is_allowed) {
  Query query;
  query.sql = "SELECT CASE WHEN NOT pg_catalog.has_schema_privilege($1, 'USAGE') THEN '";
  query.sql.append(kForbiddenSchema).append("' WHEN NOT ").append(is_allowed).append(" THEN '");
  query.sql.append(kForbiddenThing).append("' END");
  query.parameters = {schema};
  return query;
}

}  // namespace

Query WriteForbidden(const catalog::Relation& relation, const std::string& privilege) {
  Query query = AskForbidden(relation.name.schema, "pg_catalog.has_any_column_privilege($2::pg_catalog.oid, $3)");
  query.parameters.emplace_back(std::to_string(relation.oid));
  query.parameters.emplace_back(privilege);
  return query;
}

Query WriteForbidden(const std::vector<const catalog::Function*>& functions) {
  Query query = AskForbidden(functions.front()->name.schema,
                             "EXISTS (SELECT FROM pg_catalog.unnest($2::pg_catalog.oid[]) AS f (id) "
                             "WHERE coalesce(pg_catalog.has_function_privilege(f.id, 'EXECUTE'), true))");
  std::vector<std::string> ids;
  for (const catalog::Function* function : functions) ids.push_back(std::to_string(function->oid));
  query.parameters.emplace_back(pgtypes::ArrayLiteral(ids));
  return query;
}

}  // namespace pando::sql
