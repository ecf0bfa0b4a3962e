#include "changes/install.h"

#include <charconv>

#include "pg/connection.h"
#include "pg/quote.h"
#include "pg/rows.h"

namespace pando::changes {
namespace {

// Raised when anything below changes. It is kept as the comment on the epoch, "version 5", and only moves forward: a
// server that finds a higher one uses what is there as it is. So each version serves servers of the one before.
constexpr int kVersion = 5;
// The comment on the schema, by which servers of version 3 know that there is nothing to do.
constexpr std::string_view kMark = "pando changes 3";

// Everybody may read the epoch: a statement asks, as its caller, whether the schema is still the one it was planned
// for.
constexpr const char* kTables = R"sql(
CREATE SCHEMA IF NOT EXISTS pando_changes;
GRANT USAGE ON SCHEMA pando_changes TO PUBLIC;
CREATE TABLE IF NOT EXISTS pando_changes.epoch (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  tag text NOT NULL,
  refreshed oid);
COMMENT ON COLUMN pando_changes.epoch.xid IS 'the transaction that changed the schema';
COMMENT ON COLUMN pando_changes.epoch.refreshed IS
  'the materialized view whose rows were refreshed; NULL: the schema changed';
-- One server at a time; DDL goes on meanwhile. Only the owner may take this lock.
LOCK TABLE pando_changes.epoch IN SHARE UPDATE EXCLUSIVE MODE;
DO $$
BEGIN
  IF pg_catalog.substring(pg_catalog.obj_description('pando_changes.epoch'::pg_catalog.regclass, 'pg_class'),
                          '^version ([0-9]+)$')::integer > $version$ THEN
    RAISE EXCEPTION 'a later version of Pando has installed its own';
  END IF;
END
$$;
COMMENT ON TABLE pando_changes.epoch IS 'version $version$';
CREATE INDEX IF NOT EXISTS epoch_xid ON pando_changes.epoch (xid);
GRANT SELECT ON pando_changes.epoch TO PUBLIC;
CREATE TABLE IF NOT EXISTS pando_changes.fleet (one boolean PRIMARY KEY DEFAULT true CHECK (one), secret text NOT NULL);
COMMENT ON TABLE pando_changes.fleet IS 'what the servers of this database have in common; for its owner alone';
ALTER TABLE pando_changes.fleet ENABLE ROW LEVEL SECURITY;
INSERT INTO pando_changes.fleet (secret)
  VALUES (pg_catalog.concat(pg_catalog.gen_random_uuid(), pg_catalog.gen_random_uuid())) ON CONFLICT DO NOTHING;
DO $$
DECLARE
  reader pg_catalog.oid;
BEGIN
  -- Default privileges may have given it away.
  REVOKE ALL ON pando_changes.fleet FROM PUBLIC;
  FOR reader IN
    SELECT DISTINCT a.grantee FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
     WHERE c.oid = 'pando_changes.fleet'::pg_catalog.regclass AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON pando_changes.fleet FROM %s', reader::pg_catalog.regrole);
  END LOOP;
END
$$;
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = 'pando') THEN
    CREATE PUBLICATION pando;
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
             WHERE p.pubname = 'pando' AND r.prrelid = 'pando_changes.epoch'::pg_catalog.regclass) THEN
    ALTER PUBLICATION pando DROP TABLE ONLY pando_changes.epoch;
  END IF;
  ALTER PUBLICATION pando ADD TABLE ONLY pando_changes.epoch;
END
$$;
)sql";

// An INSERT alone: an UPDATE of one row would make concurrent DDL wait for each other, and deadlock. Each function ends
// in a handler that swallows everything, for none of this is the user's business; what is lost so is found by other
// means.
//
// What note_start() knows of its statement is text. current_query() is what the client sent. Where that is the call of
// a function, PG_CONTEXT holds what the function executes; for a function in SQL, the body of the function does.
//
// withdraw() reads pg_index and not the function that says the same, which would lock every published table. It knows
// the same tables as kCandidates of publication.cc. Before version 18 the log does not tell generated columns; from 18
// on PostgreSQL refuses an UPDATE of a published table whose identity has one, and FULL is the identity of all columns.
constexpr const char* kFunctions = R"sql(
CREATE OR REPLACE FUNCTION pando_changes.withdraw() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bare pg_catalog.regclass;
BEGIN
  FOR bare IN
    SELECT c.oid FROM pg_catalog.pg_publication_rel r
      JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = 'pando'
      JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
     WHERE CASE c.relreplident WHEN 'f' THEN
         pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 180000 AND EXISTS (
           SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped)
       ELSE NOT EXISTS (
         SELECT FROM pg_catalog.pg_index i
          WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
            AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident)
            AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> ''
                 AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]))) END
  LOOP
    EXECUTE pg_catalog.format('ALTER PUBLICATION pando DROP TABLE ONLY %s', bare);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION pando_changes.withdraw() FROM PUBLIC;

