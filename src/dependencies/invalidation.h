// Turns a committed transaction into the tags of the answers that it may have changed.
//
// Concurrency  pure
#pragma once

#include <vector>

#include "cache/tag.h"
#include "changes/transaction.h"

namespace pando::dependencies {

// No tag twice. For each row: its key before and after, each equality that it satisfies now, and the tag of any change
// of its table.
std::vector<cache::Tag> InvalidatedBy(const changes::Transaction& transaction);

}  // namespace pando::dependencies
