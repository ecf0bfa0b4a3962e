// The functions that can be called, computed columns, and handlers of media types.
//
// Concurrency  immutable once they are part of a Catalog
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/audience.h"
#include "catalog/footprint.h"
#include "catalog/names.h"
#include "catalog/relation.h"

namespace pando::catalog {

struct Argument {
  std::string name;  // may be empty
  Oid type = 0;
  std::string sql_type;  // format_type; character(n) and bit(n) as their varying forms
  bool required = true;
  bool variadic = false;
  // Of one that may be left out, where the function has a VARIADIC one: safe SQL.
  std::optional<std::string> default_expression = std::nullopt;
};

struct Function {
  enum class Volatility { kImmutable, kStable, kVolatile };
  Oid oid = 0;
  QualifiedName name;
  std::vector<Argument> arguments;  // IN, INOUT and VARIADIC, in order
  Volatility volatility = Volatility::kVolatile;
  bool returns_set = false;
  bool returns_void = false;
  // The result is a row: a composite type, a table, RETURNS TABLE, OUT arguments, record.
  bool returns_row = false;
  Oid result_type = 0;
  // Of a row of a relation's type (or a domain over it), when FindRelation knows that relation: for select, filters and
  // embeds.
  std::optional<QualifiedName> result_relation;
  bool result_is_alias_of_composite = false;  // a domain over a composite
  // Of RETURNS TABLE, of OUT arguments, and of a composite type that is no known relation's: its columns; else empty.
  std::vector<Column> result_columns;
  // Of a value or an anonymous record, as PostgreSQL names it in FROM: one column with the function's name. Made by
  // Catalog::Build(); empty where the row's columns are known, and of void.
  std::vector<Column> value_column;
  // Settings attached by CREATE FUNCTION ... SET that PostgREST hoists to the transaction: statement_timeout,
  // default_transaction_isolation, plan_filter.statement_cost_limit; as (name, value).
  std::vector<std::pair<std::string, std::string>> settings;
  std::optional<std::string> comment;
  // The result type is a domain named like a media type: answered raw, under that type ("text/html", "*/*").
  std::optional<std::string> media_type;
  Footprint footprint;
  Audience audience;
  // The columns of its rows are known by name: select, filters, order and embeds apply to them.
  bool has_columns() const { return returns_row && (result_relation || !result_columns.empty()); }
  bool has_single_unnamed_argument() const { return arguments.size() == 1 && arguments[0].name.empty(); }
};

// A function of one argument, a relation's row type: a computed column, when it returns a scalar.
struct ComputedColumn {
  QualifiedName function;
  Oid type = 0;
  std::string sql_type;
  Footprint footprint;
  Audience audience;
};

// A media type handler (docs/rest.md section 22, custom handlers).
struct MediaHandler {
  std::string media_type;                 // the domain's name, lower case: "text/plain", "*/*"
  QualifiedName function;                 // the aggregate
  std::optional<QualifiedName> relation;  // the row type it takes; nullopt: anyelement, serves all
  Footprint footprint;
  Audience audience;
};

}  // namespace pando::catalog
