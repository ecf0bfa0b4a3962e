#include "auth/verifier.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/json_members.h"
#include "auth/key_set.h"
#include "auth/role_path.h"
#include "auth/secret_text.h"
#include "auth/token.h"
#include "auth/token_cache.h"
#include "base/ascii.h"
#include "base/json_text.h"
#include "base/role_name.h"
#include "telemetry/log.h"

namespace pando::auth {
namespace {

// The token of "Bearer TOKEN", the scheme in any case; nullopt for other schemes. "Bearer" alone has an empty token.
std::optional<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  authorization = Trimmed(authorization);
  if (authorization.size() < kScheme.size()) return std::nullopt;
  const bool same = std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                               [](char lower, char c) { return (c | 0x20) == lower; });
  authorization.remove_prefix(kScheme.size());
  if (!same || (!authorization.empty() && !IsBlank(authorization.front()))) return std::nullopt;
  return Trimmed(authorization);
}

std::optional<std::string_view> FindToken(std::optional<std::string_view> authorization,
                                          std::optional<std::string_view> apikey) {
  if (authorization) {
    if (std::optional<std::string_view> token = BearerToken(*authorization)) return token;
  }
  if (apikey && std::count(apikey->begin(), apikey->end(), '.') == 2) return Trimmed(*apikey);
  return std::nullopt;
}

// Not where a member holds what PostgreSQL's jsonb refuses.
std::vector<std::pair<std::string, std::string>> SplitClaims(const std::string& json) {
  std::vector<std::pair<std::string, std::string>> claims;
  if (json.find("\\u0000") != std::string::npos) return claims;
  for (JsonMember& member : SplitJsonObject(json)) claims.emplace_back(std::move(member.name), std::move(member.value));
  std::sort(claims.begin(), claims.end());
  return claims;
}

// As PostgreSQL says it of a role that it does not have, which these texts do not name.
Error UnknownRole(const std::string& text) {
  return Error::FromDatabase("22023", "role \"" + text + "\" does not exist");
}

Result<void> CheckAnonymousRole(const std::optional<std::string>& role) {
  if (!role || IsRoleName(*role)) return {};
  return Error(ErrorId::kConfigInvalid, "auth.anonymous_role \"" + *role + "\" does not name a role")
      .WithHint("name a role of the database, or leave the option empty to refuse requests without a token");
}

std::shared_ptr<const Principal> MakeAnonymous(const std::optional<std::string>& role) {
  if (!role) return nullptr;
  auto principal = std::make_shared<Principal>(Principal{*role, "{\"role\":" + JsonString(*role) + "}", true});
  principal->claims = SplitClaims(principal->claims_json);
  return principal;
}

class TokenVerifier final : public Verifier {
 public:
  TokenVerifier(const AuthOptions& options, KeySet keys, RolePath role_path)
      : has_secret_(!options.jwt_secret.empty()),
        audience_(options.jwt_audience),
        anonymous_role_(options.anonymous_role),
        anonymous_(MakeAnonymous(options.anonymous_role)),
        keys_(std::move(keys)),
        role_path_(std::move(role_path)),
        cache_(options.jwt_cache_max_entries) {}

  Result<std::shared_ptr<const Principal>> Authenticate(std::optional<std::string_view> authorization,
                                                        std::optional<std::string_view> apikey,
                                                        std::chrono::system_clock::time_point now) override {
    const std::optional<std::string_view> token = FindToken(authorization, apikey);
    if (!token) {
      if (!anonymous_) return AnonymousDisabled();
      return anonymous_;
    }
    if (keys_.empty()) return NoSecret();
    const int64_t seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (std::optional<TokenCache::Entry> entry = cache_.Find(*token)) {
      Result<void> in_time = CheckTimes(entry->times, seconds);
      if (in_time) return std::move(entry->principal);
      cache_.Erase(*token);
      return in_time.error();
    }
    return Verify(*token, seconds);
  }

 private:
  Error NoSecret() const {
    const Error error(ErrorId::kNoJwtSecret, "Server lacks JWT secret");
    if (has_secret_) {
      return error.WithHint(
          "auth.jwt_secret is set, and none of its keys can verify a token: the log at the start says why of each.");
    }
    return error.WithHint(
        "Set auth.jwt_secret to the secret or the keys that the tokens are signed with, or send no token.");
  }

