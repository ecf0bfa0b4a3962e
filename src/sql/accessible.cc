#include "sql/accessible.h"

namespace pando::sql {

Query WriteAccessible(const std::string& schema) {
  Query query;
  query.sql =
      "SELECT c.oid::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition "
      "AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') "
      "OR pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE') "
      "OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) "
      "UNION ALL SELECT p.oid::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
      "WHERE n.nspname = $1 AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')";
  query.parameters = {schema};
  return query;
}

}  // namespace pando::sql
