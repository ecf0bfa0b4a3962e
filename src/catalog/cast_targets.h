// What a client may write after `::` in a select list, and the SQL for it.
//
// Concurrency  immutable after construction
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "catalog/snapshot.h"

namespace pando::catalog {

class CastTargets {
 public:
  explicit CastTargets(const Snapshot& snapshot);

  // See Catalog::FindCastTarget.
  std::optional<std::string> Find(std::string_view written) const;

 private:
  void AddKeywords();
  void AddBuiltIns(const std::vector<Type>& types);
  void AddOfSchemas(const Snapshot& snapshot);

  std::unordered_map<std::string, std::string> sql_by_name_;  // constant after construction
};

}  // namespace pando::catalog
