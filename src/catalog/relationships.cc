#include "catalog/relationships.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace pando::catalog {
namespace {

using ColumnPairs = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kCopiesPerViewMax = 256;
constexpr size_t kPairsPerJunctionMax = 10'000;

// One view of a table: which of its columns show which of the table's.
struct ViewOfTable {
  QualifiedName view;
  std::unordered_map<std::string, std::vector<std::string>> copies;  // table column -> view columns
};

// One side of a foreign key: the table itself or a view of it, and what the key's columns are called there.
struct Side {
  QualifiedName relation;
  std::vector<std::string> columns;
  bool is_view = false;
};

class Derivation {
 public:
  explicit Derivation(const Snapshot& snapshot);
  RelationshipsBySource Run();

 private:
  void IndexRelations();
  void IndexViews();
  void AddForeignKey(const ForeignKey& key);
  void AddBothDirections(const ForeignKey& key, const Side& from, const Side& to);
  void AddThroughJunctions();
  void AddThroughJunction(const Relation& junction);
  void AddComputed();
  std::vector<Side> SidesOf(const QualifiedName& table, const std::vector<std::string>& columns) const;
  bool IsExposed(const QualifiedName& name) const { return relations_.contains(name); }
  void Add(Relationship relationship);

  const Snapshot& snapshot_;
  std::unordered_map<QualifiedName, const Relation*, QualifiedNameHash> relations_;  // exposed ones
  std::unordered_map<QualifiedName, std::vector<ViewOfTable>, QualifiedNameHash> views_of_;
  RelationshipsBySource by_source_;
};

Derivation::Derivation(const Snapshot& snapshot) : snapshot_(snapshot) {
  IndexRelations();
  IndexViews();
}

void Derivation::IndexRelations() {
  const auto& exposed = snapshot_.exposed_schemas;
  for (const Relation& relation : snapshot_.relations) {
    const bool shown =
        exposed.empty() || std::find(exposed.begin(), exposed.end(), relation.name.schema) != exposed.end();
    if (shown) relations_.emplace(relation.name, &relation);
  }
}

void Derivation::IndexViews() {
  std::unordered_map<QualifiedName, std::unordered_map<QualifiedName, size_t, QualifiedNameHash>, QualifiedNameHash> at;
  for (const ViewColumnOrigin& origin : snapshot_.view_origins) {
    if (!IsExposed(origin.view)) continue;
    auto& views = views_of_[origin.table];
    const auto [position, is_new] = at[origin.table].emplace(origin.view, views.size());
    if (is_new) views.push_back({origin.view, {}});
    views[position->second].copies[origin.table_column].push_back(origin.view_column);
  }
}

// Every way to choose one copy of each column, the last column varying fastest.
std::vector<std::vector<std::string>> ChooseCopies(const ViewOfTable& view, const std::vector<std::string>& columns) {
  std::vector<std::vector<std::string>> choices = {{}};
  for (const std::string& column : columns) {
    const auto copies = view.copies.find(column);
    if (copies == view.copies.end()) return {};
    std::vector<std::vector<std::string>> longer;
    for (const auto& choice : choices) {
      for (const std::string& copy : copies->second) {
        if (longer.size() == kCopiesPerViewMax) break;
        longer.push_back(choice);
        longer.back().push_back(copy);
      }
    }
    choices = std::move(longer);
  }
  return choices;
}

std::vector<Side> Derivation::SidesOf(const QualifiedName& table, const std::vector<std::string>& columns) const {
  std::vector<Side> sides;
  if (IsExposed(table)) sides.push_back({table, columns, false});
  const auto views = views_of_.find(table);
  if (views == views_of_.end()) return sides;
  for (const ViewOfTable& view : views->second) {
    for (auto& choice : ChooseCopies(view, columns)) sides.push_back({view.view, std::move(choice), true});
  }
  return sides;
}

void Derivation::Add(Relationship relationship) { by_source_[relationship.source].push_back(std::move(relationship)); }

void Derivation::AddBothDirections(const ForeignKey& key, const Side& from, const Side& to) {
  Relationship forward;
  forward.source = from.relation;
  forward.target = to.relation;
  forward.is_self = from.relation == to.relation;
  forward.cardinality = key.columns_unique ? Cardinality::kOneToOne : Cardinality::kManyToOne;
  forward.constraint = key.constraint;
  forward.source_has_key = key.columns_unique;
  forward.source_is_view = from.is_view;
  forward.target_is_view = to.is_view;
  Relationship backward = forward;
  std::swap(backward.source, backward.target);
  std::swap(backward.source_is_view, backward.target_is_view);
  backward.cardinality = key.columns_unique ? Cardinality::kOneToOne : Cardinality::kOneToMany;
  backward.source_has_key = false;
  const size_t width = std::min(from.columns.size(), to.columns.size());
  for (size_t i = 0; i < width; ++i) {
    forward.columns.emplace_back(from.columns[i], to.columns[i]);
    backward.columns.emplace_back(to.columns[i], from.columns[i]);
  }
  Add(std::move(forward));
  Add(std::move(backward));
}

void Derivation::AddForeignKey(const ForeignKey& key) {
  const std::vector<Side> from = SidesOf(key.table, key.columns);
  if (from.empty()) return;
  const std::vector<Side> to = SidesOf(key.foreign_table, key.foreign_columns);
  for (const Side& source : from) {
    for (const Side& target : to) AddBothDirections(key, source, target);
  }
}

// The relationship's columns are all part of the junction's primary key.
bool LiesInKey(const Relationship& relationship, const std::vector<std::string>& key) {
  return std::all_of(relationship.columns.begin(), relationship.columns.end(),
                     [&](const auto& pair) { return std::find(key.begin(), key.end(), pair.first) != key.end(); });
}

ColumnPairs Swapped(const ColumnPairs& pairs) {
  ColumnPairs swapped;
  swapped.reserve(pairs.size());
  for (const auto& [first, second] : pairs) swapped.emplace_back(second, first);
  return swapped;
}

Relationship Through(const Relation& junction, const Relationship& to_source, const Relationship& to_target) {
  Relationship relationship;
  relationship.source = to_source.target;
  relationship.target = to_target.target;
  relationship.is_self = to_source.target == to_target.target;
  relationship.cardinality = Cardinality::kManyToMany;
  relationship.source_is_view = to_source.target_is_view;
  relationship.target_is_view = to_target.target_is_view;
  relationship.junction = Junction{junction.name, to_source.constraint, to_target.constraint,
                                   Swapped(to_source.columns), Swapped(to_target.columns)};
  return relationship;
}

void Derivation::AddThroughJunction(const Relation& junction) {
  if (junction.primary_key.empty()) return;
  const auto from_junction = by_source_.find(junction.name);
  if (from_junction == by_source_.end()) return;
  std::vector<Relationship> parents;
  for (const Relationship& relationship : from_junction->second) {
    if (relationship.cardinality != Cardinality::kManyToOne) continue;
    if (LiesInKey(relationship, junction.primary_key)) parents.push_back(relationship);
  }
  size_t pairs = 0;
  for (const Relationship& to_source : parents) {
    for (const Relationship& to_target : parents) {
      if (to_source.constraint == to_target.constraint) continue;
      if (++pairs > kPairsPerJunctionMax) return;
      Add(Through(junction, to_source, to_target));
    }
  }
}

// Adding to by_source_ while junctions are looked up in it is safe: what is added is many-to-many, and never a parent.
void Derivation::AddThroughJunctions() {
  for (const Relation& relation : snapshot_.relations) {
    if (IsExposed(relation.name)) AddThroughJunction(relation);
  }
}

void Derivation::AddComputed() {
  for (const Relationship& computed : snapshot_.computed_relationships) {
    if (!IsExposed(computed.source) || !IsExposed(computed.target) || !computed.function) continue;
    auto& from_source = by_source_[computed.source];
    std::erase_if(from_source, [&](const Relationship& detected) {
      return !detected.function && detected.target == *computed.function;
    });
    from_source.push_back(computed);
  }
}

int Rank(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOneToMany:
      return 0;
    case Cardinality::kManyToOne:
      return 1;
    case Cardinality::kOneToOne:
      return 2;
    case Cardinality::kManyToMany:
      return 3;
  }
  return 4;
}

