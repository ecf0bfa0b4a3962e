// A Plan is a request with everything resolved against one Catalog: which relation, by which relationship, with which
// columns and types; what is left is to write it down as SQL (sql/).
//
// Concurrency  immutable once made
// Ownership    points into the Catalog it was made with (Plan::catalog keeps it alive)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/function.h"
#include "catalog/relation.h"
#include "catalog/relationship.h"
#include "rest/request.h"

namespace pando::plan {

using catalog::QualifiedName;

// -------------------------------------------------------------------------------------------------- the tree of reads

// A column, a path into it, and how its value is carried in and out.
struct ColumnRef {
  std::string name;
  std::vector<rest::JsonStep> path;
  bool to_jsonb = false;     // a path into something that is not JSON: converted first
  bool is_tsvector = false;  // full-text operators apply as it is
  std::string from_row;      // computed, on a source that has the row as this column; empty: no such column is read
  std::string to_json;       // domain representation for output: a function's quoted SQL name, or empty
  std::string from_text;     // domain representation for filter values
};

struct ColumnOutput {
  ColumnRef column;  // unused when it is count()
  std::string key;   // name in the result
  std::string cast;  // safe SQL of a type, or empty
  std::optional<rest::Aggregate> aggregate;
  std::string aggregate_cast;
  bool is_count_star = false;
};

// One entry of the select list, in the client's order: a column, or the embed of that position.
struct Output {
  enum class Kind { kColumn, kStar, kEmbed };
  Kind kind = Kind::kColumn;
  ColumnOutput column;
  size_t embed = 0;
};

struct Condition {
  enum class Kind { kFilter, kEmbedEmpty, kAnd, kOr };
  Kind kind = Kind::kFilter;
  bool negated = false;             // of kEmbedEmpty, kAnd, kOr; a filter has its own in `operation`
  ColumnRef column;                 // of kFilter
  rest::Operation operation;        // of kFilter
  size_t embed = 0;                 // of kEmbedEmpty: the embed has no row
  std::vector<Condition> children;  // of kAnd, kOr
};

struct OrderTerm {
  std::optional<size_t> embed;  // by a column of this to-one embed
  // With `embed`: `column.name` is a key of its select list; else it is the number of one of its `hidden`.
  bool by_output = false;
  // With `embed`, in an order of groups: rows of a group may have values that differ and show the same (1.0 and 1.00).
  // The least value counts.
  bool by_least = false;
  ColumnRef column;
  std::optional<rest::Direction> direction;
  std::optional<rest::Nulls> nulls;
};

// What only the parent's order needs of an embed, shown to no client.
struct HiddenColumn {
  ColumnRef column;
  bool is_output = false;  // `column.name` is a key of the select list
};

struct Embed;

// One relation (or the rows of a write or a function) in the tree of embeds.
struct Node {
  // The rows of the write or call come from this common table expression; whole rows, when asked for, as the column
  // RowColumnOf().
  static constexpr const char* kSourceName = "pando_source";

