#include "introspect/query_texts.h"

#include <array>

#include "base/assert.h"

namespace pando::introspect {
namespace {

// Relations of every schema: a view may show the keys of tables in schemas that are not exposed. Partitions are hidden
// unless a view reads one. The bits of pg_relation_is_updatable are 1 << CmdType: 4 update, 8 insert, 16 delete.
//   oid, schema, name, kind, row type, is loaded, bits, comment, reads as its caller
constexpr std::string_view kRelations = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltype,
       n.nspname = ANY ($1::text[]) AND NOT c.relispartition AND c.relkind <> 'c',
       CASE WHEN c.relkind IN ('r', 'p') THEN 28
            WHEN c.relkind IN ('v', 'f') AND n.nspname = ANY ($1::text[])
              THEN pg_catalog.pg_relation_is_updatable(c.oid, true)
            ELSE 0 END,
       d.description,
       c.relkind = 'v' AND EXISTS (
         SELECT FROM pg_catalog.pg_options_to_table(c.reloptions)
          WHERE option_name = 'security_invoker' AND option_value::bool)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.oid >= 16384
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND (NOT c.relispartition OR c.oid IN (
         SELECT refobjid FROM pg_catalog.pg_depend
          WHERE classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
 ORDER BY n.nspname, c.relname)";

// A column that is BY DEFAULT AS IDENTITY can be given its sequence's next value as its default (the sequence is looked
// up because pg_get_serial_sequence wants privileges); one that is ALWAYS refuses any value. A domain's default counts
// where the column has none of its own, which kDefaults has.
//   relation, number, name, type, sql type, not null, has default, sequence's or domain's default, identity, generated,
//   length, comment, collation equates texts
constexpr std::string_view kColumns = R"(
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.attnotnull OR t.typtype = 'd' AND t.typnotnull,
       a.attgenerated = '' AND (a.atthasdef OR a.attidentity <> '' OR t.typtype = 'd' AND t.typdefault IS NOT NULL),
       CASE WHEN a.attgenerated <> '' OR a.atthasdef THEN NULL
            WHEN a.attidentity = 'd' THEN (
              SELECT pg_catalog.format('nextval(%L::regclass)', s.objid::pg_catalog.regclass)
                FROM pg_catalog.pg_depend s
               WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.deptype = 'i'
                 AND s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum)
            WHEN t.typtype = 'd' THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0)
       END,
       a.attidentity <> '', a.attgenerated <> '',
       CASE WHEN bt.oid IN (1042, 1043) AND m.typmod > 4 THEN m.typmod - 4
            WHEN bt.oid IN (1560, 1562) AND m.typmod > 0 THEN m.typmod
       END,
       d.description, NOT coalesce(co.collisdeterministic, true)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END) bt (oid)
  CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END) m (typmod)
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = a.attrelid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum
  LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.oid >= 16384
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND (NOT c.relispartition OR c.oid IN (
         SELECT refobjid FROM pg_catalog.pg_depend
          WHERE classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum)";

// Columns' own defaults, and the expressions of generated columns. A schema says now() and the like a thousand times,
// and to print a tree takes the server longer than to compare two: each expression comes once, with all its columns.
// Trees that differ in their place in the statement only are the same expression; no column is named in a default.
//   relation and number of each column, expression (of no use for generated columns), tree
constexpr std::string_view kDefaults = R"(
WITH written AS (
  SELECT pg_catalog.min(d.oid) AS oid, d.adbin::text COLLATE pg_catalog."C" AS tree,
         pg_catalog.string_agg(d.adrelid || ' ' || d.adnum, ' ') AS columns
    FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid >= 16384
   GROUP BY 2
), meant AS (
  SELECT pg_catalog.min(oid) AS oid, pg_catalog.string_agg(columns, ' ') AS columns
    FROM written
   GROUP BY pg_catalog.regexp_replace(tree, ':location -?[0-9]+', '', 'g')
)
SELECT m.columns, pg_catalog.pg_get_expr(d.adbin, d.adrelid), d.adbin
  FROM meant m
  JOIN pg_catalog.pg_attrdef d ON d.oid = m.oid)";

