// Switches for the rules that keep the cache right, so that a test can prove that it would notice if one were missing
// (docs/design/0006-cache.md). Builds with sanitizers alone have them: CACHE_RULES_OFF in the environment names rules,
// separated by commas. In a release all rules hold, and these functions are constant.
//
// Concurrency  immutable after the first call
#pragma once

#include <cstdint>

namespace pando::cache {

enum class Rule : uint8_t {
  kFillCheck,      // a fill that missed a transaction which was shown is refused
  kRowTags,        // an answer depends on the rows that it shows
  kEqualityTags,   // and on rows that come to satisfy its equality
  kAnyChangeTags,  // one without an equality on everything
  kEmbedTags,      // and each on what it embeds, and what lies between
  kViewTags,       // and that of a view on what it looks into
  kWholeTags,      // and each on a TRUNCATE, and on what is not told row by row
  kHold,           // nothing is shown from a change of the schema until its catalog is there
  kFingerprint,    // what no event trigger tells is looked for
  kVisibleFrom,    // a table counts from the end of what was open when it was published
  kStaleness,      // nothing is shown when the stream is too old
  kOwnWrites,      // nor to whom it does not show yet what he wrote
  kClaims,         // who claims something else that a policy reads has another answer
  kObserves,       // what depends on settings that are in no key is not kept
  kVaries,         // nor what depends on more than its rows and settings
  kIdentity,       // a table is published only where the log tells which row was changed
  kPublication,    // what somebody altered of the publication is restored
};

#ifdef PANDO_TEST_HOOKS
bool Holds(Rule rule);
#else
constexpr bool Holds(Rule) { return true; }
#endif

}  // namespace pando::cache
