#include "sql/lacking.h"

#include <optional>
#include <utility>

#include "pgtypes/array.h"

namespace pando::sql {
namespace {

std::string OidsOf(const std::vector<catalog::Oid>& oids) {
  std::vector<std::string> texts;
  for (const catalog::Oid oid : oids) texts.push_back(std::to_string(oid));
  return pgtypes::ArrayLiteral(texts);
}

// $1 is the role, $2 the name, $3 the kinds, $4 to $6 the needs, $7 the written table, $8 and $9 what else is reached.
//
// A view with security_invoker needs of the caller what its query reads, by column, and what is written to the view is
// written to the relation that it shows. `privilege` is '?' where several relations may be the one that is written to.
// A privilege on any one column (`place` is NULL) does for a relation of which no column is named. A privilege that any
// role holds on single columns is named by column.
constexpr std::string_view kRelations = R"(WITH RECURSIVE asked AS (
  SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = $1
), needed AS (
  SELECT * FROM ROWS FROM (pg_catalog.unnest($4::pg_catalog.oid[]), pg_catalog.unnest($5::pg_catalog.text[]),
    pg_catalog.unnest($6::pg_catalog.text[])) AS n (relation, privilege, name)
), looked (relation, privilege, place) AS (
  SELECT n.relation, n.privilege, a.attnum::pg_catalog.int4 FROM needed n LEFT JOIN pg_catalog.pg_attribute a
    ON a.attrelid = n.relation AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.name IS NULL OR a.attnum IS NOT NULL
  UNION
  SELECT shown.oid,
    CASE WHEN l.privilege IN ('SELECT', '?') THEN l.privilege
      WHEN shown.oid = $7::pg_catalog.oid OR shown.is_single THEN l.privilege ELSE '?' END,
    CASE WHEN l.privilege = 'SELECT' THEN nullif(shown.place, 0) END
  FROM looked l JOIN pg_catalog.pg_class v ON v.oid = l.relation AND v.relkind = 'v'
  CROSS JOIN LATERAL (
    SELECT c.oid, d.refobjsubid AS place, pg_catalog.min(c.oid::pg_catalog.int8) OVER () =
      pg_catalog.max(c.oid::pg_catalog.int8) OVER () AS is_single
    FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.objid = w.oid
      AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.oid AND d.deptype = 'n'
    JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    WHERE w.ev_class = v.oid AND w.ev_type = '1') shown
  WHERE EXISTS (SELECT FROM pg_catalog.pg_options_to_table(v.reloptions)
    WHERE option_name = 'security_invoker' AND option_value::pg_catalog.bool)
), named AS (
  SELECT l.relation, l.privilege, l.place, n.nspname, c.relname FROM looked l
  JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $2 AND c.relkind::pg_catalog.text = ANY ($3::pg_catalog.text[])
), judged AS (
  SELECT n.relation, n.nspname, n.relname, n.privilege, r.rolname,
    pg_catalog.bool_or(n.place IS NULL AND NOT CASE WHEN n.privilege = 'DELETE'
      THEN pg_catalog.has_table_privilege(r.oid, n.relation, 'DELETE')
      ELSE pg_catalog.has_any_column_privilege(r.oid, n.relation, n.privilege) END) AS lacks_all,
    pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY n.place) FILTER (WHERE n.place IS NOT NULL
      AND NOT pg_catalog.has_column_privilege(r.oid, n.relation, n.place::pg_catalog.int2, n.privilege)) AS columns,
    EXISTS (SELECT FROM pg_catalog.pg_attribute g, pg_catalog.aclexplode(g.attacl) e WHERE g.attrelid = n.relation
      AND NOT g.attisdropped AND e.privilege_type = n.privilege) AS by_column
  FROM named n CROSS JOIN asked r LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = n.relation AND a.attnum = n.place
  WHERE n.privilege <> '?'
  GROUP BY n.relation, n.nspname, n.relname, n.privilege, r.rolname, r.oid
), lacked AS (
  SELECT j.relation, j.nspname, j.relname, j.rolname,
    pg_catalog.string_agg(CASE WHEN j.by_column THEN pg_catalog.concat(j.privilege, ' (' || j.columns || ')')
      ELSE j.privilege END, ', ' ORDER BY pg_catalog.array_position(
      '{SELECT,INSERT,UPDATE,DELETE}'::pg_catalog.text[], j.privilege))
      FILTER (WHERE j.lacks_all OR j.columns IS NOT NULL) AS privileges,
    pg_catalog.bool_and(NOT j.by_column OR j.columns IS NOT NULL)
      FILTER (WHERE j.lacks_all OR j.columns IS NOT NULL) AS is_exact
  FROM judged j GROUP BY j.relation, j.nspname, j.relname, j.rolname
)
SELECT true, pg_catalog.format('%I.%I', l.nspname, l.relname),
  CASE WHEN NOT EXISTS (SELECT FROM named n WHERE n.relation = l.relation AND n.privilege = '?')
    THEN l.privileges IS NOT NULL END,
  l.privileges,
  CASE WHEN l.is_exact
    THEN pg_catalog.format('GRANT %s ON %I.%I TO %I;', l.privileges, l.nspname, l.relname, l.rolname) END
FROM lacked l
UNION ALL
(SELECT false, pg_catalog.format('%I.%I', n.nspname, c.relname), NULL, NULL, NULL
FROM asked, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND c.relkind::pg_catalog.text = ANY ($3::pg_catalog.text[])
  AND ($8::pg_catalog.bool OR c.oid = ANY ($9::pg_catalog.oid[])) AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM named WHERE named.relation = c.oid)
