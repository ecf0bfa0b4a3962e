// The query string as a tree: what docs/rest.md section 2 can say, parsed and not yet resolved. Names are as the client
// wrote them; the planner (plan/) looks them up.
//
// Concurrency  immutable once parsed
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pando::rest {

// ---------------------------------------------------------------------------------------------------------- fields

// One step of a JSON path: -> or ->>, then an index or a key.
struct JsonStep {
  bool as_text = false;   // ->>
  bool is_index = false;  // `key` is a decimal integer, perhaps negative
  std::string key;
  friend bool operator==(const JsonStep&, const JsonStep&) = default;
};

struct Field {
  std::string name;
  std::vector<JsonStep> path;
  friend bool operator==(const Field&, const Field&) = default;
};

// ---------------------------------------------------------------------------------------------------------- select

enum class Aggregate { kSum, kAvg, kCount, kMax, kMin };

// `*`, a column, a column under an aggregate, or count() alone (aggregate set, field.name empty).
struct SelectColumn {
  bool is_star = false;
  Field field;
  std::optional<std::string> alias;
  std::optional<std::string> cast;  // before the aggregate
  std::optional<Aggregate> aggregate;
  std::optional<std::string> aggregate_cast;  // after it
};

enum class JoinKind { kLeft, kInner };

struct SelectItem;

// An embedded resource: target!hint!inner(select...), or spread with "...".
struct SelectEmbed {
  bool is_spread = false;
  std::string target;
  std::optional<std::string> alias;
  std::optional<std::string> hint;
  std::optional<JoinKind> join;
  std::vector<SelectItem> select;  // empty for `embed()`
};

struct SelectItem {
  std::variant<SelectColumn, SelectEmbed> value;
};

// --------------------------------------------------------------------------------------------------------- filters

enum class Operator {
  kEq,
  kNeq,
  kGt,
  kGte,
  kLt,
  kLte,
  kLike,
  kIlike,
  kMatch,
  kImatch,
  kIn,
  kIs,
  kIsDistinct,
  kFts,
  kPlfts,
  kPhfts,
  kWfts,
  kContains,
  kContainedIn,
  kOverlaps,  // cs cd ov
  kStrictlyLeft,
  kStrictlyRight,
  kNotExtendsRight,
  kNotExtendsLeft,
  kAdjacent,  // sl sr nxr nxl adj
};

enum class Quantifier { kNone, kAny, kAll };
enum class IsValue { kNull, kNotNull, kTrue, kFalse, kUnknown };

struct Operation {
  bool negated = false;
  Operator op = Operator::kEq;
  Quantifier quantifier = Quantifier::kNone;
  std::optional<std::string> language;  // of full-text search
  std::string value;                    // as written, decoded; unused by kIn and kIs
  std::vector<std::string> list;        // kIn
  IsValue is = IsValue::kNull;          // kIs
};

struct Filter {
  Field field;
  Operation operation;
};

// A tree of and/or over filters.
struct Logic {
  enum class Kind { kFilter, kAnd, kOr };
  Kind kind = Kind::kFilter;
  bool negated = false;         // of kAnd and kOr; a filter carries its own
  Filter filter;                // of kFilter
  std::vector<Logic> children;  // of kAnd and kOr, at least one
};

// ---------------------------------------------------------------------------------------------------- order, range

enum class Direction { kAsc, kDesc };
enum class Nulls { kFirst, kLast };

struct OrderTerm {
  std::optional<std::string> relation;  // rel(col): by a column of a to-one embed
  Field field;
  std::optional<Direction> direction;
  std::optional<Nulls> nulls;
};

// A window of rows. limit: at most so many; offset: after so many.
struct Window {
  std::optional<int64_t> limit;
  int64_t offset = 0;
};

// Where in the tree of embeds something applies: names or aliases from the root down; empty is the root.
using EmbedPath = std::vector<std::string>;

template <class T>
struct At {
  EmbedPath path;
  T value;
};

struct Query {
  std::vector<SelectItem> select;   // empty means every column
  std::vector<At<Filter>> filters;  // in the order of the query string; all ANDed
  std::vector<At<Logic>> logic;     // and=, or=, not.and=, not.or=; all ANDed
  std::vector<At<std::vector<OrderTerm>>> order;
  std::vector<At<Window>> windows;  // limit and offset merged, one per path; the root's also holds Range
  std::optional<std::vector<std::string>> columns;
  std::optional<std::vector<std::string>> on_conflict;
  // GET /rpc: every key=value that is not an operator expression, in order, repeated keys repeated.
  std::vector<std::pair<std::string, std::string>> arguments;
  // The parameters sorted by key and encoded again, for Content-Location; without the '?'.
  std::string canonical;
  bool has_limit_or_offset = false;  // the root's limit= or offset= was given (PUT refuses them)
};

}  // namespace pando::rest
