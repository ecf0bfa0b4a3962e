// Which claims an expression reads: those that it picks by a constant name, with -> or ->>, right where it reads the
// setting request.jwt.claims as JSON, by itself or by a function that gives just that. Whatever else is done with the
// setting or such a function reads all of them.
//
// Concurrency  pure
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "catalog/names.h"

namespace pando::introspect {

struct ClaimNames {
  std::set<std::string> names;
  bool whole = false;
};

// Functions that give the claims as JSON and do nothing else (BodyNames::gives_claims).
using ClaimGivers = std::unordered_set<catalog::Oid>;

// Of a stored parse tree (introspect/node_tree.h).
ClaimNames ReadClaimNames(std::string_view tree, const ClaimGivers& givers);

}  // namespace pando::introspect
