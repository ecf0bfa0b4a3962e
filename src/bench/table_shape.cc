#include "bench/table_shape.h"

#include <algorithm>
#include <map>

#include "pg/quote.h"

namespace pando::bench {
namespace {

using Rows = std::vector<pg::CopySession::Row>;

// Below a domain lies its base type, at the depth that pg_type gives directly; deeper ones are rare and fail in COPY.
constexpr const char* kColumns = R"(
select c.relname, a.attname, coalesce(b.typname, t.typname), a.attnotnull or t.typnotnull, a.atthasdef or a.attidentity <> '',
       pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) is not null,
       case when t.typtype = 'd' then t.typtypmod else a.atttypmod end
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     join pg_type t on t.oid = a.atttypid left join pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
where n.nspname = $schema and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = ''
order by c.relname, a.attnum)";

constexpr const char* kChoices = R"(
select c.relname, a.attname, e.enumlabel
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     join pg_type t on t.oid = a.atttypid join pg_enum e on e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)
where n.nspname = $schema and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum, e.enumsortorder)";

// CHECK (status IN ('a', 'b')) is stored as status = ANY (ARRAY['a'::text, 'b'::text]).
constexpr const char* kChecks = R"(
select c.relname, a.attname, replace(m[1], '''''', '''')
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1],
     regexp_matches(pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''', 'g') m
where n.nspname = $schema and k.contype = 'c' and cardinality(k.conkey) = 1
      and pg_get_constraintdef(k.oid) ~ '= ANY \(+ARRAY\[')";

constexpr const char* kKeys = R"(
select c.relname, i.indexrelid::text, a.attname
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace,
     unnest(i.indkey) with ordinality as k (attnum, position) join pg_attribute a on a.attnum = k.attnum
where n.nspname = $schema and i.indisunique and i.indexprs is null and a.attrelid = c.oid and k.position <= i.indnkeyatts
order by c.relname, not i.indisprimary, i.indexrelid, k.position)";

constexpr const char* kForeignKeys = R"(
select c.relname, k.oid::text, a.attname, f.relname, fa.attname
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class f on f.oid = k.confrelid,
     unnest(k.conkey, k.confkey) with ordinality as p (attnum, fattnum, position)
     join pg_attribute a on a.attnum = p.attnum join pg_attribute fa on fa.attnum = p.fattnum
where n.nspname = $schema and k.contype = 'f' and k.conparentid = 0 and a.attrelid = c.oid and fa.attrelid = f.oid
order by c.relname, k.oid, p.position)";

class Reader {
 public:
  Reader(pg::CopySession& session, const std::string& schema) : session_(session), schema_(pg::QuoteLiteral(schema)) {}

  Result<std::vector<TableShape>> Read(const std::string& schema) {
    PANDO_CHECK(ReadColumns());
    PANDO_CHECK(ReadChoices(kChoices));
    PANDO_CHECK(ReadChoices(kChecks));
    PANDO_CHECK(ReadKeys());
    PANDO_CHECK(ReadForeignKeys());
    std::vector<TableShape> tables;
    for (auto& [name, table] : tables_) {
      const std::string from = pg::QuoteIdentifier(schema) + "." + pg::QuoteIdentifier(name);
      PANDO_TRY(const Rows found, session_.Run("select exists (select from " + from + ")"));
      table.has_rows = found.at(0).at(0) == "t";
      tables.push_back(std::move(table));
    }
    return tables;
  }

 private:
  Result<Rows> Query(std::string sql) {
    sql.replace(sql.find("$schema"), 7, schema_);
    return session_.Run(sql);
  }

  Result<void> ReadColumns() {
    PANDO_TRY(const Rows rows, Query(kColumns));
    for (const auto& row : rows) {
      TableShape& table = tables_[*row[0]];
      table.name = *row[0];
      ColumnShape column;
      column.name = *row[1];
      column.type = *row[2];
      column.not_null = *row[3] == "t";
      column.has_default = *row[4] == "t";
      column.has_sequence = *row[5] == "t";
      ReadModifier(std::atoi(row[6]->c_str()), column);
      table.columns.push_back(std::move(column));
    }
    return {};
  }

  // As PostgreSQL packs it: lengths and numeric's two numbers, 4 above.
  static void ReadModifier(int modifier, ColumnShape& column) {
    if (modifier < 4) return;
    if (column.type == "varchar" || column.type == "bpchar") column.length_max = modifier - 4;
    if (column.type == "bit" || column.type == "varbit") column.length_max = modifier;
    if (column.type != "numeric") return;
    column.digits = ((modifier - 4) >> 16) & 0xffff;
    column.scale = (modifier - 4) & 0x7ff;
  }

  Result<void> ReadChoices(const char* sql) {
    PANDO_TRY(const Rows rows, Query(sql));
    for (const auto& row : rows) {
      TableShape& table = tables_[*row[0]];
      const std::optional<size_t> column = table.Find(*row[1]);
      if (column) table.columns[*column].choices.push_back(*row[2]);
    }
    return {};
  }

  Result<void> ReadKeys() {
    PANDO_TRY(const Rows rows, Query(kKeys));
    std::string index;
    for (const auto& row : rows) {
      const auto table = tables_.find(*row[0]);
      if (table == tables_.end()) continue;
      if (*row[1] != index) table->second.unique_keys.emplace_back();
      index = *row[1];
      const std::optional<size_t> column = table->second.Find(*row[2]);
      if (column) table->second.unique_keys.back().push_back(*column);
    }
    return {};
  }

  Result<void> ReadForeignKeys() {
    PANDO_TRY(const Rows rows, Query(kForeignKeys));
    std::string constraint;
    for (const auto& row : rows) {
      const auto table = tables_.find(*row[0]);
      if (table == tables_.end()) continue;
      if (*row[1] != constraint) table->second.foreign_keys.emplace_back();
      constraint = *row[1];
      ForeignKeyShape& key = table->second.foreign_keys.back();
      const std::optional<size_t> column = table->second.Find(*row[2]);
      // A generated column brings its own values; whether they have a parent is not for us to say.
      if (column) key.columns.push_back(*column);
      key.table = *row[3];
      key.foreign_columns.push_back(*row[4]);
    }
    return {};
  }

  pg::CopySession& session_;
  std::string schema_;  // as a literal
  std::map<std::string, TableShape> tables_;
};

}  // namespace

std::optional<size_t> TableShape::Find(const std::string& column) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const ColumnShape& c) { return c.name == column; });
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

Result<std::vector<TableShape>> ReadTableShapes(pg::CopySession& session, const std::string& schema) {
  return Reader(session, schema).Read(schema);
}

}  // namespace pando::bench
