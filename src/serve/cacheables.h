// What can be cached with the catalog of the same configuration.
//
// Concurrency  immutable once made
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pg/lane.h"
#include "pgtypes/oid.h"

namespace pando::serve {

// A table whose changes come through the stream, and those of all that it shows rows of.
struct CacheableTable {
  // Only a fill whose snapshot begins here or later may be kept: what was open before is not shown.
  uint64_t visible_from = 0;
  bool by_key = false;              // changes tell the primary key of the row as it was
  std::vector<pgtypes::Oid> below;  // partitions, or what inherits from it: their changes come under their own names
};

struct Cacheables {
  std::unordered_map<pgtypes::Oid, CacheableTable> tables;
  std::vector<std::string> excluded;  // whose answers are not to be kept, as in catalog::IsNamed()
  // Asks for the snapshot first, and last whether the schema is still that of the catalog.
  std::shared_ptr<const pg::LaneBracket> bracket;
};

}  // namespace pando::serve