// Generated columns that are computed when they are read, which version 18 began.
//   relation, number
constexpr std::string_view kVirtualColumns = R"(
SELECT attrelid, attnum FROM pg_catalog.pg_attribute
 WHERE attgenerated = 'v' AND pg_catalog.current_setting('server_version_num')::int4 >= 180000)";

//   relation, column number
constexpr std::string_view kPrimaryKeys = R"(
SELECT k.conrelid, u.attnum
  FROM pg_catalog.pg_constraint k
  CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, position)
 WHERE k.contype = 'p' AND k.conrelid >= 16384
 ORDER BY k.conrelid, u.position)";

// unnest of several arrays is a form of the grammar, which knows it by its bare name only.
// A key that a partition inherits, or that stands for one partition of the referenced table, has a parent: only the
// parent counts.
//   constraint oid, name, relation, foreign relation, column number, foreign column number, is unique
constexpr std::string_view kForeignKeys = R"(
SELECT k.oid, k.conname, k.conrelid, k.confrelid, u.attnum, u.foreign_attnum,
       EXISTS (SELECT FROM pg_catalog.pg_constraint o
                WHERE o.conrelid = k.conrelid AND o.contype IN ('p', 'u')
                  AND o.conkey OPERATOR(pg_catalog.@>) k.conkey AND o.conkey OPERATOR(pg_catalog.<@) k.conkey)
  FROM pg_catalog.pg_constraint k
  CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY u (attnum, foreign_attnum, position)
 WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid >= 16384
 ORDER BY k.conrelid, k.conname, k.oid, u.position)";

//   relation
constexpr std::string_view kDeferrables = R"(
SELECT DISTINCT conrelid FROM pg_catalog.pg_constraint WHERE condeferrable AND conrelid >= 16384)";

//   whether there is one, of a constraint perhaps
constexpr std::string_view kDeferrableTriggers = R"(
SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgdeferrable))";

// Rules of tables and views; a view's own is the one for SELECT.
//   relation, kind, event ('1' SELECT, else a write), condition, action
constexpr std::string_view kRules = R"(
SELECT r.ev_class, c.relkind, r.ev_type, r.ev_qual, r.ev_action
  FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
 WHERE r.ev_class >= 16384
 ORDER BY r.ev_class, r.rulename)";

// Row types of tables are left out unless a column or a callable function uses one.
//   oid, schema, name, kind, category, base, element, relation, sql
constexpr std::string_view kTypes = R"(
WITH used AS (
  SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute a
   WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT u.oid FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL pg_catalog.unnest(
      p.prorettype || coalesce(p.proallargtypes, p.proargtypes::oid[])) AS u (oid)
   WHERE n.nspname = ANY ($1::text[])
)
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typrelid,
       pg_catalog.format_type(t.oid, -1)
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
  LEFT JOIN pg_catalog.pg_class ec ON ec.oid = e.typrelid
 WHERE n.nspname !~ '^pg_(toast|temp)'
   AND (coalesce(c.relkind, 'c') = 'c' AND coalesce(ec.relkind, 'c') = 'c'
        OR t.oid IN (SELECT oid FROM used)
        OR t.typarray <> 0 AND t.typarray IN (SELECT oid FROM used))
 ORDER BY n.nspname, t.typname)";

//   type, label
constexpr std::string_view kEnumLabels = R"(
SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder)";

// Implicit casts by function between a domain and json or text (114 and 25).
//   source, target, function as quoted SQL
constexpr std::string_view kRepresentations = R"(
SELECT k.castsource, k.casttarget, pg_catalog.format('%I.%I', n.nspname, p.proname)
  FROM pg_catalog.pg_cast k
  JOIN pg_catalog.pg_type s ON s.oid = k.castsource
  JOIN pg_catalog.pg_type t ON t.oid = k.casttarget
  JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE k.castcontext = 'i' AND k.castmethod = 'f' AND k.oid >= 16384
   AND (s.typtype = 'd' AND k.casttarget IN (114, 25) OR t.typtype = 'd' AND k.castsource IN (114, 25))
 ORDER BY k.oid)";