  static Error AnonymousDisabled() { return Error(ErrorId::kAnonymousDisabled, "Anonymous access is disabled"); }

  Result<std::shared_ptr<const Principal>> Verify(std::string_view token, int64_t now) {
    PANDO_TRY(std::string payload, VerifyToken(token, keys_));
    PANDO_TRY(Claims claims, CheckClaims(std::move(payload), audience_, role_path_, now));
    if (!claims.role) claims.role = anonymous_role_;
    if (!claims.role) return AnonymousDisabled();
    if (!IsRoleName(*claims.role)) return UnknownRole(*claims.role);
    Principal principal;
    principal.claims_json = WithRole(claims.payload, *claims.role);
    principal.claims = SplitClaims(principal.claims_json);
    principal.caller = std::hash<std::string>()(claims.subject.empty() ? claims.payload : claims.subject);
    principal.has_anonymous_role = claims.role == anonymous_role_;
    principal.anonymous = principal.has_anonymous_role && claims.subject.empty();
    principal.role = std::move(*claims.role);
    auto shared = std::make_shared<const Principal>(std::move(principal));
    cache_.Insert(token, {claims.times, shared});
    return std::shared_ptr<const Principal>(std::move(shared));
  }

  const bool has_secret_;
  const std::optional<std::string> audience_;
  const std::optional<std::string> anonymous_role_;
  const std::shared_ptr<const Principal> anonymous_;  // null when anonymous callers are refused
  const KeySet keys_;
  const RolePath role_path_;
  TokenCache cache_;
};

}  // namespace

void AppendClaims(const Principal& principal, const std::vector<std::string>& names, std::string& key) {
  const auto append = [&](std::string_view text) { key.append(std::to_string(text.size())).append(":").append(text); };
  key.push_back('\0');  // ends what came before, which holds none
  const bool all = principal.claims.empty() || std::find(names.begin(), names.end(), kAllClaims) != names.end();
  if (all) return append(principal.claims_json);
  for (const std::string& name : names) {
    const auto found =
        std::lower_bound(principal.claims.begin(), principal.claims.end(), name,
                         [](const auto& claim, const std::string& wanted) { return claim.first < wanted; });
    const bool claimed = found != principal.claims.end() && found->first == name;
    if (claimed) {
      append(found->second);
    } else {
      key.push_back('-');
    }
  }
}

Result<std::unique_ptr<Verifier>> Verifier::Create(const AuthOptions& options) {
  PANDO_CHECK(CheckAnonymousRole(options.anonymous_role));
  PANDO_TRY(KeySet keys, KeySet::Parse(options.jwt_secret, options.jwt_secret_is_base64));
  for (const std::string& sentence : keys.unused()) {
    telemetry::Log(telemetry::Level::kWarn, "auth.key_unused", sentence);
  }
  PANDO_TRY(RolePath role_path, RolePath::Parse(options.role_claim_key));
  return std::unique_ptr<Verifier>(std::make_unique<TokenVerifier>(options, std::move(keys), std::move(role_path)));
}

Result<Secret> SigningSecret(const AuthOptions& options) {
  PANDO_TRY(SecretText read, ReadSecretText(options.jwt_secret, options.jwt_secret_is_base64));
  if (read.kind == SecretText::Kind::kHmac) return Secret(std::move(read.text));
  if (read.kind == SecretText::Kind::kKeys) {
    return Error(ErrorId::kNoJwtSecret, "auth.jwt_secret holds keys, and tokens are signed with a plain secret only")
        .WithHint("sign the token where the private key is, or set a text of at least 32 characters");
  }
  return Error(ErrorId::kNoJwtSecret, "auth.jwt_secret is not set")
      .WithHint("set it to a text of at least 32 characters");
}

std::string SignToken(std::string_view claims_json, std::string_view secret) {
  std::string token = EncodeBase64Url(R"({"alg":"HS256","typ":"JWT"})");
  token.append(".").append(EncodeBase64Url(claims_json));
  const std::string signature = SignHmac(Algorithm::kHs256, token, secret);
  return token.append(".").append(EncodeBase64Url(signature));
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace pando::auth
