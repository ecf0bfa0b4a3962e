// Derives the relationships between relations from foreign keys, views and junctions (docs/rest.md section 9).
//
// Concurrency  pure
// Bounds       a view that shows a key's columns several times gives at most 256 relationships per key and side; a
//              junction gives at most 10,000 many-to-many relationships. What is beyond is left out.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "catalog/snapshot.h"

namespace pando::catalog {

struct QualifiedNameHash {
  size_t operator()(const QualifiedName& name) const {
    const std::hash<std::string> hash;
    return hash(name.schema) * 31 + hash(name.name);
  }
};

using RelationshipsBySource = std::unordered_map<QualifiedName, std::vector<Relationship>, QualifiedNameHash>;

// Those whose source, target and junction are relations of the snapshot in exposed schemas, sorted as
// Catalog::RelationshipsFrom promises; computed ones included.
RelationshipsBySource DeriveRelationships(const Snapshot& snapshot);

}  // namespace pando::catalog
