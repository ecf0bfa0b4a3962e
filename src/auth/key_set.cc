#include "auth/key_set.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "auth/base64url.h"
#include "auth/bounded_json.h"
#include "auth/secret_text.h"

namespace pando::auth {
namespace {

namespace json = boost::json;

constexpr size_t kKeysMax = 64;

Error Invalid(std::string message) { return Error(ErrorId::kConfigInvalid, "auth.jwt_secret " + std::move(message)); }

// Why a key cannot be used, in words that go on after its name.
Error Unusable(std::string why) { return Error(ErrorId::kConfigInvalid, std::move(why)); }

// The member as text; empty when it is absent or of another type.
std::string_view Member(const json::object& jwk, std::string_view name) {
  const json::value* value = jwk.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::string DecodedMember(const json::object& jwk, std::string_view name) {
  return DecodeBase64Url(Member(jwk, name)).value_or(std::string());
}

Result<SignatureKey> ParseHmacKey(const json::object& jwk) {
  std::string secret = DecodedMember(jwk, "k");
  if (secret.size() < kSecretBytesMin) return Unusable("its \"k\" is not the base64url of 32 bytes or more");
  if (const std::string_view why = WhyNoSecret(secret); !why.empty()) return Unusable("its \"k\" " + std::string(why));
  return SignatureKey::Hmac(std::move(secret));
}

Result<SignatureKey> ParseKeyMaterial(const json::object& jwk) {
  const std::string_view type = Member(jwk, "kty");
  if (type == "oct") return ParseHmacKey(jwk);
  std::optional<SignatureKey> key;
  if (type == "RSA") {
    key = SignatureKey::Rsa(DecodedMember(jwk, "n"), DecodedMember(jwk, "e"));
    if (!key) return Unusable("its \"n\" and \"e\" are not an RSA key of 2048 to 16384 bits");
  } else if (type == "EC") {
    key = SignatureKey::Ec(Member(jwk, "crv"), DecodedMember(jwk, "x"), DecodedMember(jwk, "y"));
    if (!key) return Unusable("its \"crv\", \"x\" and \"y\" are not a point of P-256, P-384 or P-521");
  } else if (type == "OKP") {
    if (Member(jwk, "crv") == "Ed25519") key = SignatureKey::Ed25519(DecodedMember(jwk, "x"));
    if (!key) return Unusable("its \"crv\" and \"x\" are not a key of Ed25519");
  } else {
    return Unusable("its \"kty\" is not oct, RSA, EC or OKP");
  }
  return std::move(*key);
}

// A key that says what it is for is used for nothing else (RFC 7517, 4.2 and 4.3).
Result<void> CheckPurpose(const json::object& jwk) {
  if (jwk.contains("use") && Member(jwk, "use") != "sig") return Unusable("its \"use\" is not \"sig\"");
  const json::value* operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return {};
  const json::array* names = operations->if_array();
  if (names == nullptr || std::find(names->begin(), names->end(), json::value("verify")) == names->end()) {
    return Unusable("its \"key_ops\" do not hold \"verify\"");
  }
  return {};
}

Result<KeySet::Entry> ParseJwk(const json::value& value) {
  if (!value.is_object()) return Unusable("it is not a JSON object");
  const json::object& jwk = value.get_object();
  PANDO_CHECK(CheckPurpose(jwk));
  PANDO_TRY(SignatureKey key, ParseKeyMaterial(jwk));
  std::optional<Algorithm> algorithm;
  if (jwk.contains("alg")) {
    algorithm = ParseAlgorithm(Member(jwk, "alg"));
    if (!algorithm) return Unusable("its \"alg\" is not supported");
    if (KeyTypeOf(*algorithm) != key.type()) return Unusable("its \"alg\" does not fit its \"kty\" and \"crv\"");
  }
  return KeySet::Entry{std::move(key), std::string(Member(jwk, "kid")), algorithm};
}

// As people find it again: by its "kid", else by its place in the set.
std::string NameOf(const json::value& key, size_t index) {
  const std::string_view kid = key.is_object() ? Member(key.get_object(), "kid") : std::string_view();
  return kid.empty() ? "key " + std::to_string(index + 1) : "the key \"" + std::string(kid) + "\"";
}

// Null: `value` is no set.
const json::value* KeysOf(const json::value& value) {
  return value.is_array() ? &value : value.get_object().if_contains("keys");
}

}  // namespace

Result<KeySet> KeySet::Parse(const Secret& secret, bool base64) {
  KeySet set;
  PANDO_TRY(SecretText read, ReadSecretText(secret, base64));
  switch (read.kind) {
    case SecretText::Kind::kNone:
      break;
    case SecretText::Kind::kHmac:
      set.keys_.push_back(Entry{SignatureKey::Hmac(std::move(read.text)), {}, std::nullopt});
      break;
    case SecretText::Kind::kKeys:
      PANDO_CHECK(set.AddKeys(read.text));
      break;
  }
  return set;
}

Result<void> KeySet::AddKeys(std::string_view text) {
  const std::optional<json::value> parsed = ParseJson(text);
  if (!parsed) return Invalid("is JSON, but not a JWK, a JWK set or an array of JWKs");
  const json::value* keys = KeysOf(*parsed);
  if (keys == nullptr) {
    Result<Entry> entry = ParseJwk(*parsed);
    if (!entry) return Invalid("is a JWK that cannot be used: " + entry.error().message());
    keys_.push_back(std::move(*entry));
    return {};
  }
  if (!keys->is_array()) return Invalid("is a JWK set whose keys are not an array");
  const json::array& all = keys->get_array();
  if (all.size() > kKeysMax) {
    return Invalid("has " + std::to_string(all.size()) + " keys, and at most " + std::to_string(kKeysMax) +
                   " are allowed");
  }
  for (size_t i = 0; i < all.size(); ++i) {
    Result<Entry> entry = ParseJwk(all[i]);
    if (entry) {
      keys_.push_back(std::move(*entry));
    } else {
      unused_.push_back(NameOf(all[i], i) + " of auth.jwt_secret is not used: " + entry.error().message());
    }
  }
  if (!keys_.empty()) return {};
  return Invalid("is a JWK set without a usable key" + (unused_.empty() ? "" : "; " + unused_.front()));
}

std::vector<const SignatureKey*> KeySet::Find(Algorithm algorithm, std::string_view kid) const {
  std::vector<const SignatureKey*> found;
  for (const Entry& entry : keys_) {
    if (entry.key.type() != KeyTypeOf(algorithm)) continue;
    if (entry.algorithm && *entry.algorithm != algorithm) continue;
    if (!kid.empty() && !entry.kid.empty() && kid != entry.kid) continue;
    found.push_back(&entry.key);
  }
  return found;
}

}  // namespace pando::auth