CREATE OR REPLACE FUNCTION pando_changes.note_start() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  context text;
  command text;
  named pg_catalog.regclass;
BEGIN
  BEGIN
    INSERT INTO pando_changes.epoch (tag) VALUES (TG_TAG);
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  GET DIAGNOSTICS context = PG_CONTEXT;
  SELECT pg_catalog.lower(pg_catalog.concat_ws(' ', pg_catalog.current_query(), context,
                                               pg_catalog.string_agg(f.prosrc, ' ')))
    INTO command
    FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_language l ON l.oid = f.prolang AND l.lanname = 'sql'
   WHERE f.oid >= 16384 AND pg_catalog.strpos(context, f.proname::text) > 0;
  -- A published table cannot become unlogged.
  IF command ~ '\munlogged\M' THEN
    FOR named IN
      SELECT c.oid FROM pg_catalog.pg_publication_rel r
        JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = 'pando'
        JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
       WHERE pg_catalog.strpos(command, pg_catalog.replace(pg_catalog.lower(c.relname::text), '"', '""')) > 0
    LOOP
      EXECUTE pg_catalog.format('ALTER PUBLICATION pando DROP TABLE ONLY %s', named);
    END LOOP;
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;
END
$$;

CREATE OR REPLACE FUNCTION pando_changes.note_end() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  command record;
  commands integer := 0;
  lasting boolean := false;
BEGIN
  BEGIN
    FOR command IN SELECT * FROM pg_catalog.pg_event_trigger_ddl_commands() LOOP
      commands := commands + 1;
      IF command.command_tag = 'REFRESH MATERIALIZED VIEW' THEN
        INSERT INTO pando_changes.epoch (tag, refreshed) VALUES (TG_TAG, command.objid);
      ELSIF command.schema_name IS DISTINCT FROM 'pg_temp' THEN
        lasting := true;
      END IF;
    END LOOP;
    -- What is dropped is told to the other trigger; DROP OWNED takes rights away as well.
    IF lasting OR TG_TAG = 'DROP OWNED' OR commands = 0 AND TG_TAG NOT LIKE 'DROP %' THEN
      INSERT INTO pando_changes.epoch (tag) VALUES (TG_TAG);
    END IF;
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  IF TG_TAG = 'ALTER TABLE' THEN
    PERFORM pando_changes.withdraw();
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;
END
$$;

CREATE OR REPLACE FUNCTION pando_changes.note_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS object WHERE NOT object.is_temporary) THEN
    RETURN;
  END IF;
  BEGIN
    INSERT INTO pando_changes.epoch (tag) VALUES (TG_TAG);
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  PERFORM pando_changes.withdraw();
EXCEPTION WHEN OTHERS THEN
  NULL;
END
$$;
)sql";

// ALTER TABLE at its start as well: DETACH PARTITION CONCURRENTLY hides rows in a first transaction, at whose end no
// trigger fires. Of all commands it cannot be: one that writes at its start breaks DROP INDEX CONCURRENTLY.
constexpr const char* kTriggers = R"sql(
CREATE EVENT TRIGGER pando_changes_start ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
  EXECUTE FUNCTION pando_changes.note_start();
CREATE EVENT TRIGGER pando_changes_end ON ddl_command_end EXECUTE FUNCTION pando_changes.note_end();
CREATE EVENT TRIGGER pando_changes_drop ON sql_drop EXECUTE FUNCTION pando_changes.note_drop();
ALTER EVENT TRIGGER pando_changes_start ENABLE ALWAYS;
ALTER EVENT TRIGGER pando_changes_end ENABLE ALWAYS;
ALTER EVENT TRIGGER pando_changes_drop ENABLE ALWAYS;
)sql";

constexpr const char* kNoTriggers = R"sql(
DROP EVENT TRIGGER IF EXISTS pando_changes_start;
DROP EVENT TRIGGER IF EXISTS pando_changes_end;
DROP EVENT TRIGGER IF EXISTS pando_changes_drop;
)sql";

