// A KeySet holds the keys that verify tokens, as configured: the text of an HMAC secret, a JWK, a JWK set (RFC 7517),
// or the array of JWKs that a set has.
//
// Concurrency  immutable, thread-safe
// Bounds       64 keys; a secret of 1 MiB
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/signature.h"
#include "base/option.h"
#include "base/result.h"

namespace pando::auth {

class KeySet {
 public:
  // `secret` and `base64` as ReadSecretText() takes them. A key of a set that cannot be used is passed over, as RFC
  // 7517 section 5 asks, and noted in unused(). An empty secret makes an empty set.
  //   kConfigInvalid  as ReadSecretText(), or no usable key in it
  static Result<KeySet> Parse(const Secret& secret, bool base64);

  bool empty() const { return keys_.empty(); }
  // The keys whose type fits the algorithm and whose own "alg" and "kid", where they have them, do not say otherwise.
  // `kid` is empty when the token names none. The pointers live as long as the set.
  std::vector<const SignatureKey*> Find(Algorithm algorithm, std::string_view kid) const;
  // A sentence for each key that was passed over: which one, by its "kid" or its place, and why.
  const std::vector<std::string>& unused() const { return unused_; }

  struct Entry {
    SignatureKey key;
    std::string kid;                     // empty: fits every token
    std::optional<Algorithm> algorithm;  // unset: all of the key's type
  };

 private:
  // The keys of a JWK, a JWK set or an array of JWKs.
  //   kConfigInvalid  none of these, too many, or none is usable
  Result<void> AddKeys(std::string_view text);

  std::vector<Entry> keys_;
  std::vector<std::string> unused_;
};

}  // namespace pando::auth
