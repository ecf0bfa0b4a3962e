#include "catalog/catalog.h"

#include <algorithm>
#include <tuple>

#include "catalog/cast_targets.h"
#include "catalog/nearest.h"
#include "catalog/relationships.h"
#include "catalog/snapshot.h"

namespace pando::catalog {
namespace {

// A qualified name that points into the snapshot, or into a caller's arguments while searching.
struct NameView {
  std::string_view schema;
  std::string_view name;
  friend bool operator==(const NameView&, const NameView&) = default;
};

struct NameViewHash {
  size_t operator()(const NameView& view) const {
    const std::hash<std::string_view> hash;
    return hash(view.schema) * 31 + hash(view.name);
  }
};

NameView ViewOf(const QualifiedName& name) { return {name.schema, name.name}; }

// A chain of domains is as long as its author made it; a longer one than this is a broken snapshot.
constexpr int kDomainDepthMax = 64;

// Fewer arguments first, then as PostgREST orders overloads, so that lists of candidates read the same.
bool OverloadBefore(const Function& a, const Function& b) {
  if (a.arguments.size() != b.arguments.size()) return a.arguments.size() < b.arguments.size();
  if (a.comment != b.comment) return a.comment < b.comment;
  for (size_t i = 0; i < a.arguments.size(); ++i) {
    const Argument& left = a.arguments[i];
    const Argument& right = b.arguments[i];
    const auto key = [](const Argument& argument) {
      return std::tie(argument.name, argument.sql_type, argument.required, argument.variadic);
    };
    if (key(left) != key(right)) return key(left) < key(right);
  }
  return a.oid < b.oid;
}

std::vector<Column> ValueColumnOf(const Function& function) {
  if (function.has_columns() || function.returns_void) return {};
  Column column;
  column.name = function.name.name;
  column.type = function.result_type;
  return {std::move(column)};
}

std::optional<std::string> NearestIn(const std::map<std::string, NameIndex, std::less<>>& by_schema,
                                     std::string_view schema, std::string_view name, double threshold) {
  const auto index = by_schema.find(schema);
  if (index == by_schema.end()) return std::nullopt;
  return index->second.Nearest(name, threshold);
}

bool IsForEveryone(const Function& function) { return function.audience.is_everyone(); }

// The names of those items for which `holds`.
template <class Item, class Predicate>
std::map<std::string, NameIndex, std::less<>> IndexNames(const std::vector<Item>& items, Predicate holds) {
  std::map<std::string, std::vector<std::string>> names;
  for (const Item& item : items) {
    if (holds(item)) names[item.name.schema].push_back(item.name.name);
  }
  std::map<std::string, NameIndex, std::less<>> by_schema;
  for (auto& [schema, list] : names) by_schema.emplace(schema, NameIndex(std::move(list)));
  return by_schema;
}

}  // namespace

bool IsNamed(const QualifiedName& name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& written) {
    return written == name.name || written == name.schema + "." + name.name;
  });
}

// Views in here point into the snapshot of the same Catalog.
struct Catalog::Index {
  explicit Index(const Snapshot& snapshot);

  std::unordered_map<NameView, const Relation*, NameViewHash> relations;
  std::unordered_map<NameView, std::vector<Function>, NameViewHash> functions;
  std::unordered_map<Oid, const Type*> types;
  std::unordered_map<NameView, std::unordered_map<std::string_view, const ComputedColumn*>, NameViewHash> computed;
  RelationshipsBySource relationships;
  CastTargets cast_targets;
  std::map<std::string, NameIndex, std::less<>> relation_names;
  std::map<std::string, NameIndex, std::less<>> function_names;
};

Catalog::Index::Index(const Snapshot& snapshot)
    : relationships(DeriveRelationships(snapshot)),
      cast_targets(snapshot),
      relation_names(IndexNames(snapshot.relations, [](const Relation&) { return true; })),
      function_names(IndexNames(snapshot.functions, IsForEveryone)) {
  relations.reserve(snapshot.relations.size());
  for (const Relation& relation : snapshot.relations) relations.emplace(ViewOf(relation.name), &relation);
  for (const Function& function : snapshot.functions) {
    Function& indexed = functions[ViewOf(function.name)].emplace_back(function);
    indexed.value_column = ValueColumnOf(function);
  }
  for (auto& [name, overloads] : functions) std::sort(overloads.begin(), overloads.end(), OverloadBefore);
  for (const Type& type : snapshot.types) types.emplace(type.oid, &type);
  for (const auto& [key, column] : snapshot.computed_columns) computed[ViewOf(key.first)].emplace(key.second, &column);
}

