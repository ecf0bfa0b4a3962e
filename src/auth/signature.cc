#include "auth/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "auth/verifier.h"
#include "base/assert.h"

namespace pando::auth {
namespace {

constexpr int kRsaBitsMin = 2048;   // RFC 7518 section 3.3
constexpr int kRsaBitsMax = 16384;  // OpenSSL verifies with no larger key

enum class Scheme { kHmac, kPkcs1, kPss, kEcdsa, kEdDsa };

struct AlgorithmRow {
  Algorithm algorithm;
  std::string_view name;
  KeyType key_type;
  Scheme scheme;
  const EVP_MD* (*digest)();  // null: the scheme has its own
};

// In the order of Algorithm: RowOf() indexes.
constexpr auto kAlgorithmRows = std::to_array<AlgorithmRow>({
    {Algorithm::kHs256, "HS256", KeyType::kHmac, Scheme::kHmac, EVP_sha256},
    {Algorithm::kHs384, "HS384", KeyType::kHmac, Scheme::kHmac, EVP_sha384},
    {Algorithm::kHs512, "HS512", KeyType::kHmac, Scheme::kHmac, EVP_sha512},
    {Algorithm::kRs256, "RS256", KeyType::kRsa, Scheme::kPkcs1, EVP_sha256},
    {Algorithm::kRs384, "RS384", KeyType::kRsa, Scheme::kPkcs1, EVP_sha384},
    {Algorithm::kRs512, "RS512", KeyType::kRsa, Scheme::kPkcs1, EVP_sha512},
    {Algorithm::kPs256, "PS256", KeyType::kRsa, Scheme::kPss, EVP_sha256},
    {Algorithm::kPs384, "PS384", KeyType::kRsa, Scheme::kPss, EVP_sha384},
    {Algorithm::kPs512, "PS512", KeyType::kRsa, Scheme::kPss, EVP_sha512},
    {Algorithm::kEs256, "ES256", KeyType::kP256, Scheme::kEcdsa, EVP_sha256},
    {Algorithm::kEs384, "ES384", KeyType::kP384, Scheme::kEcdsa, EVP_sha384},
    {Algorithm::kEs512, "ES512", KeyType::kP521, Scheme::kEcdsa, EVP_sha512},
    {Algorithm::kEdDsa, "EdDSA", KeyType::kEd25519, Scheme::kEdDsa, nullptr},
});

constexpr bool InOrder() {
  for (size_t i = 0; i < kAlgorithmRows.size(); ++i) {
    if (kAlgorithmRows[i].algorithm != static_cast<Algorithm>(i)) return false;
  }
  return true;
}
static_assert(InOrder());
static_assert(kAlgorithmRows.size() == kAlgorithms);

const AlgorithmRow& RowOf(Algorithm algorithm) {
  PANDO_ASSERT(static_cast<size_t>(algorithm) < kAlgorithmRows.size());
  return kAlgorithmRows[static_cast<size_t>(algorithm)];
}

struct Curve {
  KeyType key_type;
  std::string_view name;    // in a JWK
  const char* group;        // in OpenSSL
  size_t coordinate_bytes;  // also of each half of a signature (RFC 7518 section 3.4)
};

constexpr auto kCurves = std::to_array<Curve>({
    {KeyType::kP256, "P-256", "prime256v1", 32},
    {KeyType::kP384, "P-384", "secp384r1", 48},
    {KeyType::kP521, "P-521", "secp521r1", 66},
});

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

const unsigned char* Data(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

BigNumber ToBigNumber(std::string_view bytes) {
  return BigNumber(BN_bin2bn(Data(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::shared_ptr<EVP_PKEY> PublicKey(const char* type, OSSL_PARAM_BLD* builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder));
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

// A token carries r and s side by side (RFC 7518 section 3.4); OpenSSL wants them as DER.
std::optional<std::string> ToDer(std::string_view raw, KeyType key_type) {
  const auto* const curve = std::find_if(kCurves.begin(), kCurves.end(),
                                         [key_type](const Curve& known) { return known.key_type == key_type; });
  PANDO_ASSERT(curve != kCurves.end());
  if (raw.size() != 2 * curve->coordinate_bytes) return std::nullopt;
  BigNumber r = ToBigNumber(raw.substr(0, curve->coordinate_bytes));
  BigNumber s = ToBigNumber(raw.substr(curve->coordinate_bytes));
  EcdsaSignature signature(ECDSA_SIG_new());
  if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
  r.release();
  s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool VerifyPublicKey(EVP_PKEY* key, const AlgorithmRow& row, std::string_view text, std::string_view signature) {
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  const EVP_MD* const digest = row.digest == nullptr ? nullptr : row.digest();
  if (!context || EVP_DigestVerifyInit(context.get(), &key_context, digest, nullptr, key) != 1) return false;
  if (row.scheme == Scheme::kPss && (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
                                     EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(text), text.size()) == 1;
}

}  // namespace

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  if (name == "Ed25519") return Algorithm::kEdDsa;  // the newer name of EdDSA over this curve (RFC 9864, 2.2)
  for (const AlgorithmRow& row : kAlgorithmRows) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

KeyType KeyTypeOf(Algorithm algorithm) { return RowOf(algorithm).key_type; }

SignatureKey SignatureKey::Hmac(std::string secret) { return SignatureKey(KeyType::kHmac, std::move(secret), nullptr); }

std::optional<SignatureKey> SignatureKey::Rsa(std::string_view modulus, std::string_view exponent) {
  BigNumber n = ToBigNumber(modulus);
  BigNumber e = ToBigNumber(exponent);
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || BN_num_bits(n.get()) < kRsaBitsMin || BN_num_bits(n.get()) > kRsaBitsMax ||
      !BN_is_odd(e.get()) || BN_is_one(e.get()) ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::nullopt;
  }
  std::shared_ptr<EVP_PKEY> key = PublicKey("RSA", builder.get());
  if (!key) return std::nullopt;
  return SignatureKey(KeyType::kRsa, {}, std::move(key));
}

std::optional<SignatureKey> SignatureKey::Ec(std::string_view curve, std::string_view x, std::string_view y) {
  const auto* const known =
      std::find_if(kCurves.begin(), kCurves.end(), [curve](const Curve& one) { return one.name == curve; });
  if (known == kCurves.end() || x.size() != known->coordinate_bytes || y.size() != known->coordinate_bytes) {
    return std::nullopt;
  }
  const std::string point = std::string("\x04").append(x).append(y);  // uncompressed (SEC 1 section 2.3.3)
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, known->group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return std::nullopt;
  }
  std::shared_ptr<EVP_PKEY> key = PublicKey("EC", builder.get());
  if (!key) return std::nullopt;
  return SignatureKey(known->key_type, {}, std::move(key));
}

std::optional<SignatureKey> SignatureKey::Ed25519(std::string_view x) {
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Data(x), x.size());
  if (key == nullptr) return std::nullopt;
  return SignatureKey(KeyType::kEd25519, {}, std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

bool SignatureKey::Verify(Algorithm algorithm, std::string_view signed_text, std::string_view signature) const {
  const AlgorithmRow& row = RowOf(algorithm);
  if (row.key_type != type_) return false;
  switch (row.scheme) {
    case Scheme::kHmac:
      return ConstantTimeEquals(SignHmac(algorithm, signed_text, secret_), signature);
    case Scheme::kPkcs1:
    case Scheme::kPss:
    case Scheme::kEdDsa:
      return VerifyPublicKey(key_.get(), row, signed_text, signature);
    case Scheme::kEcdsa: {
      const std::optional<std::string> der = ToDer(signature, type_);
      return der && VerifyPublicKey(key_.get(), row, signed_text, *der);
    }
  }
  return false;
}

std::string SignHmac(Algorithm algorithm, std::string_view text, std::string_view secret) {
  const AlgorithmRow& row = RowOf(algorithm);
  PANDO_ASSERT(row.scheme == Scheme::kHmac);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const unsigned char* made =
      HMAC(row.digest(), secret.data(), static_cast<int>(secret.size()), Data(text), text.size(), digest.data(), &size);
  PANDO_ASSERT(made != nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace pando::auth
