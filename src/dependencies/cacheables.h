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

namespace pando::dependencies {

// A table or view; the changes of all that it shows rows of come through the stream.
struct CacheableTable {
  // Only a fill whose snapshot begins here or later may be kept: what was open before is not shown.
  uint64_t visible_from = 0;
  // Changes tell the primary key of the row as it was; of a view, the key of the table that it shows one for one.
  bool by_key = false;
  // Partitions, what inherits from it, or what a view looks into: their changes come under their own names.
  std::vector<pgtypes::Oid> below;
};

struct Cacheables {
  // Views among them.
  std::unordered_map<pgtypes::Oid, CacheableTable> tables;
  std::vector<std::string> excluded;  // whose answers are not to be kept, as in catalog::IsNamed()
  // Asks for the snapshot first, and last whether the schema is still that of the catalog.
  std::shared_ptr<const pg::LaneBracket> bracket;
};

}  // namespace pando::dependencies
