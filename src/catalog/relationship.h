// How relations are connected: the keys that the database declares, and the ways that follow from them.
//
// Concurrency  immutable once they are part of a Catalog
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/audience.h"
#include "catalog/names.h"

namespace pando::catalog {

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
  Audience audience;             // of a computed relationship
  bool function_single = false;  // computed: at most one row (ROWS 1 or no SETOF)
  bool source_is_view = false, target_is_view = false;

  bool to_one() const {
    return function ? function_single : cardinality == Cardinality::kManyToOne || cardinality == Cardinality::kOneToOne;
  }
};

}  // namespace pando::catalog
