// A token in JWS compact form (RFC 7515 section 7.1), taken apart and verified.
//
// Concurrency  pure functions
// Bounds       16 KiB a token
#pragma once

#include <string>
#include <string_view>

#include "auth/key_set.h"
#include "base/result.h"

namespace pando::auth {

// The payload of the token, whose signature one of the keys has verified.
//   kInvalidJwt  with the REST API's messages
Result<std::string> VerifyToken(std::string_view token, const KeySet& keys);

}  // namespace pando::auth
