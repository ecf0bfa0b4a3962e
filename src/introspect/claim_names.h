// Which claims an expression reads: those that it picks by a constant name, with -> or ->>, right where it reads the
// setting request.jwt.claims as JSON. Whatever else is done with that setting reads all of them.
//
// Concurrency  pure
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace pando::introspect {

struct ClaimNames {
  std::set<std::string> names;
  bool whole = false;
};

// Of a stored parse tree (introspect/node_tree.h).
ClaimNames ReadClaimNames(std::string_view tree);

}  // namespace pando::introspect
