#include "dependencies/advice.h"

#include <algorithm>
#include <map>
#include <vector>

#include "catalog/observed.h"
#include "catalog/snapshot.h"
#include "dependencies/rule.h"

namespace pando::dependencies {

std::string_view AdviceOn(const catalog::Footprint& reading) {
  if (reading.lasts) {
    return "take a new database connection for each request: they call a function that is labelled IMMUTABLE and reads "
           "settings, and PostgreSQL keeps its value for the session (label the function STABLE)";
  }
  if (reading.folds) {
    return "are planned anew for each request: they call a function that is labelled IMMUTABLE and reads settings "
           "(label the function STABLE)";
  }
  if (DependsOnMore(reading)) {
    return "are not cached: their policies or queries read what may change without a change of their rows";
  }
  const bool reads_claims = catalog::Overlap(reading.observes, catalog::Observed::kClaims);
  if (reads_claims && reading.claims == catalog::kAllClaims) {
    return "are cached for each token separately: their policies or queries read the claims as a whole, not single "
           "claims by name";
  }
  return "";
}

std::string CacheAdvice(const catalog::Catalog& catalog, const Cacheables& cacheables, size_t names_max) {
  std::map<std::string_view, std::vector<std::string>> named;
  for (const catalog::Relation& relation : catalog.snapshot().relations) {
    const bool is_known = cacheables.tables.contains(relation.oid);
    if (!is_known || catalog::IsNamed(relation.name, cacheables.excluded)) continue;
    const std::string_view advice = AdviceOn(relation.reading);
    if (!advice.empty()) named[advice].push_back(relation.name.schema + "." + relation.name.name);
  }
  std::string text;
  for (const auto& [advice, names] : named) {
    if (!text.empty()) text += "; ";
    for (size_t i = 0; i < std::min(names.size(), names_max); ++i) text += (i > 0 ? ", " : "") + names[i];
    if (names.size() > names_max) text += " and " + std::to_string(names.size() - names_max) + " more";
    text += " ";
    text += advice;
  }
  return text;
}

}  // namespace pando::dependencies
