// The Prefer header (RFC 7240) as docs/rest.md section 21 reads it.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string_view>
#include <vector>

#include "rest/request.h"

namespace pando::rest {

// All values of the Prefer header, in order. With `tx_override_allowed` unset the tx preference is not known.
Preferences ParsePreferences(const std::vector<std::string_view>& headers, bool tx_override_allowed);

}  // namespace pando::rest
