// A Catalog is one immutable version of what is known of the database's schema: relations, columns, keys,
// relationships, functions, types. introspect/ builds it; requests in flight keep the version they started with.
//
// Nothing here depends on who asks: privileges are the database's business.
//
// Concurrency  immutable once built; shared by shared_ptr<const Catalog>
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "catalog/observed.h"

namespace pando::catalog {

using Oid = uint32_t;

struct QualifiedName {
  std::string schema;
  std::string name;
  friend auto operator<=>(const QualifiedName&, const QualifiedName&) = default;
};

// Whether one of `names` is it, alone or behind its schema and a point.
bool IsNamed(const QualifiedName& name, const std::vector<std::string>& names);

// Lets a map with std::string keys be searched by std::string_view.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// Claims of the caller's token by their places in Snapshot::claim_names, as bits.
using ClaimSet = uint64_t;
inline constexpr size_t kClaimNamesMax = 63;
inline constexpr ClaimSet kAllClaims = ~ClaimSet{0};  // read whole, or not known which

// What running a statement against something may observe or leave behind.
struct Footprint {
  // What a policy, view body or function could read of the request's settings: these must be made. Conservative:
  // whatever cannot be excluded is in it.
  Observed observes = Observed::kEverything;
  // Where it observes the claims: which. Set in vain otherwise.
  ClaimSet claims = kAllClaims;
  // A function that is not known to be harmless may run: the connection is cleaned before anyone else uses it.
  bool leaves_traces = true;
  // What is read may depend on more than the rows of the relation itself and what is observed: on the time, on other
  // relations, on chance, on functions that are not known.
  bool varies = true;
  // A function that is labelled IMMUTABLE observes something: a plan that is kept would show one caller what another
  // may see.
  bool folds = true;
  friend bool operator==(const Footprint&, const Footprint&) = default;
  Footprint& operator|=(const Footprint& other) {
    observes |= other.observes;
    claims |= other.claims;
    leaves_traces |= other.leaves_traces;
    varies |= other.varies;
    folds |= other.folds;
    return *this;
  }
};

// Of what does nothing of the kind.
inline constexpr Footprint kNoFootprint = {
    .observes = Observed::kNothing, .claims = 0, .leaves_traces = false, .varies = false, .folds = false};

// ----------------------------------------------------------------------------------------------------------- types

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
  // Domain representations (REST.md section 27): casts that are functions; empty when there is none. As quoted SQL
  // names.
  std::string to_json;    // D -> json
  std::string from_json;  // json -> D
  std::string from_text;  // text -> D
  // Of turning a value into this type and back: input and output functions, domain checks, user-defined casts.
  Footprint casting = kNoFootprint;
};

// ------------------------------------------------------------------------------------------------------- relations

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
  std::shared_ptr<const OneForOne> one_for_one;  // of a view; null: it shows rows otherwise
  bool insertable = false, updatable = false,
       deletable = false;  // by kind, rules and INSTEAD OF triggers, not by grants
  // A table on which nothing but its own constraints happens when a row is written: no trigger of a user's, no rule,
  // nothing put off to the end of the transaction, no table that inherits from it.
  bool plain_writes = false;
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

// --------------------------------------------------------------------------------------------------- relationships

enum class Cardinality { kManyToOne, kOneToMany, kOneToOne, kManyToMany };

struct Junction {
  QualifiedName table;
  std::string source_constraint;
  std::string target_constraint;
  std::vector<std::pair<std::string, std::string>> source_columns;  // (source column, junction column)
  std::vector<std::pair<std::string, std::string>> target_columns;  // (target column, junction column)
};

// One way from `source` to `target`. Each foreign key gives one in each direction; each junction one in each direction;
// each computed relationship (a function of the row) one.
struct Relationship {
  QualifiedName source;
  QualifiedName target;
  Cardinality cardinality = Cardinality::kManyToOne;
  bool is_self = false;    // source and target are the same relation
  std::string constraint;  // of a foreign key
  // (source column, target column); empty for many-to-many and computed.
  std::vector<std::pair<std::string, std::string>> columns;
  bool source_has_key = false;       // of one-to-one: the foreign key's columns are on the source's side
  std::optional<Junction> junction;  // of many-to-many
  // Of a computed relationship: the function, which takes the source's row. `name` of the function is the target word.
  std::optional<QualifiedName> function;
  bool function_single = false;  // computed: at most one row (ROWS 1 or no SETOF)
  bool source_is_view = false, target_is_view = false;

  bool to_one() const {
    return function ? function_single : cardinality == Cardinality::kManyToOne || cardinality == Cardinality::kOneToOne;
  }
};

// ------------------------------------------------------------------------------------------------------- functions

struct Argument {
  std::string name;  // may be empty
  Oid type = 0;
  std::string sql_type;  // format_type; character(n) and bit(n) as their varying forms
  bool required = true;
  bool variadic = false;
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
  // Settings attached by CREATE FUNCTION ... SET that PostgREST hoists to the transaction: statement_timeout,
  // default_transaction_isolation, plan_filter.statement_cost_limit; as (name, value).
  std::vector<std::pair<std::string, std::string>> settings;
  std::optional<std::string> comment;
  // The result type is a domain named like a media type: answered raw, under that type ("text/html", "*/*").
  std::optional<std::string> media_type;
  Footprint footprint;
  bool has_single_unnamed_argument() const { return arguments.size() == 1 && arguments[0].name.empty(); }
};