struct Found {
  int version = 0;         // 0: none, or one from before they were counted
  bool triggers = false;   // all of them, enabled always
  bool published = false;  // the epoch is, whole
  bool is_ours = true;     // the publication, or there is none: it does not publish every table

  // A later version knows by itself what is complete.
  bool has_tables() const { return version > kVersion || (version == kVersion && published); }
  bool is_complete() const { return version > kVersion || (has_tables() && triggers); }
};

Task<Result<Found>> Look(pg::Connection& connection, Deadline deadline) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{
      "SELECT coalesce(pg_catalog.substring(pg_catalog.obj_description("
      "pg_catalog.to_regclass($2), 'pg_class'), '^version ([0-9]{1,9})$'), '0'),"
      " count(*) FILTER (WHERE evtname IN ('pando_changes_start', 'pando_changes_end', 'pando_changes_drop')"
      " AND evtenabled = 'A'),"
      " count(*) > 0 AND pg_catalog.bool_and(evtenabled = 'A'),"
      " (SELECT coalesce(pg_catalog.to_jsonb(r) ->> 'prqual', pg_catalog.to_jsonb(r) ->> 'prattrs') IS NULL"
      " FROM pg_catalog.pg_publication_rel r"
      " JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = $1"
      " WHERE r.prrelid = pg_catalog.to_regclass($2)),"
      " (SELECT NOT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1)"
      " FROM pg_catalog.pg_event_trigger WHERE evtname LIKE 'pando\\_changes\\_%'",
      {std::string(kPublication), std::string(kSchema) + "." + std::string(kEpochTable)},
      false});
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  Found found;
  const pg::Rows& row = rows.front();
  const std::string_view version = row.Text(0, 0);
  std::from_chars(version.data(), version.data() + version.size(), found.version);
  found.triggers = found.version > kVersion ? row.Get(0, 2) == "t" : row.Get(0, 1) == "3";
  found.published = row.Get(0, 3) == "t";
  found.is_ours = row.Get(0, 4) != "f";
  co_return found;
}

// Empty where the role may not read it.
Task<Result<std::string>> ReadSecret(pg::Connection& connection, Deadline deadline) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{"SELECT secret FROM pando_changes.fleet", {}, false});
  const Result<std::vector<pg::Rows>> rows = co_await connection.Run(std::move(exchange), deadline);
  if (!rows && rows.error().kind() == ErrorKind::kDatabase) co_return std::string();
  if (!rows) co_return rows.error();
  co_return std::string(rows->front().size() == 1 ? rows->front().Text(0, 0) : "");
}

std::string WithVersion(std::string_view text) {
  constexpr std::string_view kPlace = "$version$";
  std::string script(text);
  for (size_t at = script.find(kPlace); at != std::string::npos; at = script.find(kPlace)) {
    script.replace(at, kPlace.size(), std::to_string(kVersion));
  }
  return script;
}

std::string Script(bool with_triggers) {
  std::string script = WithVersion(kTables);
  script += "COMMENT ON SCHEMA pando_changes IS '" + std::string(kMark) + "';";
  // Last, for they would note the rest.
  if (with_triggers) script += std::string(kNoTriggers) + kFunctions + kTriggers;
  return script;
}

}  // namespace

Task<Result<Installed>> Install(pg::Connection& connection, Deadline deadline) {
  PANDO_CO_TRY(Found found, co_await Look(connection, deadline));
  if (!found.is_ours) {
    co_return Error::FromDatabase(
        "42P17", "the publication \"" + std::string(kPublication) + "\" is FOR ALL TABLES, so Pando did not create it")
        .WithHint("run DROP PUBLICATION " + std::string(kPublication) + "; Pando then creates its own");
  }
  if (!found.is_complete()) {
    std::string all = Script(true);
    Result<void> made = co_await connection.RunScript(std::move(all), deadline);
    constexpr std::string_view kInsufficientPrivilege = "42501";
    if (!made && made.error().sqlstate() == kInsufficientPrivilege && !found.has_tables()) {
      std::string some = Script(false);
      made = co_await connection.RunScript(std::move(some), deadline);
    }
    // Another server may have done it at the same moment: what counts is what is there.
    PANDO_CO_TRY(found, co_await Look(connection, deadline));
    if (!made && !found.has_tables()) co_return made.error();
  }
  Installed installed;
  installed.triggers = found.triggers;
  PANDO_CO_TRY(installed.secret, co_await ReadSecret(connection, deadline));
  co_return installed;
}

}  // namespace pando::changes