// Callable ones of the exposed schemas, and those of the whole search path that take one row. 2279 and 3838 are trigger
// and event_trigger, 2281 is internal.
//   oid, schema, name, is exposed, volatility, returns set, rows, result, inputs, defaults, has variadic, comment
constexpr std::string_view kFunctions = R"(
SELECT p.oid, n.nspname, p.proname, n.nspname = ANY ($1::text[]), p.provolatile, p.proretset, p.prorows::int4,
       p.prorettype, p.pronargs, p.pronargdefaults, p.provariadic <> 0, d.description
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_type first ON first.oid = p.proargtypes[0]
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = p.oid AND d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objsubid = 0
 WHERE p.prokind = 'f' AND p.prorettype NOT IN (2279, 3838, 2281) AND NOT 2281 = ANY (p.proargtypes)
   AND (n.nspname = ANY ($1::text[])
        OR n.nspname = ANY ($2::text[]) AND p.pronargs = 1 AND first.typtype = 'c')
 ORDER BY n.nspname, p.proname, p.oid)";

// character and bit without a length would cut a value to length 1: their varying forms take any.
//   function, name, type, mode, sql type, default where the function is VARIADIC
constexpr std::string_view kArguments = R"(
SELECT p.oid, a.name, a.type, coalesce(a.mode, 'i'),
       CASE a.type WHEN 1042 THEN 'character varying' WHEN 1014 THEN 'character varying[]'
                   WHEN 1560 THEN 'bit varying' WHEN 1561 THEN 'bit varying[]'
                   ELSE pg_catalog.format_type(a.type, NULL) END,
       CASE WHEN p.provariadic <> 0 THEN pg_catalog.pg_get_function_arg_default(p.oid, a.position::int4) END
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_type first ON first.oid = p.proargtypes[0]
  CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])),
    pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes)) WITH ORDINALITY a (type, name, mode, position)
 WHERE p.prokind = 'f' AND p.prorettype NOT IN (2279, 3838, 2281) AND NOT 2281 = ANY (p.proargtypes)
   AND a.type IS NOT NULL
   AND (n.nspname = ANY ($1::text[])
        OR n.nspname = ANY ($2::text[]) AND p.pronargs = 1 AND first.typtype = 'c')
 ORDER BY p.oid, a.position)";

//   function, "name=value"
constexpr std::string_view kFunctionSettings = R"(
SELECT p.oid, u.setting
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) u (setting)
 WHERE n.nspname = ANY ($1::text[])
 ORDER BY p.oid)";

// Aggregates over one row, or over anyelement, whose result is a domain.
//   oid, schema, name, result type, argument type
constexpr std::string_view kAggregateHandlers = R"(
SELECT p.oid, n.nspname, p.proname, p.prorettype, p.proargtypes[0]
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_type r ON r.oid = p.prorettype
 WHERE p.prokind = 'a' AND p.pronargs = 1 AND r.typtype = 'd' AND n.nspname = ANY ($1::text[])
 ORDER BY pg_catalog.array_position($1::text[], n.nspname::text), p.proname, p.oid)";

// Functions of extensions in every schema, with the roles that were granted EXECUTE by name.
//   oid, name, can be called with one argument, grantees
constexpr std::string_view kExtensionFunctions = R"(
SELECT p.oid, p.proname, p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1,
       (SELECT pg_catalog.string_agg(DISTINCT a.grantee::text, ' ' ORDER BY a.grantee::text)
          FROM pg_catalog.aclexplode(p.proacl) a
         WHERE a.grantee NOT IN (0, p.proowner) AND a.privilege_type = 'EXECUTE')
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_proc p ON p.oid = d.objid
 WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e'
   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass)";

// The roles that have the privileges of those grantees, each grantee itself among them.
//   grantee, role
constexpr std::string_view kGranteeHeirs = R"(
SELECT g.grantee, r.rolname
  FROM (SELECT DISTINCT a.grantee
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_proc p ON p.oid = d.objid
          CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) a
         WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e'
           AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND a.grantee NOT IN (0, p.proowner) AND a.privilege_type = 'EXECUTE') g
  JOIN pg_catalog.pg_roles r ON pg_catalog.pg_has_role(r.oid, g.grantee, 'USAGE'))";

