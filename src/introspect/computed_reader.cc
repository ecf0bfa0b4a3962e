#include "introspect/computed_reader.h"

#include <algorithm>
#include <optional>

#include "catalog/snapshot.h"
#include "introspect/function_reader.h"

namespace pando::introspect {

using catalog::Cardinality;
using catalog::Function;
using catalog::QualifiedName;
using catalog::Relation;

ComputedReader::ComputedReader(const FunctionContext& context, catalog::Snapshot& snapshot)
    : context_(context), snapshot_(snapshot) {}

std::optional<size_t> ComputedReader::PlaceInPath(const std::string& schema, const QualifiedName& relation) const {
  if (schema == relation.schema) return 0;
  const std::vector<std::string>& extra = context_.options.extra_search_path;
  const auto found = std::find(extra.begin(), extra.end(), schema);
  if (found == extra.end()) return std::nullopt;
  return 1 + static_cast<size_t>(found - extra.begin());
}

void ComputedReader::Consider(const Function& function, int rows_estimated) {
  if (function.arguments.size() != 1) return;
  const catalog::Type* row_type = context_.types.Find(function.arguments[0].type);
  if (!row_type || row_type->kind != catalog::Type::Kind::kComposite) return;
  const RelationRecord* source = context_.relations.Find(row_type->relation);
  if (!source || !source->is_loaded) return;
  const std::optional<size_t> place = PlaceInPath(function.name.schema, source->relation.name);
  if (!place) return;
  if (function.result_relation && !function.result_is_alias_of_composite) {
    AddRelationship(function, source->relation, rows_estimated);
  } else if (!function.returns_set && !function.returns_void) {
    AddColumn(function, source->relation, *place);
  }
}

void ComputedReader::AddRelationship(const Function& function, const Relation& source, int rows_estimated) {
  const catalog::Type* result = context_.types.Find(function.result_type);
  const RelationRecord* target = context_.relations.Find(result->relation);
  const auto is_view = [](Relation::Kind kind) {
    return kind == Relation::Kind::kView || kind == Relation::Kind::kMaterializedView;
  };
  catalog::Relationship relationship;
  relationship.source = source.name;
  relationship.target = *function.result_relation;
  relationship.is_self = relationship.source == relationship.target;
  relationship.function = function.name;
  relationship.audience = function.audience;
  relationship.function_single = !function.returns_set || rows_estimated == 1;
  relationship.cardinality = relationship.function_single ? Cardinality::kManyToOne : Cardinality::kOneToMany;
  relationship.source_is_view = is_view(source.kind);
  relationship.target_is_view = is_view(target->relation.kind);
  snapshot_.computed_relationships.push_back(std::move(relationship));
}

void ComputedReader::AddColumn(const Function& function, const Relation& source, size_t place_in_path) {
  Candidate candidate;
  candidate.place_in_path = place_in_path;
  candidate.column.function = function.name;
  candidate.column.type = function.result_type;
  const catalog::Type* type = context_.types.Find(function.result_type);
  candidate.column.sql_type = type ? type->sql : "text";
  candidate.column.footprint = function.footprint;
  candidate.column.audience = function.audience;
  const auto [at, is_new] = columns_.emplace(ColumnKey{source.name, function.name.name}, candidate);
  if (!is_new && place_in_path < at->second.place_in_path) at->second = std::move(candidate);
}

void ComputedReader::Finish() {
  for (auto& [key, candidate] : columns_) snapshot_.computed_columns.emplace(key, std::move(candidate.column));
}

}  // namespace pando::introspect
