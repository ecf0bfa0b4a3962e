// Resolves a write: the payload's columns, what a conflict means, and which columns the answer needs back.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

//   kColumnNotFound  the payload or columns= names a column that the relation does not have
//   kPutFilters, kPutRange  of PUT
Result<Mutation> MakeMutation(const rest::Request& request, const catalog::Relation& relation,
                              const catalog::Catalog& catalog);

// The payload's JSON, from which the columns' values are read: of CSV, JSON where a domain's representation wants it.
// REQUIRES: `payload` is the one that `mutation` was made of
std::string JsonOf(const Mutation& mutation, const rest::Payload& payload);

// Adds to `mutation` what RETURNING must yield, so that `root` can be read from it.
void AddReturning(Mutation& mutation, const Node& root);

}  // namespace pando::plan
