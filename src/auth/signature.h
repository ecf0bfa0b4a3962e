// Signatures of JSON Web Algorithms (RFC 7518, RFC 8037), over OpenSSL's EVP: a key of one type verifies the algorithms
// of that type and no other, so a public RSA key can never serve as an HMAC secret.
//
// Concurrency  immutable, thread-safe
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace pando::auth {

enum class Algorithm {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
};
inline constexpr size_t kAlgorithms = static_cast<size_t>(Algorithm::kEdDsa) + 1;

// nullopt for everything else, "none" included.
std::optional<Algorithm> ParseAlgorithm(std::string_view name);

// Elliptic keys of different curves are of different types: each curve has an algorithm of its own.
enum class KeyType { kHmac, kRsa, kP256, kP384, kP521, kEd25519 };

KeyType KeyTypeOf(Algorithm algorithm);

class SignatureKey {
 public:
  static SignatureKey Hmac(std::string secret);
  // Big-endian bytes as in a JWK. nullopt when OpenSSL refuses them or the modulus does not have 2048 to 16384 bits.
  static std::optional<SignatureKey> Rsa(std::string_view modulus, std::string_view exponent);
  // `curve` as in a JWK. nullopt when it is none of P-256, P-384 and P-521, or (x, y), each of the curve's size, is not
  // a point of it.
  static std::optional<SignatureKey> Ec(std::string_view curve, std::string_view x, std::string_view y);
  // nullopt unless `x` has 32 bytes.
  static std::optional<SignatureKey> Ed25519(std::string_view x);

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
