// What is in the cache, for people: the largest and the hottest answers, and whose answers are dropped most often.
//
// Concurrency  thread-safe
#pragma once

#include <string>

#include "cache/store.h"

namespace pando::cache {

// {"answers":N,"bytes":N,"largest":[{"target":"/items?id=eq.5","resource":"items","bytes":N,"hits":N}],"hottest":[...],
//  "most_invalidated":[{"resource":"items","answers":N}]}, twenty of each at most. Goes through all of the cache.
std::string ReportJson(const Store& store);

}  // namespace pando::cache
