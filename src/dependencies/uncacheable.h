// Why a read may not be answered from the cache, nor its answer be stored.
//
// Concurrency  immutable
#pragma once

#include "telemetry/cache_bypass.h"

namespace pando::dependencies {

using Uncacheable = telemetry::CacheBypass;

}  // namespace pando::dependencies
