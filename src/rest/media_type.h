// Media types as Accept and Content-Type name them (RFC 9110 section 8.3). ParseAccept() is declared with the request.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string_view>

#include "rest/request.h"

namespace pando::rest {

// The media type of a body. Parameters are ignored, even malformed ones; an absent or empty header means JSON. Only
// `kind`, `name` and `original` are set.
MediaType ParseContentType(std::string_view header);

// PGRST107: nothing of what the client accepts can be answered.
Error NoMediaType(const std::vector<MediaType>& accept);

}  // namespace pando::rest
