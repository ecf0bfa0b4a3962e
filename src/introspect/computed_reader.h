// Functions of one row: columns and relationships that a relation has without storing them.
//
// Concurrency  single-owner
#pragma once

#include <map>
#include <string>
#include <utility>

#include "catalog/snapshot.h"

namespace pando::introspect {

struct FunctionContext;

class ComputedReader {
 public:
  // Both outlive the reader.
  ComputedReader(const FunctionContext& context, catalog::Snapshot& snapshot);

  // Takes the function when its only argument is a loaded relation's row and its schema is the relation's own or in the
  // extra search path: as a relationship when it returns rows of a loaded relation, else as a column when it returns
  // one value.
  void Consider(const catalog::Function& function, int rows_estimated);

  // Puts what was found into the snapshot. Of columns of one name the first in the search path wins.
  void Finish();

 private:
  using ColumnKey = std::pair<catalog::QualifiedName, std::string>;
  struct Candidate {
    size_t place_in_path = 0;
    catalog::ComputedColumn column;
  };

  // 0 for the relation's own schema, then the extra search path; nullopt when it is not searched.
  std::optional<size_t> PlaceInPath(const std::string& schema, const catalog::QualifiedName& relation) const;
  void AddRelationship(const catalog::Function& function, const catalog::Relation& source, int rows_estimated);
  void AddColumn(const catalog::Function& function, const catalog::Relation& source, size_t place_in_path);

  const FunctionContext& context_;
  catalog::Snapshot& snapshot_;
  std::map<ColumnKey, Candidate> columns_;
};

}  // namespace pando::introspect
