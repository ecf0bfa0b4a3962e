// Which types are JSON.
//
// Concurrency  pure functions
#pragma once

#include "catalog/names.h"

namespace pando::plan {

// json and jsonb; of a domain, ask for its base type.
constexpr bool IsJson(catalog::Oid type) { return type == 114 || type == 3802; }

}  // namespace pando::plan
