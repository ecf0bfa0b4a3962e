#include "changes/publication.h"

#include <charconv>
#include <set>

#include "changes/install.h"
#include "pg/connection.h"
#include "pg/quote.h"
#include "pg/rows.h"
#include "pgtypes/array.h"

namespace pando::changes {
namespace {

constexpr int kAttempts = 3;

// Of the table `c`: whether its identity has a column that the log does not tell (see withdraw() in install.cc).
constexpr const char* kGenerated = R"sql(
 CROSS JOIN LATERAL (SELECT EXISTS (
         SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped
            AND CASE c.relreplident WHEN 'f' THEN
                  pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 180000
                ELSE EXISTS (
                  SELECT FROM pg_catalog.pg_index x
                   WHERE x.indrelid = c.oid AND x.indisvalid
                     AND (c.relreplident = 'd' AND x.indisprimary OR c.relreplident = 'i' AND x.indisreplident)
                     AND a.attnum = ANY ((x.indkey::pg_catalog.int2[])[0:x.indnkeyatts - 1])) END)
       ) AS g (generated)
)sql";

// Each table that should be published, or is: its name quoted, whether it is published, whether its log tells which row
// was changed, whether it is logged, whether we own it, whether it is exposed by views alone, whether somebody gave it
// a row filter or a column list (which version 15 began), and whether a generated column is what stands in the way.
constexpr const char* kCandidates = R"sql(
WITH RECURSIVE reached AS (
    SELECT c.oid, false AS by_view FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1::pg_catalog.text[]) AND c.relkind IN ('r', 'p', 'v') AND c.relpersistence <> 't'
  UNION
    SELECT next.oid, r.by_view OR next.by_view FROM reached r CROSS JOIN LATERAL (
        SELECT i.inhrelid AS oid, false AS by_view FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid
      UNION ALL
        SELECT d.refobjid, true FROM pg_catalog.pg_rewrite w
          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
         WHERE w.ev_class = r.oid AND w.ev_type = '1' AND d.refobjid >= 16384) AS next),
exposed AS (SELECT oid, pg_catalog.bool_and(by_view) AS by_view FROM reached GROUP BY oid),
published AS (
    SELECT r.prrelid AS oid,
           coalesce(pg_catalog.to_jsonb(r) ->> 'prqual', pg_catalog.to_jsonb(r) ->> 'prattrs') IS NOT NULL AS is_cut
      FROM pg_catalog.pg_publication_rel r
      JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = $2)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),
       p.oid IS NOT NULL,
       c.relpersistence = 'p' AND i.identified AND NOT (g.generated AND $4::pg_catalog.bool),
       c.relpersistence = 'p',
       pg_catalog.pg_has_role(c.relowner, 'USAGE'),
       coalesce(e.by_view, true),
       coalesce(p.is_cut, false),
       i.identified AND g.generated
  FROM exposed e FULL JOIN published p ON p.oid = e.oid
  JOIN pg_catalog.pg_class c ON c.oid = coalesce(e.oid, p.oid) AND c.relkind = 'r'
   AND c.oid <> ($3::pg_catalog.text)::pg_catalog.regclass
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT c.relreplident = 'f' OR EXISTS (
         SELECT FROM pg_catalog.pg_index x
          WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
            AND (c.relreplident = 'd' AND x.indisprimary OR c.relreplident = 'i' AND x.indisreplident))
       ) AS i (identified)
)sql";

// Whoever plans by a catalog that is so many changes old is refused by other means: it is not current.
constexpr const char* kPrune = R"sql(
DELETE FROM pando_changes.epoch WHERE id <= (SELECT max(id) - 10000 FROM pando_changes.epoch)
)sql";

// Whether the publication has other options than those with which we make it.
constexpr const char* kIsAltered = R"sql(
SELECT FROM pg_catalog.pg_publication
 WHERE pubname = $1 AND NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate AND NOT pubviaroot)
)sql";

constexpr const char* kRestore =
    "ALTER PUBLICATION pando SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = false)";

// What is cut off by a row filter or a column list, where it could not be restored, counts as not published; so does a
// table that was left in though its identity is generated.
constexpr const char* kPublished = R"sql(
SELECT r.prrelid, r.prrelid = ($2::pg_catalog.text)::pg_catalog.regclass,
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()), current_user, c.relreplident = 'd',
       r.oid,
       pg_catalog.concat_ws(' ', pg_catalog.current_database(), s.system_identifier,
                            extract(epoch from pg_catalog.pg_postmaster_start_time()),
                            CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'replica' END),
       pg_catalog.concat_ws(' ', p.oid, p.xmin)
  FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = $1
  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
 CROSS JOIN pg_catalog.pg_control_system() s
)sql";
constexpr const char* kCounted = R"sql(
 WHERE (NOT $3::pg_catalog.bool
        OR coalesce(pg_catalog.to_jsonb(r) ->> 'prqual', pg_catalog.to_jsonb(r) ->> 'prattrs') IS NULL)
   AND NOT (g.generated AND $4::pg_catalog.bool)
 ORDER BY r.prrelid
)sql";