// Aggregates that take a row as it is.
//   name
constexpr std::string_view kRowAggregates = R"(
SELECT DISTINCT p.proname
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[0]
 WHERE p.prokind = 'a' AND p.pronargs = 1 AND t.typtype IN ('c', 'p'))";

//   schema, comment
constexpr std::string_view kSchemaComments = R"(
SELECT s.name, d.description
  FROM pg_catalog.unnest($1::text[]) s (name)
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = n.oid AND d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass)";

// Of roles that the login role can switch to, as far as any role may set them. What is set for this database alone
// comes last and so wins.
//   role, name, value
constexpr std::string_view kRoleSettings = R"(
SELECT r.rolname, p.name, pg_catalog.substr(u.setting, pg_catalog.strpos(u.setting, '=') + 1)
  FROM pg_catalog.pg_db_role_setting s
  JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  JOIN pg_catalog.pg_auth_members m ON m.roleid = r.oid
  JOIN pg_catalog.pg_roles me ON me.oid = m.member AND me.rolname = session_user
  CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) u (setting)
  JOIN pg_catalog.pg_settings p
    ON p.context = 'user' AND p.name = pg_catalog.left(u.setting, pg_catalog.strpos(u.setting, '=') - 1)
 WHERE s.setdatabase = 0
    OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
 ORDER BY r.rolname, s.setdatabase, p.name)";

//   milliseconds
constexpr std::string_view kStatementTimeout = R"(
SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'statement_timeout')";

//   the snapshot that all of these queries have, which database it is
constexpr std::string_view kSnapshot = R"(
SELECT pg_catalog.pg_current_snapshot(),
       pg_catalog.concat_ws(' ', pg_catalog.current_database(), system_identifier,
                            extract(epoch from pg_catalog.pg_postmaster_start_time()),
                            CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'replica' END)
  FROM pg_catalog.pg_control_system())";

//   a text that is another when the schema is, or what a role may do (fingerprint.h)
//
// 16384 is the first OID of what is not built in (FirstNormalObjectId). Of types those of tables are left out, and
// arrays, which come and go with their elements; so are functions and types of temporary schemas. Nothing in it may
// belong to the session that asks: the one that loads and the one that looks must agree.
constexpr std::string_view kFingerprint = R"(
WITH relations AS MATERIALIZED (
  SELECT c.oid, pg_catalog.hash_record_extended(ROW(
           c.oid, c.relname, c.relnamespace, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
           c.relreplident, c.relispartition, c.relpersistence, c.reloptions), 0) AS hash
    FROM pg_catalog.pg_class c
   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c') AND c.relpersistence <> 't'),
 temporary AS MATERIALIZED (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname ~ '^pg_(temp|toast_temp)_')
 SELECT pg_catalog.concat_ws(' ',
  (SELECT pg_catalog.sum(hash) FROM relations),
  (SELECT pg_catalog.sum(pg_catalog.hashint8extended((a.attrelid::int8 << 16) + a.attnum, a.xmin::text::int8))
     FROM pg_catalog.pg_attribute a JOIN relations r ON r.oid = a.attrelid WHERE a.attnum > 0),
  (SELECT pg_catalog.sum(pg_catalog.hashint8extended(oid::int8, xid::int8)) FROM (
     SELECT d.oid, d.xmin::text AS xid FROM pg_catalog.pg_attrdef d JOIN relations r ON r.oid = d.adrelid
     UNION ALL SELECT c.oid, c.xmin::text FROM pg_catalog.pg_constraint c LEFT JOIN relations r ON r.oid = c.conrelid
                WHERE c.oid >= 16384 AND (r.oid IS NOT NULL OR c.contypid <> 0)
     UNION ALL SELECT i.indexrelid, i.xmin::text FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indrelid
     UNION ALL SELECT t.oid, t.xmin::text FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid
     UNION ALL SELECT w.oid, w.xmin::text FROM pg_catalog.pg_rewrite w JOIN relations r ON r.oid = w.ev_class
     UNION ALL SELECT i.inhrelid, i.xmin::text FROM pg_catalog.pg_inherits i JOIN relations r ON r.oid = i.inhrelid
     UNION ALL SELECT t.oid, t.xmin::text FROM pg_catalog.pg_type t
                WHERE t.oid >= 16384 AND t.typtype <> 'c' AND NOT (t.typtype = 'b' AND t.typelem <> 0)
                  AND t.typnamespace NOT IN (SELECT oid FROM temporary)
     UNION ALL SELECT p.oid, p.xmin::text FROM pg_catalog.pg_policy p JOIN relations r ON r.oid = p.polrelid
     UNION ALL SELECT p.oid, p.xmin::text FROM pg_catalog.pg_proc p
                WHERE p.oid >= 16384 AND p.pronamespace NOT IN (SELECT oid FROM temporary)
     UNION ALL SELECT e.oid, e.xmin::text FROM pg_catalog.pg_enum e WHERE e.oid >= 16384
     UNION ALL SELECT c.oid, c.xmin::text FROM pg_catalog.pg_cast c WHERE c.oid >= 16384
     UNION ALL SELECT o.oid, o.xmin::text FROM pg_catalog.pg_operator o WHERE o.oid >= 16384
     UNION ALL SELECT e.oid, e.xmin::text FROM pg_catalog.pg_extension e
     UNION ALL SELECT d.objid, d.xmin::text FROM pg_catalog.pg_depend d
                WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
     UNION ALL SELECT d.objoid, d.xmin::text FROM pg_catalog.pg_description d
                WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
     UNION ALL SELECT n.oid, n.xmin::text FROM pg_catalog.pg_namespace n
                WHERE n.nspname !~ '^pg_(temp|toast)') AS rows),
  (SELECT pg_catalog.sum(pg_catalog.hash_record_extended(ROW(
            r.oid, r.rolname, r.rolsuper, r.rolinherit, r.rolbypassrls), 0)) FROM pg_catalog.pg_roles r),
  (SELECT pg_catalog.sum(pg_catalog.hashint8extended((m.roleid::int8 << 32) | m.member::int8, m.xmin::text::int8))
     FROM pg_catalog.pg_auth_members m),
  (SELECT pg_catalog.sum(pg_catalog.hashint8extended((s.setdatabase::int8 << 32) | s.setrole::int8, s.xmin::text::int8))
     FROM pg_catalog.pg_db_role_setting s),
  (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())))";

