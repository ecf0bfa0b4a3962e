// What runs what: reading a relation evaluates its policies, these call functions, a function's body reads relations,
// and so on. Each thing has what it does itself; Propagate() gives it what everything it reaches does.
//
// Concurrency  single-owner
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "introspect/footprint_rules.h"
#include "introspect/node_tree.h"

namespace pando::introspect {

// kGive: to call a function that gives the claims, where it is known which of them are looked at.
// kInline: to plan an expression that calls the function over columns. kKeep, kKeepOfType: to fold those expressions of
// a relation or a type whose folded form the session keeps.
enum class Use : uint8_t { kRead, kWrite, kCall, kOperate, kType, kGive, kInline, kKeep, kKeepOfType };

class FootprintGraph {
 public:
  // The thing exists and does `own` by itself. Several declarations add up. What has a user's oid and is never declared
  // counts as unknown; what is the server's own and never declared counts as harmless.
  void Declare(Use use, Oid oid, Footprint own = kHarmless);
  // Using the first involves using the second.
  void Depend(Use use, Oid oid, Use on_use, Oid on_oid);
  // Using it evaluates a stored parse tree. Returns what the tree refers to.
  NodeReferences DependOnTree(Use use, Oid oid, std::string_view tree);
  // The same of a tree that was read before.
  void DependOnReferences(Use use, Oid oid, const NodeReferences& references);
  // The same of a view's query: it shows what it looks into, and does not vary by that.
  NodeReferences DependOnQuery(Oid view, std::string_view tree);

  // For the trees that are read from here on.
  void SetClaimGivers(ClaimGivers givers) { claim_givers_ = std::move(givers); }
  const ClaimGivers& claim_givers() const { return claim_givers_; }

  // The function says of itself that it observes nothing.
  void LabelImmutable(Oid function) { labelled_immutable_.push_back(IdOf(Use::kCall, function)); }

  // What is folded here is kept by the session.
  void Keeps(Use use, Oid oid) { keeping_.push_back(IdOf(use, oid)); }

  // Functions in SQL keep their plans for the session, from PostgreSQL 18 on (its release notes), as those of other
  // languages do: what is folded into one is a trace.
  void LetFunctionsKeepPlans() { functions_keep_plans_ = true; }

  // Observes these settings, and of the claims those that are named.
  void DeclareSettings(Use use, Oid oid, catalog::Observed settings, const ClaimNames& claims);

  // In time linear in declarations and dependencies, cycles included. Once, after all of those.
  void Propagate();
  // REQUIRES: Propagate() was called.
  Footprint Of(Use use, Oid oid) const;
  // Something lasts. REQUIRES: Propagate() was called.
  bool has_lasting() const { return has_lasting_; }
  // By their places in Footprint::claims.
  const std::vector<std::string>& claim_names() const { return claim_names_; }

 private:
  void DependOnParts(Use use, Oid oid, const NodeReferences& references);

  struct Node {
    Footprint footprint = kHarmless;
    bool declared = false;
    std::vector<uint32_t> dependents;
  };

  uint32_t IdOf(Use use, Oid oid);
  void PropagateFrom(std::vector<uint32_t> changed);
  catalog::ClaimSet SetOf(const ClaimNames& claims);
  static uint64_t KeyOf(Use use, Oid oid) { return (static_cast<uint64_t>(use) << 32) | oid; }
  static Footprint OfUndeclared(Oid oid) { return oid >= kFirstUserOid ? kUnknown : kHarmless; }

  std::unordered_map<uint64_t, uint32_t> ids_;
  std::vector<Node> nodes_;
  std::vector<Oid> oids_;  // of the nodes, by id
  std::vector<uint32_t> labelled_immutable_;
  std::vector<uint32_t> keeping_;
  bool functions_keep_plans_ = false, has_lasting_ = false;
  std::vector<std::string> claim_names_;
  ClaimGivers claim_givers_;
};

}  // namespace pando::introspect
