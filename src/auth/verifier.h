// A Verifier turns the credentials of a request into a Principal: who asks, as which role, by what proof.
// Bearer tokens are JWS compact (RFC 7515) with HS, RS, PS or ES256/384/512, or EdDSA over Ed25519; "none" is refused.
// The keys are the configured ones: those that a token carries or points at (jwk, jku, x5c, x5u) are never used.
//
// Concurrency  immutable keys; the cache of verified tokens is thread-safe (sharded locks)
// Bounds       options.jwt_cache_max_entries tokens remembered, none past its expiry
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/option.h"
#include "base/result.h"

namespace pando::auth {

struct AuthOptions {
  Secret jwt_secret;  // text, JWK, JWK set, array of JWKs, or @file
  bool jwt_secret_is_base64 = false;
  std::optional<std::string> jwt_audience;
  std::string role_claim_key = ".role";  // jq-like path (PostgREST's), also "$.role" JSONPath form
  std::optional<std::string> anonymous_role = "anon";
  uint32_t jwt_cache_max_entries = 1000;
};

template <class Visitor>
void Describe(Visitor& visit, AuthOptions& o) {
  visit.Option("auth.jwt_secret", o.jwt_secret, Reload::kLive,
               "Key that verifies tokens: a text of at least 32 characters (HMAC), a JWK, a JWK set or an array of "
               "JWKs as JSON, or @ and the name of a file that holds one of these.");
  visit.Option("auth.jwt_secret_is_base64", o.jwt_secret_is_base64, Reload::kLive,
               "Whether auth.jwt_secret is encoded in base64 (standard or URL alphabet) and is decoded before use.");
  visit.Option(
      "auth.jwt_audience", o.jwt_audience, Reload::kLive,
      "Audience that a token must be for: a token whose aud claim names only others is refused. Unset accepts any.");
  visit.Option("auth.role_claim_key", o.role_claim_key, Reload::kLive,
               "Path of the claim that names the database role, such as .role or .app_metadata.roles[0].");
  visit.Option("auth.anonymous_role", o.anonymous_role, Reload::kLive,
               "Database role of requests without a token. Unset refuses them with 401.");
  visit.Option("auth.jwt_cache_max_entries", o.jwt_cache_max_entries, Range<uint32_t>{0, 10'000'000}, Reload::kLive,
               "Verified tokens that Pando remembers, so that it checks each signature once. Each takes about 2 KiB.");
}

struct Principal {
  std::string role;  // IsRoleName() holds
  // The claims as compact JSON, with "role" added when the token had none (an anonymous caller: {"role":"anon"}).
  std::string claims_json;
  // The caller has no name: it sent no token, or a token of the anonymous role without a subject, such as the key that
  // a site gives to every browser. Such callers may share answers, and none of them has writes of its own.
  bool anonymous = true;
  // The same for each token of the same issuer and subject; without a subject, for the same claims. Others may share
  // it.
  size_t caller = 0;
  // The members of claims_json, sorted by name. Empty when the database may read it otherwise than we do.
  std::vector<std::pair<std::string, std::string>> claims = {};
  // The role is that of callers without a token, whether or not the caller has a name: a token of another role may do
  // what this role may not.
  bool has_anonymous_role = true;
};

// Appends what the caller claims under these names, so that two callers have the same appended exactly if they claim
// the same. kAllClaims among the names stands for everything.
inline constexpr std::string_view kAllClaims = "*";
void AppendClaims(const Principal& principal, const std::vector<std::string>& names, std::string& key);

class Verifier {
 public:
  // Logs each key of a set that cannot be used.
  //   kConfigInvalid  the secret is too short or known to others, no key can be used, or the anonymous role is no
  //                   name of a role
  static Result<std::unique_ptr<Verifier>> Create(const AuthOptions& options);
  virtual ~Verifier() = default;

  // `authorization` and `apikey` are the header values as sent, absent as nullopt. A Bearer token wins; without one, an
  // apikey that has the form of a token (three parts) is taken as the token, as supabase-js sends it; any other apikey
  // is ignored. `now` is the wall clock.
  //   kNoJwtSecret, kInvalidJwt, kInvalidClaims, kAnonymousDisabled   in PostgREST's words (docs/rest.md section 23)
  //   kSqlstate 22023   IsRoleName() is false for the role; in PostgreSQL's words for a role that it does not have
  virtual Result<std::shared_ptr<const Principal>> Authenticate(std::optional<std::string_view> authorization,
                                                                std::optional<std::string_view> apikey,
                                                                std::chrono::system_clock::time_point now) = 0;
};

// The HMAC secret of the options, for code that signs tokens.
//   kNoJwtSecret  there is none: the option is unset or holds keys      kConfigInvalid  as Verifier::Create
Result<Secret> SigningSecret(const AuthOptions& options);

// Signs claims (JSON object) with an HMAC secret: for `pando keys` and tests. HS256.
std::string SignToken(std::string_view claims_json, std::string_view secret);

// True when both have the same length and bytes, in time that depends on the length only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace pando::auth