// A function of one argument, a relation's row type: a computed column, when it returns a scalar.
struct ComputedColumn {
  QualifiedName function;
  Oid type = 0;
  std::string sql_type;
  Footprint footprint;
};

// A media type handler (REST.md section 22, custom handlers).
struct MediaHandler {
  std::string media_type;                 // the domain's name, lower case: "text/plain", "*/*"
  QualifiedName function;                 // the aggregate
  std::optional<QualifiedName> relation;  // the row type it takes; nullopt: anyelement, serves all
  Footprint footprint;
};

// ---------------------------------------------------------------------------------------------------------- catalog

// What introspect/ reads; Catalog::Build() derives relationships and indexes from it.
struct Snapshot {
  // In configured order. Both empty (as in tests): every relation's schema is exposed, every type can be named.
  std::vector<std::string> exposed_schemas;
  std::vector<std::string> extra_search_path;
  std::vector<Type> types;
  std::vector<Relation> relations;       // of exposed schemas and of the extra search path; no partitions
  std::vector<ForeignKey> foreign_keys;  // between any of them, and junction tables
  std::vector<ViewColumnOrigin> view_origins;
  std::vector<Relationship> computed_relationships;
  // (relation, column name) -> computed column, in search path order.
  std::map<std::pair<QualifiedName, std::string>, ComputedColumn> computed_columns;
  std::vector<Function> functions;  // callable: of exposed schemas
  std::vector<MediaHandler> media_handlers;
  std::map<std::string, std::optional<std::string>> schema_comments;  // of exposed schemas
  milliseconds statement_timeout{0};  // of a connection as it starts, set for the database or login role; 0: none
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> role_settings;  // ALTER ROLE ... SET, by role
  std::vector<std::string> timezones;                                                     // pg_timezone_names
  std::vector<std::string> claim_names;  // that footprints tell apart, kClaimNamesMax at most
  Footprint pre_request;                 // of rest.pre_request, when configured
  std::string read_at;                   // pg_current_snapshot() of the transaction in which all this was read
  std::string read_from;  // which database that was: its name, its cluster's identifier, and whether it is a replica
  int server_version = 0;
  bool has_postgis = false;
  std::string postgis_schema;  // where st_asgeojson lives
};

class Catalog {
 public:
  // Derives relationships (foreign keys in both directions, through views, many-to-many by junction; REST.md section 9)
  // and the indexes for lookups. A detected relationship gives way to a computed one from the same source whose
  // function has the qualified name of its target. Linear in the size of the snapshot but for views that repeat a key's
  // columns and for junctions, which are bounded (relationships.h).
  static std::shared_ptr<const Catalog> Build(Snapshot snapshot);

  const Relation* FindRelation(std::string_view schema, std::string_view name) const;
  const Relation* FindRelation(const QualifiedName& name) const { return FindRelation(name.schema, name.name); }
  // All ways from a relation, of any target, in PostgREST's order: by target, then to-many, to-one, one-to-one,
  // many-to-many, then by constraint and columns; computed ones last.
  const std::vector<Relationship>& RelationshipsFrom(const QualifiedName& source) const;
  // Overloads of a name, those with fewer arguments first, in a stable order; empty when there is none.
  const std::vector<Function>& FunctionsNamed(std::string_view schema, std::string_view name) const;
  const Type* FindType(Oid oid) const;
  // A cast target as the client wrote it: an exposed or built-in type by its SQL name ("int", "character varying",
  // "timestamptz"), by its pg_type name, or schema-qualified never. Returns SQL that is safe to print; nullopt when
  // unknown (then the caller quotes it, and the database refuses it by its own code).
  std::optional<std::string> FindCastTarget(std::string_view written) const;
  const ComputedColumn* FindComputedColumn(const QualifiedName& relation, std::string_view column) const;
  // The type below all domains.
  Oid BaseType(Oid oid) const;

  const Snapshot& snapshot() const { return snapshot_; }
  std::chrono::system_clock::time_point loaded_at() const { return loaded_at_; }

  // The nearest names for a hint ("did you mean"): relations of the schema, functions of the schema, targets related to
  // a relation. nullopt when none reaches `threshold` (0 to 1, by normalised edit distance, letter case ignored), and
  // for targets also when the very name is among them. Bounded: the candidates that share most pairs of letters are
  // compared.
  std::optional<std::string> NearestRelation(std::string_view schema, std::string_view name, double threshold) const;
  std::optional<std::string> NearestFunction(std::string_view schema, std::string_view name, double threshold) const;
  std::optional<std::string> NearestTarget(const QualifiedName& source, std::string_view target,
                                           double threshold) const;

  explicit Catalog(Snapshot snapshot);  // use Build()
  Catalog(const Catalog&) = delete;     // the index points into the snapshot
  Catalog& operator=(const Catalog&) = delete;

 private:
  struct Index;
  Snapshot snapshot_;                   // constant after construction
  std::shared_ptr<const Index> index_;  // constant after construction
  std::chrono::system_clock::time_point loaded_at_;
};

// Similarity in [0, 1]: 1 minus the edit distance divided by the longer length, in code points. Costs the product of
// the lengths: for names, not for bodies.
double Similarity(std::string_view a, std::string_view b);

}  // namespace pando::catalog
