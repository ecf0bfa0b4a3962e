// What the owner of a schema may want to know of its tables and views: which answers are not kept, or only for each
// token, and why. Of those alone that might be kept by everything else.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/footprint.h"
#include "dependencies/cacheables.h"

namespace pando::dependencies {

// Advice about a relation whose reading has this footprint; empty: there is none.
std::string_view AdviceOn(const catalog::Footprint& reading);

// One sentence for each kind of advice, with the names of at most `names_max` relations of each; empty: there is none.
std::string CacheAdvice(const catalog::Catalog& catalog, const Cacheables& cacheables, size_t names_max);

}  // namespace pando::dependencies
