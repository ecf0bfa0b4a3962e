// The standard reason phrases (RFC 9110, 15 and its extensions).
#pragma once

#include <string_view>

namespace pando::http {

// Empty for a status without one.
std::string_view ReasonPhrase(int status);

}  // namespace pando::http
