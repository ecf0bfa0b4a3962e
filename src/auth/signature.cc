#include "auth/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>

#include "auth/verifier.h"
#include "base/assert.h"

namespace pando::auth {
namespace {

constexpr size_t kP256Bytes = 32;
constexpr int kRsaBitsMin = 2048;  // RFC 7518 section 3.3

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

const EVP_MD* DigestOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kHs256:
    case Algorithm::kRs256:
    case Algorithm::kPs256:
    case Algorithm::kEs256:
      return EVP_sha256();
    case Algorithm::kHs384:
    case Algorithm::kRs384:
      return EVP_sha384();
    case Algorithm::kHs512:
    case Algorithm::kRs512:
      return EVP_sha512();
  }
  return nullptr;
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
std::optional<std::string> ToDer(std::string_view raw) {
  if (raw.size() != 2 * kP256Bytes) return std::nullopt;
  BigNumber r = ToBigNumber(raw.substr(0, kP256Bytes));
  BigNumber s = ToBigNumber(raw.substr(kP256Bytes));
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

bool VerifyPublicKey(EVP_PKEY* key, Algorithm algorithm, std::string_view text, std::string_view signature) {
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  if (!context || EVP_DigestVerifyInit(context.get(), &key_context, DigestOf(algorithm), nullptr, key) != 1) {
    return false;
  }
  if (algorithm == Algorithm::kPs256 && (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
                                         EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(text), text.size()) == 1;
}

}  // namespace

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::pair<std::string_view, Algorithm>>({
      {"HS256", Algorithm::kHs256},
      {"HS384", Algorithm::kHs384},
      {"HS512", Algorithm::kHs512},
      {"RS256", Algorithm::kRs256},
      {"RS384", Algorithm::kRs384},
      {"RS512", Algorithm::kRs512},
      {"PS256", Algorithm::kPs256},
      {"ES256", Algorithm::kEs256},
  });
  for (const auto& [known, algorithm] : kNames) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

KeyType KeyTypeOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kHs256:
    case Algorithm::kHs384:
    case Algorithm::kHs512:
      return KeyType::kHmac;
    case Algorithm::kEs256:
      return KeyType::kP256;
    default:
      return KeyType::kRsa;
  }
}

SignatureKey SignatureKey::Hmac(std::string secret) { return SignatureKey(KeyType::kHmac, std::move(secret), nullptr); }

std::optional<SignatureKey> SignatureKey::Rsa(std::string_view modulus, std::string_view exponent) {
  BigNumber n = ToBigNumber(modulus);
  BigNumber e = ToBigNumber(exponent);
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || BN_num_bits(n.get()) < kRsaBitsMin || !BN_is_odd(e.get()) || BN_is_one(e.get()) ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::nullopt;
  }
  std::shared_ptr<EVP_PKEY> key = PublicKey("RSA", builder.get());
  if (!key) return std::nullopt;
  return SignatureKey(KeyType::kRsa, {}, std::move(key));
}

std::optional<SignatureKey> SignatureKey::P256(std::string_view x, std::string_view y) {
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) return std::nullopt;
  const std::string point = std::string("\x04").append(x).append(y);  // uncompressed (SEC 1 section 2.3.3)
  ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return std::nullopt;
  }
  std::shared_ptr<EVP_PKEY> key = PublicKey("EC", builder.get());
  if (!key) return std::nullopt;
  return SignatureKey(KeyType::kP256, {}, std::move(key));
}

bool SignatureKey::Verify(Algorithm algorithm, std::string_view signed_text, std::string_view signature) const {
  if (KeyTypeOf(algorithm) != type_) return false;
  if (type_ == KeyType::kHmac) return ConstantTimeEquals(SignHmac(algorithm, signed_text, secret_), signature);
  if (type_ == KeyType::kRsa) return VerifyPublicKey(key_.get(), algorithm, signed_text, signature);
  const std::optional<std::string> der = ToDer(signature);
  return der && VerifyPublicKey(key_.get(), algorithm, signed_text, *der);
}

std::string SignHmac(Algorithm algorithm, std::string_view text, std::string_view secret) {
  PANDO_ASSERT(KeyTypeOf(algorithm) == KeyType::kHmac);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const unsigned char* made = HMAC(DigestOf(algorithm), secret.data(), static_cast<int>(secret.size()), Data(text),
                                   text.size(), digest.data(), &size);
  PANDO_ASSERT(made != nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace pando::auth