// Changes of a partition name the partition alone. One that is being detached shows its rows until it is gone.
constexpr const char* kTrees = R"sql(
WITH RECURSIVE below AS (
    SELECT inhparent AS root, inhrelid AS oid FROM pg_catalog.pg_inherits
  UNION
    SELECT b.root, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT b.root, pg_catalog.string_agg(b.oid::pg_catalog.text, ' '),
       pg_catalog.bool_and(r.oid IS NOT NULL), root.relkind <> 'p'
  FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid AND c.relkind NOT IN ('p', 'i', 'I')
  JOIN pg_catalog.pg_class root ON root.oid = b.root
  LEFT JOIN (pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid AND p.pubname = $1)
    ON r.prrelid = b.oid
 GROUP BY b.root, root.relkind
)sql";

std::string EpochName() { return std::string(kSchema) + "." + std::string(kEpochTable); }

struct Due {
  std::vector<std::string> add, take_out, cut;
  std::vector<Unpublished> unpublished;
  std::set<std::string> withdrawn;
};

Due ReadCandidates(const pg::Rows& rows, const PublishOptions& options) {
  using Reason = Unpublished::Reason;
  Due due;
  due.withdrawn = options.withdrawn;
  for (int i = 0; i < rows.size(); ++i) {
    const auto holds = [&](int column) { return rows.Get(i, column) == "t"; };
    const bool published = holds(1), suitable = holds(2), is_logged = holds(3), owned = holds(4);
    const bool only_by_view = holds(5), cut = options.restores && holds(6), generated = holds(7);
    std::string table(rows.Text(i, 0));
    const bool was_put_back = published && generated && options.withdrawn.contains(table);
    const bool leaves = published && !suitable && owned && !was_put_back;
    if (leaves) due.take_out.push_back(table);
    if (leaves && generated) due.withdrawn.insert(table);
    if ((!published || cut) && suitable && owned) due.add.push_back(table);
    if (cut && suitable && owned) due.cut.push_back(table);
    // Of what only views show nobody is told what to alter: it may be no business of theirs.
    if ((published && !was_put_back) || (suitable && owned) || only_by_view) continue;
    due.unpublished.push_back({std::move(table), suitable     ? Reason::kNotOwned
                                                 : !is_logged ? Reason::kUnlogged
                                                 : generated  ? Reason::kGenerated
                                                              : Reason::kNoIdentity});
  }
  return due;
}

template <class Number>
Number ReadNumber(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

TableTree ReadTree(const pg::Rows& rows, int row) {
  TableTree tree;
  tree.root = ReadNumber<pgtypes::Oid>(rows.Text(row, 0));
  std::string_view below = rows.Text(row, 1);
  while (!below.empty()) {
    const size_t end = std::min(below.find(' '), below.size());
    tree.below.push_back(ReadNumber<pgtypes::Oid>(below.substr(0, end)));
    below.remove_prefix(std::min(end + 1, below.size()));
  }
  tree.published = rows.Get(row, 2) == "t";
  tree.has_rows = rows.Get(row, 3) == "t";
  return tree;
}

Task<Result<void>> Alter(pg::Connection& connection, std::string verb, std::vector<std::string> tables,
                         Deadline deadline) {
  for (size_t begin = 0; begin < tables.size(); begin += kTablesPerStatement) {
    std::string script =
        "SELECT pg_catalog.set_config('lock_timeout', '" + std::to_string(kLockTimeout.count()) + "', true); ";
    script += "ALTER PUBLICATION " + std::string(kPublication) + " " + verb + " TABLE ";
    const size_t end = std::min(tables.size(), begin + kTablesPerStatement);
    for (size_t i = begin; i < end; ++i) script += (i > begin ? ", ONLY " : "ONLY ") + tables[i];
    PANDO_CO_CHECK(co_await connection.RunScript(std::move(script), deadline));
  }
  co_return Result<void>();
}

// Another server did the same meanwhile, or a table is gone.
bool WasOvertaken(const Error& error) {
  const std::string_view state = error.sqlstate();
  return state == "42710" || state == "42704" || state == "42P01" || state == "3F000";
}

Task<Result<pg::Rows>> Ask(pg::Connection& connection, std::string sql, std::vector<pg::Parameter> parameters,
                           Deadline deadline) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{std::move(sql), std::move(parameters), false});
  PANDO_CO_TRY(std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  co_return std::move(rows.front());
}

