// Fuzzes what a stranger can send: a token, and the claims that a signed one may hold.
#include <cstdint>
#include <string_view>

#include "auth/claims.h"
#include "auth/verifier.h"
#include "base/assert.h"
#include "base/role_name.h"

using pando::Result;
namespace auth = pando::auth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string kSecret = "a secret for the fuzzer, 32 characters";
  static const std::unique_ptr<auth::Verifier> verifier = [] {
    auth::AuthOptions options;
    options.jwt_secret = pando::Secret(kSecret);
    options.jwt_audience = "us";
    options.jwt_cache_max_entries = 16;
    return auth::Verifier::Create(options).value();
  }();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));

  const std::string authorization = "Bearer " + std::string(input);
  auto unsigned_answer = verifier->Authenticate(authorization, input, now);
  if (!unsigned_answer) PANDO_ASSERT(!unsigned_answer.error().message().empty());

  const std::string signed_authorization = "Bearer " + auth::SignToken(input, kSecret);
  auto first = verifier->Authenticate(signed_authorization, std::nullopt, now);
  auto second = verifier->Authenticate(signed_authorization, std::nullopt, now);
  PANDO_ASSERT(first.has_value() == second.has_value());
  if (first) PANDO_ASSERT((*first)->claims_json == (*second)->claims_json);
  if (first) PANDO_ASSERT(pando::IsRoleName((*first)->role));
  return 0;
}
