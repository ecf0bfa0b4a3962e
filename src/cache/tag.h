// A Tag stands for something in the database on which an answer may depend: a row, an equality that chose rows, a
// relation. It is a hash of that, so that this folder need not know what it stands for: two things that share a tag
// make a change drop an entry too many, and never one too few.
//
// Concurrency  pure
#pragma once

#include <cstdint>

namespace pando::cache {

using Tag = uint64_t;

// Everything there is; never the tag of anything else.
inline constexpr Tag kEverything = 0;

}  // namespace pando::cache