//   name
constexpr std::string_view kTimezones = R"(
SELECT name FROM pg_catalog.pg_timezone_names ORDER BY name)";

//   schema of PostGIS's functions
constexpr std::string_view kPostgis = R"(
SELECT DISTINCT n.nspname
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
   AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e'
  JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.proname = 'st_asgeojson'
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE e.extname = 'postgis')";

// --------------------------------------------------------------------------------------------------- for footprints

// Of all user relations, and of the server's own views.
//   oid, kind, has row security, name
constexpr std::string_view kRelationTraits = R"(
SELECT oid, relkind, relrowsecurity, relname FROM pg_catalog.pg_class
 WHERE relkind IN ('r', 'p', 'm', 'f') AND oid >= 16384 OR relkind = 'v')";

//   parent, child
constexpr std::string_view kInheritance = R"(
SELECT i.inhparent, i.inhrelid FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND c.relkind IN ('r', 'p', 'f'))";

//   relation, command, condition, check
constexpr std::string_view kPolicies = R"(
SELECT polrelid, polcmd, polqual, polwithcheck FROM pg_catalog.pg_policy)";

//   relation, function, condition
constexpr std::string_view kTriggers = R"(
SELECT tgrelid, tgfoid, tgqual FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)";

// Stored expressions other than columns' own: 'c' checks of relations, 'i' of indexes, 'p' keys of partitions, 's' of
// extended statistics; of types 'd' checks of domains, and 't' their defaults.
//   what, relation or type, expression
constexpr std::string_view kExpressions = R"(
SELECT 'c', conrelid, conbin FROM pg_catalog.pg_constraint
 WHERE contype = 'c' AND conrelid >= 16384 AND conbin IS NOT NULL
