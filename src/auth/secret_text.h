// A SecretText is what auth.jwt_secret holds: keys as JSON, or the text of an HMAC secret.
//
// Anyone who knows the text of an HMAC secret can sign tokens of every role. So a text that others may know is refused:
// a key in another form than JSON, a URL, the name of a file, a token.
//
// Concurrency  thread-safe; reads a file, and blocks the caller meanwhile
// Bounds       1 MiB
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/option.h"
#include "base/result.h"

namespace pando::auth {

inline constexpr size_t kSecretBytesMin = 32;

struct SecretText {
  enum class Kind { kNone, kKeys, kHmac };
  Kind kind = Kind::kNone;
  std::string text;  // of kKeys JSON; of kHmac the bytes of the secret
};

// `secret` is the text itself, or "@" and the name of a file that holds it (a newline at its end is stripped). A byte
// order mark in front is stripped. `base64` decodes a text that is no JSON, in either alphabet. An empty secret is
// kNone.
//   kConfigInvalid  unreadable, shorter than 32 characters, or no secret; the message says what to write instead
Result<SecretText> ReadSecretText(const Secret& secret, bool base64);

// The file that `secret` names; nullopt when it holds the text itself.
std::optional<std::string> SecretFile(const Secret& secret);

// Why these bytes are no secret, in words that go on after what they are called; empty when they may be one.
std::string_view WhyNoSecret(std::string_view bytes);

}  // namespace pando::auth
