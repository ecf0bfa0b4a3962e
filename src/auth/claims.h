// The claims of a verified token (RFC 7519 section 4): checked, and written for SQL.
//
// Concurrency  pure functions
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/role_path.h"
#include "base/result.h"

namespace pando::auth {

// In seconds since 1970. Kept with a remembered token, since they are checked anew at each use.
struct TimeClaims {
  std::optional<int64_t> expires;
  std::optional<int64_t> not_before;
  std::optional<int64_t> issued;
};

// With 30 seconds of leeway.
//   kInvalidClaims  expired, not yet valid, or issued in the future
Result<void> CheckTimes(const TimeClaims& times, int64_t now);

struct Claims {
  TimeClaims times;
  std::optional<std::string> role;  // at the role path; a value that is not a string as its JSON
  std::string payload;              // the JSON object as it stands in the token
  // Who it is about, as "iss" and "sub" say: the same in each token of theirs. Empty without a "sub", or an empty one.
  std::string subject;
};

// Checks times, then the audience: "aud" is always a string or an array of strings, and must name `audience` if that
// is set and "aud" is there and not an empty array.
//   kInvalidClaims  with the REST API's messages; also when a name is repeated, since readers would disagree on it
Result<Claims> CheckClaims(std::string payload, const std::optional<std::string>& audience, const RolePath& role_path,
                           int64_t now);

// The payload without white space between its tokens, numbers to the digit as they were, and with "role" set to `role`.
// REQUIRES: `payload` passed CheckClaims.
std::string WithRole(std::string_view payload, std::string_view role);

}  // namespace pando::auth