UNION ALL
SELECT 'd', contypid, conbin FROM pg_catalog.pg_constraint WHERE contypid >= 16384 AND conbin IS NOT NULL
UNION ALL
SELECT 't', oid, typdefaultbin FROM pg_catalog.pg_type WHERE oid >= 16384 AND typdefaultbin IS NOT NULL
UNION ALL
SELECT 'i', indrelid, indexprs FROM pg_catalog.pg_index WHERE indrelid >= 16384 AND indexprs IS NOT NULL
UNION ALL
SELECT 'i', indrelid, indpred FROM pg_catalog.pg_index WHERE indrelid >= 16384 AND indpred IS NOT NULL
UNION ALL
SELECT 'p', partrelid, partexprs FROM pg_catalog.pg_partitioned_table WHERE partexprs IS NOT NULL
UNION ALL
SELECT 's', stxrelid, stxexprs FROM pg_catalog.pg_statistic_ext WHERE stxexprs IS NOT NULL)";

// Foreign keys through which a write to the referenced relation writes to the referencing one.
//   referenced, referencing
constexpr std::string_view kCascades = R"(
SELECT DISTINCT confrelid, conrelid FROM pg_catalog.pg_constraint
 WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd')))";

// All functions of users and extensions, and those of the server that are not harmless by their label alone.
//   oid, name, is volatile, language, extension, parsed body, defaults of arguments, body in SQL that is kept as text
constexpr std::string_view kFunctionTraits = R"(
SELECT p.oid, p.proname, p.provolatile, l.lanname, e.extname, p.prosqlbody, p.proargdefaults,
       CASE WHEN l.lanname = 'sql' AND p.prosqlbody IS NULL THEN p.prosrc END
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 WHERE p.oid >= 16384 OR p.provolatile <> 'i' OR p.proname = ANY ($1::name[]))";

//   aggregate, part; a part of 0 says that the aggregate exists
constexpr std::string_view kAggregateParts = R"(
SELECT a.aggfnoid::oid, u.part
  FROM pg_catalog.pg_aggregate a
  CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,
    a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) u (part)
 WHERE a.aggfnoid::oid >= 16384)";

//   oid, kind, base, element, relation, input function, output function, range's subtype, range's canonical function,
//   name
constexpr std::string_view kTypeTraits = R"(
SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, t.typrelid,
       t.typinput::oid, t.typoutput::oid, coalesce(r.rngsubtype, 0), coalesce(r.rngcanonical::oid, 0), t.typname
  FROM pg_catalog.pg_type t
  LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid
 WHERE t.oid >= 16384)";

// The planner calls the estimators.
//   oid, function, name, estimators of a restriction and of a join
constexpr std::string_view kOperators = R"(
SELECT oid, oprcode::oid, oprname, oprrest::oid, oprjoin::oid FROM pg_catalog.pg_operator WHERE oid >= 16384)";

// Code of users that the server may choose where a statement of ours names none of it: a cast that it applies unasked,
// an operator of the signs and a function of the names that the REST API speaks, picked by the types at hand. Where one
// of its types is a user's, that type brings the function along: a column of the server's type meets the other side
// only where that is named. Where all are the server's, each of them does.
//   function, type
constexpr std::string_view kCompanions = R"(
WITH code (function, types) AS (
  SELECT castfunc, ARRAY[castsource, casttarget] FROM pg_catalog.pg_cast WHERE oid >= 16384 AND castmethod = 'f'
  UNION ALL
  SELECT oprcode::oid, ARRAY[oprleft, oprright] FROM pg_catalog.pg_operator
   WHERE oid >= 16384 AND oprname IN ('=', '<>', '<', '<=', '>', '>=', '~', '~*', '~~', '~~*', '@@', '@>', '<@', '&&',
                                      '<<', '>>', '&<', '&>', '-|-', '->', '->>')
  UNION ALL
  SELECT oid, proargtypes::oid[] FROM pg_catalog.pg_proc
   WHERE oid >= 16384 AND proname IN ('array_agg', 'avg', 'count', 'json_agg', 'jsonb_agg', 'max', 'min', 'row_to_json',
                                      'sum', 'to_json', 'to_jsonb', 'to_tsvector')
)
SELECT DISTINCT c.function, u.type
  FROM code c CROSS JOIN LATERAL pg_catalog.unnest(c.types) u (type)
 WHERE u.type <> 0 AND (u.type >= 16384 OR NOT EXISTS (
         SELECT FROM pg_catalog.unnest(c.types) v (type) WHERE v.type >= 16384)))";

