// The secret that signs tokens, made once for a Pando that was not given one.
//
// Concurrency  thread-safe, also between processes; blocks the caller
#pragma once

#include <filesystem>

#include "base/option.h"
#include "base/result.h"

namespace pando::embedded {

inline constexpr const char* kSecretFile = "jwt_secret";

// The secret in `folder`/jwt_secret: 48 random bytes in base64url, 64 characters. Made when there is none (with the
// folder, 0700), readable by this account alone and on disk before it is returned; of two that make it at the same time
// both get the same. The folder should not be the data folder, which the account of PostgreSQL can read.
//   kStartFailed  cannot be read or written, or the file holds no secret
Result<Secret> LoadOrCreateSecret(const std::filesystem::path& folder);

}  // namespace pando::embedded
