// What a committed transaction changed, as the tags of the answers that it may have changed.
//
// Concurrency  pure
#pragma once

#include <vector>

#include "cache/tag.h"
#include "changes/transaction.h"

namespace pando::serve {

// Without duplicates. For each row: its key before and after, each equality that it satisfies now, and whatever depends
// on any change of its table.
std::vector<cache::Tag> TagsOf(const changes::Transaction& transaction);

}  // namespace pando::serve
