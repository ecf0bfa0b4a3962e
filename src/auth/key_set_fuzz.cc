// Fuzzes what a configuration can hold: secrets, keys, key sets, and the path of the role.
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/key_set.h"
#include "auth/role_path.h"

namespace auth = pando::auth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  // A file's name would make the fuzzer read the disk.
  if (!input.starts_with('@')) {
    for (const bool base64 : {false, true}) {
      auto keys = auth::KeySet::Parse(pando::Secret(input), base64);
      if (keys) (void)keys->Find(auth::Algorithm::kHs256, "kid");
    }
  }
  (void)auth::RolePath::Parse(std::string_view(input).substr(0, 64)).has_value();
  return 0;
}