  bool from_source = false;                               // reads kSourceName instead of `name`
  QualifiedName name;                                     // of the relation, or of the function
  const catalog::Relation* relation = nullptr;            // null for a function's result without one
  const std::vector<catalog::Column>* columns = nullptr;  // known columns; null when unknown
  std::vector<Output> outputs;
  std::vector<Embed> embeds;
  std::vector<Condition> where;  // all ANDed
  std::vector<OrderTerm> order;
  std::optional<int64_t> limit;
  int64_t offset = 0;
  int depth = 0;
  // Its rows are groups of rows: it has aggregates, and leaves none of them to its parent, as a to-one spread does.
  bool grouped = false;
  std::vector<HiddenColumn> hidden;
  // `*` is written as the list of `columns`, each through its representation (a function's quoted SQL name, or empty).
  bool star_is_listed = false;
  std::vector<std::string> star_to_json;
};

struct Embed {
  std::string key;     // alias or target as written
  std::string target;  // as written
  bool has_alias = false;
  bool is_spread = false;
  bool inner = false;
  // Shows nothing: `embed()`, or only such below it.
  bool silent = false;
  catalog::Relationship relationship;
  Node node;
  bool to_one() const { return relationship.to_one(); }
};

// ------------------------------------------------------------------------------------------------------------ writes

struct PayloadColumn {
  std::string name;
  std::string sql_type;
  std::string from_json;      // domain representation, or empty
  bool is_json = false;       // json, jsonb or a domain over one
  bool json_as_text = false;  // the payload has its JSON as text: CSV
  // Under missing=default: no object has the column, and PostgreSQL fills it in.
  bool left_out = false;
  // Under missing=default: objects may lack the column, and their rows get this expression as a value of
  // `default_type`.
  std::optional<std::string> default_expression;
  std::string default_type;
};

struct Mutation {
  enum class Kind { kInsert, kPut, kUpdate, kDelete };
  Kind kind = Kind::kInsert;
  const catalog::Relation* relation = nullptr;
  std::vector<PayloadColumn> columns;
  std::vector<Condition> where;  // of update and delete
  // ON CONFLICT: its columns; merge updates the payload's columns, else nothing is done.
  std::vector<std::string> conflict;
  bool merge = false;
  std::vector<std::pair<std::string, std::string>> put_key;  // of PUT: column and value of the URL
  // What RETURNING must yield for the representation.
  std::vector<std::string> returning;
  bool returning_row = false;         // also the whole row as RowColumnOf()
  std::vector<std::string> location;  // key columns for the Location header, or empty
};

// ------------------------------------------------------------------------------------------------------------- calls

struct CallArgument {
  std::string name;  // empty: the single unnamed one
  std::string sql_type;
  bool variadic = false;
  // PostgreSQL takes names for the arguments of a VARIADIC function only where all are given: what was left out is
  // given as its default, which is safe SQL.
  std::optional<std::string> default_expression = std::nullopt;
  bool json_as_text = false;  // as PayloadColumn::json_as_text
  // The value, when it came as text (query string, form); else it is a field of the JSON payload.
  std::optional<std::string> text;
};

struct Call {
  const catalog::Function* function = nullptr;
  std::vector<CallArgument> arguments;
  enum class Source { kText, kJson, kRaw };
  Source source = Source::kText;
  // The function yields rows with known names, to which select, filters, order and embeds apply. Else it yields values:
  // rows of one column with the function's name, to which filters, order and windows apply.
  bool table_like = false;
  // Also the whole row, of this type, as RowColumnOf().
  std::optional<QualifiedName> returning_row;
};

// ------------------------------------------------------------------------------------------------------------ answer

struct Media {
  enum class Format { kJson, kObject, kCsv, kGeoJson, kHandler, kScalarHandler, kNone };
  Format format = Format::kJson;
  bool nulls_stripped = false;
  const catalog::MediaHandler* handler = nullptr;  // of kHandler
  bool explain = false;
  rest::MediaType explain_options;  // of explain
  std::string content_type;         // the answer's
};

enum class Count { kNone, kExact, kPlanned, kEstimated };

struct Plan {
  std::shared_ptr<const catalog::Catalog> catalog;
  std::string role;  // the caller's, which decides what functions of extensions there are
  rest::Action action = rest::Action::kRead;
  Node read;  // of every action but writes without a representation
  std::optional<Mutation> mutation;
  std::optional<Call> call;
  bool representation = true;  // false: the answer carries no rows
  Media media;
  Count count = Count::kNone;
  // The rows of the write or call are counted apart from those that the answer shows, which a window, a filter, an
  // inner embed or an aggregate may leave out: for max-affected, for the range, and so that a function runs to its end.
  bool counts_source = false;
  std::optional<uint32_t> estimate_from;  // rest.max_rows, up to which an estimated count is exact
  catalog::Footprint footprint;           // of everything that runs, the pre-request function excepted
  bool read_only = false;
  std::vector<std::string> warnings;  // for the Warning header
};

// The node's rows are groups of rows.
bool HasAggregates(const Node& node);
// All rows are one group, which is there even without rows: `select=count(),amount.sum()`.
bool IsOneGroup(const Node& node);

// The relation's name with `end` behind it, cut in front of that where PostgreSQL would cut the whole.
std::string NameWith(const Node& node, std::string_view end);

// The column that holds the whole row beside the columns of a source: a name that none of those has.
// REQUIRES: node.columns
std::string RowColumnOf(const Node& node);

struct PlanOptions {
  std::optional<uint32_t> max_rows;
  bool aggregates_enabled = false;
  bool plan_enabled = false;
  bool legacy_target_names = true;
  uint32_t embeds_max = 200;  // embeds of one request
};

// What a request names, before its body is there: a relation, or functions, of which the body chooses one.
struct Named {
  const catalog::Relation* relation = nullptr;  // null: functions
  std::vector<const catalog::Function*> functions;
};
//   kRelationNotFound, kFunctionNotFound
// REQUIRES: as MakePlan()
Result<Named> FindNamed(const rest::Request& request, const catalog::Catalog& catalog, std::string_view role);

// Resolves `request` in the order that clients can observe (docs/rest.md section 30): the relation or function, then
// relationships and embed paths, then payload columns, then the media type, then strict preferences.
//   kRelationNotFound, kFunctionNotFound, kAmbiguousFunction, kNoRelationship, kAmbiguousRelationship, kNotEmbedded,
//   kRelatedOrderToMany, kAggregatesDisabled, kNotImplemented, kColumnNotFound, kPutFilters, kPutRange, kNoMediaType,
//   kInvalidPreferences, kMaxAffectedScalar, kNotHonoured
//   kSqlstate  42703: a field would call a function that `role` is not shown
// REQUIRES: request.action is kRead, kInsert, kPut, kUpdate, kDelete or kCall.
Result<Plan> MakePlan(const rest::Request& request, std::shared_ptr<const catalog::Catalog> catalog,
                      const PlanOptions& options, std::string role);

}  // namespace pando::plan