bool JunctionBefore(const Junction& a, const Junction& b) {
  return std::tie(a.table, a.source_constraint, a.target_constraint, a.source_columns, a.target_columns) <
         std::tie(b.table, b.source_constraint, b.target_constraint, b.source_columns, b.target_columns);
}

// The order in which PostgREST lists the candidates of an ambiguous embed.
bool Before(const Relationship& a, const Relationship& b) {
  if (a.function.has_value() != b.function.has_value()) return b.function.has_value();
  if (a.function) return *a.function < *b.function;
  const int rank_a = Rank(a.cardinality), rank_b = Rank(b.cardinality);
  if (std::tie(a.target, a.is_self, rank_a) != std::tie(b.target, b.is_self, rank_b)) {
    return std::tie(a.target, a.is_self, rank_a) < std::tie(b.target, b.is_self, rank_b);
  }
  if (a.junction && b.junction) {
    if (JunctionBefore(*a.junction, *b.junction)) return true;
    if (JunctionBefore(*b.junction, *a.junction)) return false;
  }
  return std::tie(a.constraint, a.columns, b.source_has_key, a.source_is_view, a.target_is_view) <
         std::tie(b.constraint, b.columns, a.source_has_key, b.source_is_view, b.target_is_view);
}

RelationshipsBySource Derivation::Run() {
  for (const ForeignKey& key : snapshot_.foreign_keys) AddForeignKey(key);
  AddThroughJunctions();
  AddComputed();
  for (auto& [source, relationships] : by_source_) {
    std::stable_sort(relationships.begin(), relationships.end(), Before);
    relationships.shrink_to_fit();
  }
  return std::move(by_source_);
}

}  // namespace

RelationshipsBySource DeriveRelationships(const Snapshot& snapshot) { return Derivation(snapshot).Run(); }

}  // namespace pando::catalog
