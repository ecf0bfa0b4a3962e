// A Catalog is one immutable version of what is known of the database's schema: relations, columns, keys,
// relationships, functions, types. introspect/ builds it; requests in flight keep the version they started with.
//
// Privileges are the database's business. One thing depends on the role that asks: which functions of extensions there
// are (audience.h).
//
// Concurrency  immutable once built; shared by shared_ptr<const Catalog>
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/names.h"

namespace pando::catalog {

struct ComputedColumn;
struct Function;
struct Relation;
struct Relationship;
struct Snapshot;
struct Type;

class Catalog {
 public:
  // Derives relationships (foreign keys in both directions, through views, many-to-many by junction; docs/rest.md
  // section 9) and the indexes for lookups. A detected relationship gives way to a computed one from the same source
  // whose function has the qualified name of its target. Linear in the size of the snapshot but for views that repeat a
  // key's columns and for junctions, which are bounded (relationships.h).
  static std::shared_ptr<const Catalog> Build(Snapshot snapshot);

  const Relation* FindRelation(std::string_view schema, std::string_view name) const;
  const Relation* FindRelation(const QualifiedName& name) const { return FindRelation(name.schema, name.name); }
  // All ways from a relation, of any target and for every role, in PostgREST's order: by target, then to-many, to-one,
  // one-to-one, many-to-many, then by constraint and columns; computed ones last.
  const std::vector<Relationship>& RelationshipsFrom(const QualifiedName& source) const;
  // Overloads of a name that `role` is shown: those with fewer arguments first, in a stable order.
  std::vector<const Function*> FunctionsNamed(std::string_view schema, std::string_view name,
                                              std::string_view role) const;
  const Type* FindType(Oid oid) const;
  // A cast target as the client wrote it: an exposed or built-in type by its SQL name ("int", "character varying",
  // "timestamptz"), by its pg_type name, or schema-qualified never. Returns SQL that is safe to print; nullopt when
  // unknown (then the caller quotes it, and the database refuses it by its own code).
  std::optional<std::string> FindCastTarget(std::string_view written) const;
  // nullptr when there is none that the role is shown.
  const ComputedColumn* FindComputedColumn(const QualifiedName& relation, std::string_view column,
                                           std::string_view role) const;
  // `name` is no column of a row for this role, though PostgreSQL would find a function of an extension by it.
  bool IsHiddenField(std::string_view name, std::string_view role) const;
  // PostgreSQL would take the field `name` of a row that has no such column for an aggregate of all rows.
  bool IsRowAggregate(std::string_view name) const;
  const std::string& postgis_schema() const;  // where st_asgeojson is; empty without PostGIS
  // The type below all domains.
  Oid BaseType(Oid oid) const;

  const Snapshot& snapshot() const { return *snapshot_; }
  std::chrono::system_clock::time_point loaded_at() const { return loaded_at_; }

  // The nearest names for a hint ("did you mean"): relations of the schema, functions of the schema, tables related
  // to a relation. nullopt when none reaches `threshold` (0 to 1, by normalised edit distance, letter case ignored),
  // and for targets also when the very name is among them. Bounded: the candidates that share most pairs of letters are
  // compared. Functions of extensions are never among them.
  std::optional<std::string> NearestRelation(std::string_view schema, std::string_view name, double threshold) const;
  std::optional<std::string> NearestFunction(std::string_view schema, std::string_view name, double threshold) const;
  std::optional<std::string> NearestTarget(const QualifiedName& source, std::string_view target,
                                           double threshold) const;

  explicit Catalog(Snapshot snapshot);  // use Build()
  ~Catalog();
  Catalog(const Catalog&) = delete;  // the index points into the snapshot
  Catalog& operator=(const Catalog&) = delete;

 private:
  struct Index;
  std::unique_ptr<const Snapshot> snapshot_;  // constant after construction
  std::shared_ptr<const Index> index_;        // constant after construction
  std::chrono::system_clock::time_point loaded_at_;
};

}  // namespace pando::catalog
