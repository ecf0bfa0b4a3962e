// A KeySet holds the keys that verify tokens, as configured: a text (HMAC), a JWK or a JWK set (RFC 7517).
//
// Concurrency  immutable, thread-safe
// Bounds       64 keys; a secret of 1 MiB
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/signature.h"
#include "base/option.h"
#include "base/result.h"

namespace pando::auth {

class KeySet {
 public:
  // `secret` is the text itself, a JWK or JWK set, or "@" and the name of a file that holds one of them (a newline at
  // its end is stripped). `base64` decodes a text that is no JWK, in either alphabet. Keys of a set that are of another
  // type or for encryption are passed over, as RFC 7517 section 5 asks. An empty secret makes an empty set.
  //   kConfigInvalid  shorter than 32 characters, unreadable, or no usable key in it
  static Result<KeySet> Parse(const Secret& secret, bool base64);

  bool empty() const { return keys_.empty(); }
  // The keys whose type fits the algorithm and whose own "alg" and "kid", where they have them, do not say otherwise.
  // `kid` is empty when the token names none. The pointers live as long as the set.
  std::vector<const SignatureKey*> Find(Algorithm algorithm, std::string_view kid) const;

  struct Entry {
    SignatureKey key;
    std::string kid;                     // empty: fits every token
    std::optional<Algorithm> algorithm;  // unset: all of the key's type
  };

 private:
  std::vector<Entry> keys_;
};

}  // namespace pando::auth
