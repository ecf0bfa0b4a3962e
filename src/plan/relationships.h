// Finds the one relationship that an embed means (docs/rest.md section 9, resolution of target!hint).
//
// A computed one counts only when the caller's role is shown its function.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/relationship.h"
#include "rest/query.h"

namespace pando::plan {

//   kNoRelationship         none fits; hints at a similar name
//   kAmbiguousRelationship  several fit; the detail lists them, the hint says how to choose
Result<catalog::Relationship> FindRelationship(const catalog::Catalog& catalog, const catalog::QualifiedName& source,
                                               const std::string& schema, const rest::SelectEmbed& embed,
                                               std::string_view role);

}  // namespace pando::plan
