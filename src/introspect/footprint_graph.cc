#include "introspect/footprint_graph.h"

#include <algorithm>

#include "catalog/observed.h"

namespace pando::introspect {
namespace {

using catalog::Observed;

constexpr Oid kNextvalFunction = 1574;  // pg_proc.dat

}  // namespace

uint32_t FootprintGraph::IdOf(Use use, Oid oid) {
  const auto [at, is_new] = ids_.emplace(KeyOf(use, oid), static_cast<uint32_t>(nodes_.size()));
  if (is_new) {
    nodes_.emplace_back();
    oids_.push_back(oid);
  }
  return at->second;
}

void FootprintGraph::Declare(Use use, Oid oid, Footprint own) {
  Node& node = nodes_[IdOf(use, oid)];
  node.declared = true;
  node.footprint |= own;
}

void FootprintGraph::Depend(Use use, Oid oid, Use on_use, Oid on_oid) {
  const uint32_t dependent = IdOf(use, oid);
  const uint32_t on = IdOf(on_use, on_oid);
  if (dependent != on) nodes_[on].dependents.push_back(dependent);
}

NodeReferences FootprintGraph::DependOnTree(Use use, Oid oid, std::string_view tree) {
  NodeReferences references = ReadReferences(tree, claim_givers_);
  DependOnReferences(use, oid, references);
  return references;
}

NodeReferences FootprintGraph::DependOnQuery(Oid view, std::string_view tree) {
  NodeReferences references = ReadReferences(tree, claim_givers_);
  DependOnParts(Use::kRead, view, references);
  return references;
}

void FootprintGraph::DependOnReferences(Use use, Oid oid, const NodeReferences& references) {
  DependOnParts(use, oid, references);
  Footprint own = kHarmless;
  own.varies = !references.relations.empty();
  if (own != kHarmless) Declare(use, oid, own);
}

void FootprintGraph::DependOnParts(Use use, Oid oid, const NodeReferences& references) {
  for (const Oid function : references.functions) Depend(use, oid, Use::kCall, function);
  for (const Oid giver : references.claim_givers) Depend(use, oid, Use::kGive, giver);
  for (const Oid op : references.operators) Depend(use, oid, Use::kOperate, op);
  for (const Oid type : references.types) Depend(use, oid, Use::kType, type);
  for (const Oid relation : references.relations) {
    Depend(use, oid, Use::kRead, relation);
    if (references.writes) Depend(use, oid, Use::kWrite, relation);
  }
  // What writes is refused in a transaction that is read only, which is a setting as well. Writing a relation may draw
  // from its sequences without that, being no read.
  const bool draws = use != Use::kWrite &&
                     std::binary_search(references.functions.begin(), references.functions.end(), kNextvalFunction);
  DeclareSettings(use, oid, references.settings, references.claims);
  Footprint own = kHarmless;
  own.varies = references.varies;
  if (references.writes || draws) own |= kObserves;
  if (own != kHarmless) Declare(use, oid, own);
}

void FootprintGraph::DeclareSettings(Use use, Oid oid, Observed settings, const ClaimNames& claims) {
  if (settings == Observed::kNothing) return;
  Footprint own = kHarmless;
  own.observes = settings;
  if (catalog::Overlap(settings, Observed::kClaims)) own.claims = SetOf(claims);
  Declare(use, oid, own);
}

catalog::ClaimSet FootprintGraph::SetOf(const ClaimNames& claims) {
  if (claims.whole) return catalog::kAllClaims;
  catalog::ClaimSet set = 0;
  for (const std::string& name : claims.names) {
    const auto known = std::find(claim_names_.begin(), claim_names_.end(), name);
    const auto place = static_cast<size_t>(known - claim_names_.begin());
    if (place >= catalog::kClaimNamesMax) return catalog::kAllClaims;
    if (known == claim_names_.end()) claim_names_.push_back(name);
    set |= catalog::ClaimSet{1} << place;
  }
  return set;
}

void FootprintGraph::Propagate() {
  std::vector<uint32_t> changed;
  for (uint32_t id = 0; id < nodes_.size(); ++id) {
    if (!nodes_[id].declared) nodes_[id].footprint |= OfUndeclared(oids_[id]);
    if (nodes_[id].footprint != kHarmless) changed.push_back(id);
  }
  PropagateFrom(std::move(changed));
  std::vector<uint32_t> folding;
  for (const uint32_t id : labelled_immutable_) {
    if (nodes_[id].footprint.observes == Observed::kNothing) continue;
    nodes_[id].footprint.folds = true;
    nodes_[id].footprint.leaves_traces |= functions_keep_plans_;
    folding.push_back(id);
  }
  PropagateFrom(std::move(folding));
  std::vector<uint32_t> lasting;
  for (const uint32_t id : keeping_) {
    if (!nodes_[id].footprint.folds) continue;
    nodes_[id].footprint.lasts = true;
    lasting.push_back(id);
  }
  has_lasting_ = !lasting.empty();
  PropagateFrom(std::move(lasting));
}

// A footprint only grows, and by as many steps as it has bits, of which few are ever set.
void FootprintGraph::PropagateFrom(std::vector<uint32_t> changed) {
  while (!changed.empty()) {
    const uint32_t id = changed.back();
    changed.pop_back();
    for (const uint32_t dependent : nodes_[id].dependents) {
      Footprint grown = nodes_[dependent].footprint;
      grown |= nodes_[id].footprint;
      if (grown == nodes_[dependent].footprint) continue;
      nodes_[dependent].footprint = grown;
      changed.push_back(dependent);
    }
  }
}

Footprint FootprintGraph::Of(Use use, Oid oid) const {
  const auto found = ids_.find(KeyOf(use, oid));
  return found == ids_.end() ? OfUndeclared(oid) : nodes_[found->second].footprint;
}

}  // namespace pando::introspect
