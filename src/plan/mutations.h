// Resolves a write: the payload's columns, what a conflict means, and which columns the answer needs back.
//
// Concurrency  pure functions
#pragma once

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

//   kColumnNotFound  the payload or columns= names a column that the relation does not have
//   kPutFilters, kPutRange  of PUT
Result<Mutation> MakeMutation(const rest::Request& request, const catalog::Relation& relation,
                              const catalog::Catalog& catalog);

// Adds to `mutation` what RETURNING must yield, so that `root` can be read from it.
void AddReturning(Mutation& mutation, const Node& root);

}  // namespace pando::plan