//   oid
constexpr std::string_view kPreRequest = R"(
SELECT p.oid FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.pronargs = p.pronargdefaults
   AND $1::text IN (p.proname, n.nspname || '.' || p.proname, pg_catalog.format('%I', p.proname),
                    pg_catalog.format('%I.%I', n.nspname, p.proname)))";

constexpr std::array<QueryText, static_cast<size_t>(Query::kCount)> kTexts = {{
    {Query::kRelations, QueryInput::kSearched, 9, kRelations},
    {Query::kColumns, QueryInput::kNone, 13, kColumns},
    {Query::kDefaults, QueryInput::kNone, 3, kDefaults},
    {Query::kVirtualColumns, QueryInput::kNone, 2, kVirtualColumns},
    {Query::kPrimaryKeys, QueryInput::kNone, 2, kPrimaryKeys},
    {Query::kForeignKeys, QueryInput::kNone, 7, kForeignKeys},
    {Query::kDeferrables, QueryInput::kNone, 1, kDeferrables},
    {Query::kDeferrableTriggers, QueryInput::kNone, 1, kDeferrableTriggers},
    {Query::kRules, QueryInput::kNone, 5, kRules},
    {Query::kTypes, QueryInput::kSearched, 9, kTypes},
    {Query::kEnumLabels, QueryInput::kNone, 2, kEnumLabels},
    {Query::kRepresentations, QueryInput::kNone, 3, kRepresentations},
    {Query::kFunctions, QueryInput::kExposedAndSearched, 12, kFunctions},
    {Query::kArguments, QueryInput::kExposedAndSearched, 6, kArguments},
    {Query::kFunctionSettings, QueryInput::kExposed, 2, kFunctionSettings},
    {Query::kAggregateHandlers, QueryInput::kSearched, 5, kAggregateHandlers},
    {Query::kExtensionFunctions, QueryInput::kNone, 4, kExtensionFunctions},
    {Query::kGranteeHeirs, QueryInput::kNone, 2, kGranteeHeirs},
    {Query::kRowAggregates, QueryInput::kNone, 1, kRowAggregates},
    {Query::kSchemaComments, QueryInput::kExposed, 2, kSchemaComments},
    {Query::kRoleSettings, QueryInput::kNone, 3, kRoleSettings},
    {Query::kStatementTimeout, QueryInput::kNone, 1, kStatementTimeout},
    {Query::kSnapshot, QueryInput::kNone, 2, kSnapshot},
    {Query::kFingerprint, QueryInput::kNone, 1, kFingerprint},
    {Query::kTimezones, QueryInput::kNone, 1, kTimezones},
    {Query::kPostgis, QueryInput::kNone, 1, kPostgis},
    {Query::kRelationTraits, QueryInput::kNone, 4, kRelationTraits},
    {Query::kInheritance, QueryInput::kNone, 2, kInheritance},
    {Query::kPolicies, QueryInput::kNone, 4, kPolicies},
    {Query::kTriggers, QueryInput::kNone, 3, kTriggers},
    {Query::kExpressions, QueryInput::kNone, 3, kExpressions},
    {Query::kCascades, QueryInput::kNone, 2, kCascades},
    {Query::kFunctionTraits, QueryInput::kWatchedBuiltIns, 8, kFunctionTraits},
    {Query::kAggregateParts, QueryInput::kNone, 2, kAggregateParts},
    {Query::kTypeTraits, QueryInput::kNone, 10, kTypeTraits},
    {Query::kOperators, QueryInput::kNone, 5, kOperators},
    {Query::kCompanions, QueryInput::kNone, 2, kCompanions},
    {Query::kPreRequest, QueryInput::kPreRequest, 1, kPreRequest},
}};

constexpr bool InOrder() {
  for (size_t i = 0; i < kTexts.size(); ++i) {
    if (kTexts[i].query != static_cast<Query>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

}  // namespace

const QueryText& TextOf(Query query) {
  PANDO_ASSERT(query < Query::kCount);
  return kTexts[static_cast<size_t>(query)];
}

}  // namespace pando::introspect
