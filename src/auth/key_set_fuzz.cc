// Fuzzes what a configuration can hold: secrets, keys, key sets, and the path of the role.
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/key_set.h"
#include "auth/role_path.h"
#include "auth/secret_text.h"
#include "base/assert.h"

namespace auth = pando::auth;

namespace {

// A key is found for the algorithms of its own type, and for no other.
void FindAll(const auth::KeySet& keys) {
  for (size_t i = 0; i < auth::kAlgorithms; ++i) {
    const auto algorithm = static_cast<auth::Algorithm>(i);
    for (const auth::SignatureKey* key : keys.Find(algorithm, "kid")) {
      PANDO_ASSERT(key->type() == auth::KeyTypeOf(algorithm));
      PANDO_ASSERT(!key->Verify(algorithm, "text", "no signature"));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const pando::Secret secret(input);
  // A file's name would make the fuzzer read the disk.
  if (!auth::SecretFile(secret)) {
    for (const bool base64 : {false, true}) {
      const auto keys = auth::KeySet::Parse(secret, base64);
      if (keys) FindAll(*keys);
    }
  }
  (void)auth::RolePath::Parse(std::string_view(input).substr(0, 64)).has_value();
  return 0;
}
