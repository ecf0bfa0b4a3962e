// Signatures of JSON Web Algorithms (RFC 7518), over OpenSSL's EVP: a key of one type verifies the algorithms of that
// type and no other, so a public RSA key can never serve as an HMAC secret.
//
// Concurrency  immutable, thread-safe
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace pando::auth {

enum class Algorithm { kHs256, kHs384, kHs512, kRs256, kRs384, kRs512, kPs256, kEs256 };

// nullopt for everything else, "none" included.
std::optional<Algorithm> ParseAlgorithm(std::string_view name);

enum class KeyType { kHmac, kRsa, kP256 };

KeyType KeyTypeOf(Algorithm algorithm);

class SignatureKey {
 public:
  static SignatureKey Hmac(std::string secret);
  // Big-endian bytes as in a JWK. nullopt when OpenSSL refuses them or the modulus has less than 2048 bits.
  static std::optional<SignatureKey> Rsa(std::string_view modulus, std::string_view exponent);
  // nullopt when (x, y), 32 bytes each, is not a point of the curve P-256.
  static std::optional<SignatureKey> P256(std::string_view x, std::string_view y);

  KeyType type() const { return type_; }
  // False also when the algorithm is not one of this key's type.
  bool Verify(Algorithm algorithm, std::string_view signed_text, std::string_view signature) const;

 private:
  SignatureKey(KeyType type, std::string secret, std::shared_ptr<evp_pkey_st> key)
      : type_(type), secret_(std::move(secret)), key_(std::move(key)) {}

  KeyType type_;
  std::string secret_;                // of kHmac only
  std::shared_ptr<evp_pkey_st> key_;  // of the others
};

// REQUIRES: KeyTypeOf(algorithm) is kHmac.
std::string SignHmac(Algorithm algorithm, std::string_view text, std::string_view secret);

}  // namespace pando::auth