int Relation::FindColumn(std::string_view column) const {
  const auto found = column_index.find(column);
  return found == column_index.end() ? -1 : found->second;
}

const Column* Relation::Get(std::string_view column) const {
  const int position = FindColumn(column);
  return position < 0 ? nullptr : &columns[static_cast<size_t>(position)];
}

std::shared_ptr<const Catalog> Catalog::Build(Snapshot snapshot) {
  return std::make_shared<const Catalog>(std::move(snapshot));
}

Catalog::Catalog(Snapshot snapshot) : loaded_at_(std::chrono::system_clock::now()) {
  for (Relation& relation : snapshot.relations) {
    relation.column_index.clear();
    relation.column_index.reserve(relation.columns.size());
    for (size_t i = 0; i < relation.columns.size(); ++i) {
      relation.column_index.emplace(relation.columns[i].name, static_cast<int>(i));
    }
  }
  snapshot_ = std::make_unique<const Snapshot>(std::move(snapshot));
  index_ = std::make_shared<const Index>(*snapshot_);
}

Catalog::~Catalog() = default;

const std::string& Catalog::postgis_schema() const { return snapshot_->postgis_schema; }

const Relation* Catalog::FindRelation(std::string_view schema, std::string_view name) const {
  const auto found = index_->relations.find(NameView{schema, name});
  return found == index_->relations.end() ? nullptr : found->second;
}

const std::vector<Relationship>& Catalog::RelationshipsFrom(const QualifiedName& source) const {
  static const std::vector<Relationship> kNone;
  const auto found = index_->relationships.find(source);
  return found == index_->relationships.end() ? kNone : found->second;
}

std::vector<const Function*> Catalog::FunctionsNamed(std::string_view schema, std::string_view name,
                                                     std::string_view role) const {
  std::vector<const Function*> shown;
  const auto found = index_->functions.find(NameView{schema, name});
  if (found == index_->functions.end()) return shown;
  for (const Function& function : found->second) {
    if (function.audience.Includes(role)) shown.push_back(&function);
  }
  return shown;
}

const Type* Catalog::FindType(Oid oid) const {
  const auto found = index_->types.find(oid);
  return found == index_->types.end() ? nullptr : found->second;
}

std::optional<std::string> Catalog::FindCastTarget(std::string_view written) const {
  return index_->cast_targets.Find(written);
}

const ComputedColumn* Catalog::FindComputedColumn(const QualifiedName& relation, std::string_view column,
                                                  std::string_view role) const {
  const auto columns = index_->computed.find(ViewOf(relation));
  if (columns == index_->computed.end()) return nullptr;
  const auto found = columns->second.find(column);
  return found == columns->second.end() || !found->second->audience.Includes(role) ? nullptr : found->second;
}

bool Catalog::IsHiddenField(std::string_view name, std::string_view role) const {
  const auto found = snapshot_->extension_functions.find(name);
  return found != snapshot_->extension_functions.end() && !found->second.Includes(role);
}

bool Catalog::IsRowAggregate(std::string_view name) const { return snapshot_->row_aggregates.contains(name); }

Oid Catalog::BaseType(Oid oid) const {
  for (int depth = 0; depth < kDomainDepthMax; ++depth) {
    const Type* type = FindType(oid);
    if (!type || type->kind != Type::Kind::kDomain) return oid;
    oid = type->base;
  }
  return oid;
}

std::optional<std::string> Catalog::NearestRelation(std::string_view schema, std::string_view name,
                                                    double threshold) const {
  return NearestIn(index_->relation_names, schema, name, threshold);
}

std::optional<std::string> Catalog::NearestFunction(std::string_view schema, std::string_view name,
                                                    double threshold) const {
  return NearestIn(index_->function_names, schema, name, threshold);
}

std::optional<std::string> Catalog::NearestTarget(const QualifiedName& source, std::string_view target,
                                                  double threshold) const {
  std::vector<std::string> names;
  for (const Relationship& relationship : RelationshipsFrom(source)) {
    if (!relationship.audience.is_everyone()) continue;
    if (relationship.target.name == target) return std::nullopt;
    if (relationship.target.schema == source.schema) names.push_back(relationship.target.name);
  }
  return NameIndex(std::move(names)).Nearest(target, threshold);
}

}  // namespace pando::catalog
