// The types and relations of the database. introspect/ reads them.
//
// Concurrency  immutable once they are part of a Catalog
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/footprint.h"
#include "catalog/names.h"

namespace pando::catalog {

struct Type {
  enum class Kind { kBase, kEnum, kDomain, kComposite, kRange, kMultirange, kArray, kPseudo };
  Oid oid = 0;
  QualifiedName name;
  Kind kind = Kind::kBase;
  char category = 'U';              // pg_type.typcategory: 'N' numeric, 'S' string, 'A' array, ...
  Oid base = 0;                     // of a domain: the type below it
  Oid element = 0;                  // of an array
  Oid relation = 0;                 // of a composite: its pg_class row
  std::vector<std::string> labels;  // of an enum, in order
  // Safe to put into SQL and without a length: "character varying", "bpchar", "api.color" (as format_type(oid, -1)).
  std::string sql;
  // Domain representations (docs/rest.md section 27): casts that are functions; empty when there is none. As quoted SQL
  // names.
  std::string to_json;    // D -> json
  std::string from_json;  // json -> D
  std::string from_text;  // text -> D
  // Of turning a value into this type and back: input and output functions, domain checks, user-defined casts.
  Footprint casting = kNoFootprint;
};

struct Column {
  std::string name;
  Oid type = 0;
  std::string sql_type;  // format_type with its modifier: "character varying(10)"
  bool nullable = true;
  bool has_default = false;                       // a default, identity, or a domain's default
  std::optional<std::string> default_expression;  // SQL, as pg_get_expr prints it; of a view: the base column's
  bool is_identity = false;
  bool is_generated = false;   // GENERATED ALWAYS AS (...) STORED: cannot be written
  bool equates_texts = false;  // by a nondeterministic collation: different texts may be equal
  std::optional<int32_t> max_length;
  std::optional<std::string> comment;
};

struct Relation {
  struct Shown {
    Oid oid = 0;
    QualifiedName name;  // empty where it is not known: of the server's own
  };
  // Rows of one table, one for one, but for those that a condition on them leaves out.
  struct OneForOne {
    Oid table = 0;
    std::vector<std::string> columns;  // of the table, for each of the view's; empty for an expression
    std::vector<std::string> key;  // the view's that show the primary key, in the order of the table's columns, or none
  };
  enum class Kind { kTable, kPartitionedTable, kView, kMaterializedView, kForeignTable };
  Oid oid = 0;
  QualifiedName name;
  Kind kind = Kind::kTable;
  Oid row_type = 0;
  std::vector<Column> columns;           // in attribute order
  std::vector<std::string> primary_key;  // columns in key order; of a view: the base table's, when all pass through
  std::vector<Shown> shows;              // of a view: all that its query looks into, through further views, by Oid
  bool reads_as_caller = false;          // a view with security_invoker; others read by the rights of their owner
  std::shared_ptr<const OneForOne> one_for_one;  // of a view; null: it shows rows otherwise
  bool insertable = false, updatable = false,
       deletable = false;  // by kind, rules and INSTEAD OF triggers, not by grants
  // A table on which nothing but its own constraints happens when a row is written: no trigger of a user's, no rule,
  // nothing put off to the end of the transaction, no table that inherits from it.
  bool plain_writes = false;
  // A table from which others inherit: it shows their rows too, for which its keys do not hold. Not of partitions.
  bool has_children = false;
  std::optional<std::string> comment;
  Footprint reading;  // of SELECT
  Footprint writing;  // of INSERT, UPDATE, DELETE with triggers, defaults, checks, cascades

  // Position in `columns`, or -1. Constant time.
  int FindColumn(std::string_view column) const;
  const Column* Get(std::string_view column) const;
  std::unordered_map<std::string, int, TextHash, std::equal_to<>> column_index;  // filled by Catalog::Build
};

struct ForeignKey {
  std::string constraint;
  QualifiedName table;
  std::vector<std::string> columns;
  QualifiedName foreign_table;
  std::vector<std::string> foreign_columns;
  bool columns_unique = false;  // the columns are exactly those of a unique or primary key: one-to-one
};

// A view's column that is a base relation's column, seen through any number of views.
struct ViewColumnOrigin {
  QualifiedName view;
  std::string view_column;
  QualifiedName table;
  std::string table_column;
};

}  // namespace pando::catalog
