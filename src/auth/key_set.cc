#include "auth/key_set.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fstream>

#include "auth/base64url.h"
#include "auth/bounded_json.h"

namespace pando::auth {
namespace {

constexpr size_t kSecretCharactersMin = 32;
constexpr size_t kSecretBytesMax = size_t{1} << 20;
constexpr size_t kKeysMax = 64;

Error Invalid(std::string message) { return Error(ErrorId::kConfigInvalid, "auth.jwt_secret " + std::move(message)); }

Result<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Invalid("names the file " + path + ", which cannot be read");
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Invalid("names the file " + path + ", which cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

// The member as text; empty when it is absent or of another type.
std::string_view Member(const boost::json::object& jwk, std::string_view name) {
  const boost::json::value* value = jwk.if_contains(boost::json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::string DecodedMember(const boost::json::object& jwk, std::string_view name) {
  return DecodeBase64Url(Member(jwk, name)).value_or(std::string());
}

std::optional<SignatureKey> ParseKeyMaterial(const boost::json::object& jwk) {
  const std::string_view type = Member(jwk, "kty");
  if (type == "oct") {
    std::string secret = DecodedMember(jwk, "k");
    if (secret.size() < kSecretCharactersMin) return std::nullopt;
    return SignatureKey::Hmac(std::move(secret));
  }
  if (type == "RSA") return SignatureKey::Rsa(DecodedMember(jwk, "n"), DecodedMember(jwk, "e"));
  if (type == "EC" && Member(jwk, "crv") == "P-256") {
    return SignatureKey::P256(DecodedMember(jwk, "x"), DecodedMember(jwk, "y"));
  }
  return std::nullopt;
}

std::optional<KeySet::Entry> ParseJwk(const boost::json::object& jwk) {
  if (Member(jwk, "use") == "enc") return std::nullopt;
  std::optional<Algorithm> algorithm;
  if (jwk.contains("alg")) {
    algorithm = ParseAlgorithm(Member(jwk, "alg"));
    if (!algorithm) return std::nullopt;
  }
  std::optional<SignatureKey> key = ParseKeyMaterial(jwk);
  if (!key) return std::nullopt;
  return KeySet::Entry{std::move(*key), std::string(Member(jwk, "kid")), algorithm};
}

Result<std::vector<KeySet::Entry>> ParseJson(const boost::json::object& json) {
  std::vector<KeySet::Entry> entries;
  const boost::json::value* keys = json.if_contains("keys");
  if (keys == nullptr) {
    std::optional<KeySet::Entry> entry = ParseJwk(json);
    if (!entry) return Invalid("is a JWK that is not a usable oct, RSA or EC P-256 key");
    entries.push_back(std::move(*entry));
    return entries;
  }
  if (!keys->is_array()) return Invalid("is a JWK set whose keys are not an array");
  if (keys->get_array().size() > kKeysMax) {
    return Invalid("holds " + std::to_string(keys->get_array().size()) + " keys, and " + std::to_string(kKeysMax) +
                   " are allowed");
  }
  for (const boost::json::value& key : keys->get_array()) {
    if (!key.is_object()) return Invalid("is a JWK set with a key that is not an object");
    std::optional<KeySet::Entry> entry = ParseJwk(key.get_object());
    if (entry) entries.push_back(std::move(*entry));
  }
  if (entries.empty()) return Invalid("is a JWK set without a usable oct, RSA or EC P-256 key");
  return entries;
}

// What looks like a key must be one: taken as a text, a broken public key would become an HMAC secret that all know.
bool LooksLikeKey(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && (text[start] == '{' || text.substr(start).starts_with("-----BEGIN "));
}

Result<std::string> ParseText(std::string text, bool base64) {
  if (text.size() < kSecretCharactersMin) {
    return Invalid("has " + std::to_string(text.size()) + " characters, and at least " +
                   std::to_string(kSecretCharactersMin) + " are needed");
  }
  if (!base64) return text;
  std::optional<std::string> decoded = DecodeBase64Lenient(text);
  if (!decoded) return Invalid("is not base64, although auth.jwt_secret_is_base64 is set");
  return std::move(*decoded);
}

}  // namespace

Result<KeySet> KeySet::Parse(const Secret& secret, bool base64) {
  KeySet set;
  if (secret.empty()) return set;
  std::string text = secret.reveal();
  if (text.starts_with('@')) {
    PANDO_TRY(text, ReadSecretFile(text.substr(1)));
  }
  if (text.size() > kSecretBytesMax) return Invalid("is larger than 1 MiB");
  if (LooksLikeKey(text)) {
    const std::optional<boost::json::object> json = ParseJsonObject(text);
    if (!json) return Invalid("looks like a key and is not the JSON of a JWK or JWK set");
    PANDO_TRY(set.keys_, ParseJson(*json));
    return set;
  }
  PANDO_TRY(std::string bytes, ParseText(std::move(text), base64));
  set.keys_.push_back(Entry{SignatureKey::Hmac(std::move(bytes)), {}, std::nullopt});
  return set;
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
