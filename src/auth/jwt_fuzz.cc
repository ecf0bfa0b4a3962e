// Fuzzes what a stranger can send: a token, and the claims that a signed one may hold.
#include <cstdint>
#include <string_view>

#include "auth/claims.h"
#include "auth/verifier.h"
#include "base/assert.h"
#include "base/role_name.h"

using pando::Result;
namespace auth = pando::auth;

namespace {

// Public keys of each type: the examples of RFC 7515, RFC 7520 and RFC 8037, and a point of P-384.
constexpr std::string_view kPublicKeys =
    R"([{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm)"
    R"(4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQ)"
    R"(OS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkML)"
    R"(s91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},)"
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
    R"({"kty":"EC","crv":"P-384","x":"IDC-5s6FERlbC4Nc_4JhKW8sd51AhixtMdNUtPxhRFP323QY6cwWeIA3leyZhz-J",)"
    R"("y":"eovmN9ocANS8IJxDAGSuC1FehTq5ZFLJU7XSPg36zHpv4H2byKGEcCBiwT4sFJsy"},)"
    R"({"kty":"EC","crv":"P-521",)"
    R"("x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",)"
    R"("y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"},)"
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}])";

std::unique_ptr<auth::Verifier> VerifierOf(std::string_view secret) {
  auth::AuthOptions options;
  options.jwt_secret = pando::Secret(std::string(secret));
  options.jwt_audience = "us";
  options.jwt_cache_max_entries = 16;
  return auth::Verifier::Create(options).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string kSecret = "a secret for the fuzzer, 32 characters";
  static const std::unique_ptr<auth::Verifier> verifier = VerifierOf(kSecret);
  static const std::unique_ptr<auth::Verifier> public_verifier = VerifierOf(kPublicKeys);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));

  const std::string authorization = "Bearer " + std::string(input);
  for (auth::Verifier* one : {verifier.get(), public_verifier.get()}) {
    auto unsigned_answer = one->Authenticate(authorization, input, now);
    if (!unsigned_answer) PANDO_ASSERT(!unsigned_answer.error().message().empty());
  }

  const std::string signed_authorization = "Bearer " + auth::SignToken(input, kSecret);
  auto first = verifier->Authenticate(signed_authorization, std::nullopt, now);
  auto second = verifier->Authenticate(signed_authorization, std::nullopt, now);
  PANDO_ASSERT(first.has_value() == second.has_value());
  if (first) PANDO_ASSERT((*first)->claims_json == (*second)->claims_json);
  if (first) PANDO_ASSERT(pando::IsRoleName((*first)->role));
  return 0;
}