pg::Parameter Boolean(bool value) { return std::string(value ? "t" : "f"); }

// Whether there was something to restore.
Task<Result<bool>> Restore(pg::Connection& connection, Deadline deadline) {
  std::vector<pg::Parameter> named = {std::string(kPublication)};
  PANDO_CO_TRY(const pg::Rows altered, co_await Ask(connection, kIsAltered, std::move(named), deadline));
  if (altered.size() == 0) co_return false;
  std::string restore = kRestore;
  PANDO_CO_CHECK(co_await connection.RunScript(std::move(restore), deadline));
  co_return true;
}

}  // namespace

std::string Cure(const Unpublished& unpublished, const std::string& role) {
  const std::string alter = "ALTER TABLE " + unpublished.table;
  switch (unpublished.reason) {
    case Unpublished::Reason::kNoIdentity:
      return alter + " ADD PRIMARY KEY (...), or " + alter + " REPLICA IDENTITY FULL";
    case Unpublished::Reason::kGenerated:
      return alter + " REPLICA IDENTITY USING INDEX ... (a unique index without generated columns)";
    case Unpublished::Reason::kUnlogged:
      return alter + " SET LOGGED";
    case Unpublished::Reason::kNotOwned:
      return alter + " OWNER TO " + pg::QuoteIdentifier(role);
  }
  return "";
}

Task<Result<Publication>> Publish(pg::Connection& connection, PublishOptions options, Deadline deadline) {
  Publication publication;
  if (options.restores) {
    PANDO_CO_TRY(publication.was_restored, co_await Restore(connection, deadline));
  }
  Due due;
  for (int left = kAttempts;; --left) {
    std::vector<pg::Parameter> wanted = {pgtypes::ArrayLiteral(options.schemas), std::string(kPublication), EpochName(),
                                         Boolean(options.only_identified)};
    std::string query = std::string(kCandidates) + kGenerated + " ORDER BY c.oid";
    PANDO_CO_TRY(const pg::Rows candidates, co_await Ask(connection, std::move(query), std::move(wanted), deadline));
    due = ReadCandidates(candidates, options);
    publication.was_restored |= !due.cut.empty();
    Result<void> altered = co_await Alter(connection, "DROP", due.cut, deadline);
    if (altered) altered = co_await Alter(connection, "ADD", due.add, deadline);
    if (altered) altered = co_await Alter(connection, "DROP", due.take_out, deadline);
    if (altered) break;
    if (left == 1 || !WasOvertaken(altered.error())) co_return altered.error();
  }
  std::vector<pg::Parameter> none;
  PANDO_CO_CHECK(co_await Ask(connection, kPrune, std::move(none), deadline));
  std::vector<pg::Parameter> published = {std::string(kPublication), EpochName(), Boolean(options.restores),
                                          Boolean(options.only_identified)};
  std::string query = std::string(kPublished) + kGenerated + kCounted;
  PANDO_CO_TRY(const pg::Rows rows, co_await Ask(connection, std::move(query), std::move(published), deadline));
  publication.unpublished = std::move(due.unpublished);
  publication.withdrawn = std::move(due.withdrawn);
  for (int i = 0; i < rows.size(); ++i) {
    const auto oid = ReadNumber<pgtypes::Oid>(rows.Text(i, 0));
    if (rows.Get(i, 1) == "t") {
      publication.epoch = oid;
    } else {
      publication.tables.push_back({oid, ReadNumber<pgtypes::Oid>(rows.Text(i, 5)), rows.Get(i, 4) == "t"});
    }
    publication.snapshot_xmax = ReadNumber<uint64_t>(rows.Text(i, 2));
    publication.role = rows.Get(i, 3).value_or("");
    publication.database = rows.Get(i, 6).value_or("");
    publication.version = rows.Get(i, 7).value_or("");
  }
  std::vector<pg::Parameter> in_publication = {std::string(kPublication)};
  PANDO_CO_TRY(const pg::Rows trees, co_await Ask(connection, kTrees, std::move(in_publication), deadline));
  for (int i = 0; i < trees.size(); ++i) publication.trees.push_back(ReadTree(trees, i));
  if (publication.epoch == 0) {
    co_return Error::FromDatabase("42P01", "the table " + EpochName() + " is no longer published");
  }
  co_return publication;
}

}  // namespace pando::changes