ORDER BY n.nspname LIMIT 9))";

// $4 the functions by oid, $5 and $6 those by schema and argument. A function is refused to the role that runs the
// statement, and the functions that an aggregate consists of to the aggregate's owner: those may be meant although the
// role may execute them. Overloads in the schema of a function that is named are not meant: the call has chosen.
constexpr std::string_view kFunctions = R"(WITH asked AS (
  SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = $1
), found AS (
  SELECT p.oid, p.oid = ANY ($4::pg_catalog.oid[]) OR EXISTS (
      SELECT FROM ROWS FROM (pg_catalog.unnest($5::pg_catalog.text[]), pg_catalog.unnest($6::pg_catalog.oid[]))
      AS k (schema, argument) WHERE n.nspname = k.schema AND p.pronargs = 1 AND p.proargtypes[0] = k.argument)
      AS is_named,
    NOT pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE') AS lacks,
    p.oid::pg_catalog.regprocedure::pg_catalog.text AS name, r.rolname, p.pronamespace AS schema
  FROM asked r, pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.proname = $2 AND p.prokind::pg_catalog.text = ANY ($3::pg_catalog.text[])
)
SELECT f.is_named, f.name, CASE WHEN f.is_named THEN f.lacks END,
  CASE WHEN f.is_named AND f.lacks THEN 'EXECUTE' END,
  CASE WHEN f.is_named AND f.lacks
    THEN pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I;', f.name, f.rolname) END
FROM found f WHERE f.is_named OR (NOT EXISTS (SELECT FROM found g WHERE g.is_named AND g.schema = f.schema)
  AND (f.lacks OR EXISTS (SELECT FROM pg_catalog.pg_aggregate a
    WHERE f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
      a.aggminvtransfn, a.aggmfinalfn))))
ORDER BY f.is_named DESC, f.name COLLATE pg_catalog."C" LIMIT 30)";

// $3 the relations whose defaults are evaluated.
constexpr std::string_view kSequences = R"(WITH asked AS (
  SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = $1
), found AS (
  SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
      AND f.adrelid = ANY ($3::pg_catalog.oid[])) AS is_named,
    NOT pg_catalog.has_sequence_privilege(r.oid, c.oid, 'USAGE') AS lacks,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, r.rolname
  FROM asked r, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $2 AND c.relkind = 'S' AND n.nspname !~ '^pg_temp'
)
SELECT f.is_named, f.name, CASE WHEN f.is_named THEN f.lacks END, CASE WHEN f.is_named AND f.lacks THEN 'USAGE' END,
  CASE WHEN f.is_named AND f.lacks THEN pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO %I;', f.name, f.rolname) END
FROM found f WHERE f.is_named OR f.lacks ORDER BY f.is_named DESC, f.name COLLATE pg_catalog."C" LIMIT 30)";

constexpr std::string_view kSchemas = R"(SELECT true, pg_catalog.quote_ident(n.nspname), p.lacks,
  CASE WHEN p.lacks THEN 'USAGE' END,
  CASE WHEN p.lacks THEN pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I;', n.nspname, r.rolname) END
FROM pg_catalog.pg_roles r, pg_catalog.pg_namespace n
CROSS JOIN LATERAL (SELECT NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AS lacks) p
WHERE r.rolname = $1 AND n.nspname = $2)";

}  // namespace

Query WriteLacking(const std::string& role, const RefusedRelation& refused) {
  std::vector<std::optional<std::string>> relations, privileges, columns;
  const auto add = [&](const RelationNeed& need, std::optional<std::string> column) {
    relations.emplace_back(std::to_string(need.relation->oid));
    privileges.emplace_back(need.privilege);
    columns.push_back(std::move(column));
  };
  for (const RelationNeed& need : refused.needs) {
    if (need.columns.empty()) add(need, std::nullopt);
    for (const std::string& column : need.columns) add(need, column);
  }
  Query query;
  query.sql = kRelations;
  query.parameters = {role,
                      refused.name,
                      pgtypes::ArrayLiteral(refused.kinds),
                      pgtypes::ArrayLiteral(relations),
                      pgtypes::ArrayLiteral(privileges),
                      pgtypes::ArrayLiteral(columns),
                      std::to_string(refused.written),
                      refused.reaches_any ? "true" : "false",
                      OidsOf(refused.shown)};
  return query;
}

Query WriteLacking(const std::string& role, const RefusedFunction& refused) {
  std::vector<catalog::Oid> functions, arguments;
  std::vector<std::string> schemas;
  for (const FunctionNeed& need : refused.needs) {
    if (need.oid != 0) {
      functions.push_back(need.oid);
    } else {
      schemas.push_back(need.name.schema);
      arguments.push_back(need.argument);
    }
  }
  Query query;
  query.sql = kFunctions;
  query.parameters = {role,
                      refused.name,
                      pgtypes::ArrayLiteral(refused.kinds),
                      OidsOf(functions),
                      pgtypes::ArrayLiteral(schemas),
                      OidsOf(arguments)};
  return query;
}

Query WriteLacking(const std::string& role, const RefusedSequence& refused) {
  Query query;
  query.sql = kSequences;
  query.parameters = {role, refused.name, OidsOf(refused.filled)};
  return query;
}

Query WriteLacking(const std::string& role, const RefusedSchema& refused) {
  Query query;
  query.sql = kSchemas;
  query.parameters = {role, refused.name};
  return query;
}

}  // namespace pando::sql
