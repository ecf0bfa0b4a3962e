#include "introspect/fingerprint.h"

#include <utility>
#include <vector>

#include "introspect/query_texts.h"
#include "pg/connection.h"

namespace pando::introspect {

Task<Result<Fingerprint>> QueryFingerprint(pg::Connection& connection, Fingerprint before, Deadline deadline) {
  // The snapshot of a standby does not say which transactions are open: one may end and leave it as it was.
  static const std::string kQuery =
      "SELECT pg_catalog.pg_current_snapshot(), CASE WHEN $1 <> pg_catalog.pg_current_snapshot()::text"
      " OR pg_catalog.pg_is_in_recovery() THEN (" +
      std::string(TextOf(Query::kFingerprint).sql) +
      ") END, pg_catalog.concat_ws(' ', pg_catalog.pg_stat_get_tuples_inserted(members), "
      "pg_catalog.pg_stat_get_tuples_updated(members), pg_catalog.pg_stat_get_tuples_deleted(members), "
      "pg_catalog.pg_stat_get_tuples_updated('pg_catalog.pg_authid'::pg_catalog.regclass), "
      "pg_catalog.pg_stat_get_tuples_updated('pg_catalog.pg_database'::pg_catalog.regclass)), "
      // application_name is what a pooler makes of it.
      "pg_catalog.concat_ws(' ', (SELECT pg_catalog.sum(pg_catalog.hashtextextended("
      "pg_catalog.concat_ws('=', name, reset_val), 0)) FROM pg_catalog.pg_settings WHERE name <> 'application_name'), "
      "(SELECT pg_catalog.sum(pg_catalog.hashint8extended((s.setdatabase::int8 << 32) | s.setrole::int8, "
      "s.xmin::text::int8)) "
      "FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = 0 OR s.setrole = "
      "(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = session_user))), "
      "pg_catalog.pg_conf_load_time() "
      "FROM (SELECT 'pg_catalog.pg_auth_members'::pg_catalog.regclass) AS catalogs (members)";
  pg::Exchange exchange;
  // Compiling takes longer than it saves, and so do workers.
  exchange.commands.push_back(
      pg::Command{"SELECT pg_catalog.set_config('jit', 'off', true),"
                  " pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)",
                  {},
                  true});
  exchange.commands.push_back(pg::Command{kQuery, {before.seen_by}, true});
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  Fingerprint now;
  now.seen_by = std::string(rows.back().Text(0, 0));
  const auto text = rows.back().Get(0, 1);
  now.text = text ? std::string(*text) : std::move(before.text);
  now.grants = std::string(rows.back().Text(0, 2));
  now.settings = std::string(rows.back().Text(0, 3));
  now.configured_at = std::string(rows.back().Text(0, 4));
  co_return now;
}

}  // namespace pando::introspect
