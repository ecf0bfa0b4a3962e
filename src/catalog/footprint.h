// A Footprint says what running a statement may observe of the request, and what it may leave behind.
//
// Concurrency  immutable
#pragma once

#include <cstddef>
#include <cstdint>

#include "catalog/observed.h"

namespace pando::catalog {

// Claims of the caller's token by their places in Snapshot::claim_names, as bits.
using ClaimSet = uint64_t;
inline constexpr size_t kClaimNamesMax = 63;
inline constexpr ClaimSet kAllClaims = ~ClaimSet{0};  // read whole, or not known which

// What running a statement against something may observe or leave behind.
struct Footprint {
  // What a policy, view body or function could read of the request's settings: these must be made. Conservative:
  // whatever cannot be excluded is in it.
  Observed observes = Observed::kEverything;
  // Where it observes the claims: which. Set in vain otherwise.
  ClaimSet claims = kAllClaims;
  // A function that is not known to be harmless may run: the connection is cleaned before anyone else uses it.
  bool leaves_traces = true;
  // What is read may depend on more than the rows of the relation itself and what is observed: on the time, on other
  // relations, on chance, on functions that are not known.
  bool varies = true;
  // A function that is labelled IMMUTABLE observes something: a plan that is kept would show one caller what another
  // may see.
  bool folds = true;
  // And it does so in an expression whose folded form the session keeps until it ends, where no DISCARD reaches it: the
  // check of a domain, an expression or the condition of an index, the key of partitions.
  bool lasts = false;
  friend bool operator==(const Footprint&, const Footprint&) = default;
  Footprint& operator|=(const Footprint& other) {
    observes |= other.observes;
    claims |= other.claims;
    leaves_traces |= other.leaves_traces;
    varies |= other.varies;
    folds |= other.folds;
    lasts |= other.lasts;
    return *this;
  }
};

// Of what does nothing of the kind.
inline constexpr Footprint kNoFootprint = {.observes = Observed::kNothing,
                                           .claims = 0,
                                           .leaves_traces = false,
                                           .varies = false,
                                           .folds = false,
                                           .lasts = false};

}  // namespace pando::catalog
