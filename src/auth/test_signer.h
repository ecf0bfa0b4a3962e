// For tests: a key pair of its own, its public half in the forms in which it is handed round, and tokens that the
// private half has signed.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "auth/base64url.h"
#include "base/assert.h"

namespace pando::auth {

class TestSigner {
 public:
  static TestSigner Rsa(size_t bits = 2048) { return TestSigner(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)); }
  // P-256, P-384 or P-521.
  static TestSigner Ec(const char* curve) { return TestSigner(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)); }
  static TestSigner Ed25519() { return TestSigner(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  // With `members` in front, such as "\"kid\":\"a\",".
  std::string Jwk(std::string_view members = "") const {
    std::string jwk = "{" + std::string(members);
    if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA) {
      const size_t bytes = static_cast<size_t>(EVP_PKEY_get_size(key_.get()));
      return jwk + R"("kty":"RSA","e":"AQAB","n":")" + Number(OSSL_PKEY_PARAM_RSA_N, bytes) + "\"}";
    }
    if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519) {
      std::string x(32, '\0');
      size_t size = x.size();
      PANDO_ASSERT(EVP_PKEY_get_raw_public_key(key_.get(), Bytes(x), &size) == 1 && size == x.size());
      return jwk + R"("kty":"OKP","crv":"Ed25519","x":")" + EncodeBase64Url(x) + "\"}";
    }
    const std::string bits = std::to_string(EVP_PKEY_get_bits(key_.get()));
    return jwk + R"("kty":"EC","crv":"P-)" + bits + R"(","x":")" + Number(OSSL_PKEY_PARAM_EC_PUB_X, CoordinateBytes()) +
           R"(","y":")" + Number(OSSL_PKEY_PARAM_EC_PUB_Y, CoordinateBytes()) + "\"}";
  }

  // SubjectPublicKeyInfo.
  std::string Der() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    PANDO_ASSERT(size > 0);
    std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return bytes;
  }

  std::string Pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    PANDO_ASSERT(PEM_write_bio_PUBKEY(out.get(), key_.get()) == 1);
    const char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<size_t>(size));
  }

  // Signed as `algorithm` says, whatever `header` says; its default names the algorithm alone.
  std::string Sign(std::string_view algorithm, std::string_view claims, std::string header = "") const {
    if (header.empty()) header = "{\"alg\":\"" + std::string(algorithm) + "\"}";
    std::string token = EncodeBase64Url(header) + "." + EncodeBase64Url(claims);
    std::string signature = SignBytes(algorithm, token);
    if (algorithm.starts_with("ES")) signature = ToRaw(signature);
    return token + "." + EncodeBase64Url(signature);
  }

 private:
  explicit TestSigner(EVP_PKEY* key) : key_(key, EVP_PKEY_free) { PANDO_ASSERT(key != nullptr); }

  static unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

  static std::string Padded(const BIGNUM* number, size_t bytes) {
    std::string text(bytes, '\0');
    PANDO_ASSERT(BN_bn2binpad(number, Bytes(text), static_cast<int>(bytes)) == static_cast<int>(bytes));
    return text;
  }

  size_t CoordinateBytes() const { return (static_cast<size_t>(EVP_PKEY_get_bits(key_.get())) + 7) / 8; }

  std::string Number(const char* name, size_t bytes) const {
    BIGNUM* number = nullptr;
    PANDO_ASSERT(EVP_PKEY_get_bn_param(key_.get(), name, &number) == 1);
    const std::string text = EncodeBase64Url(Padded(number, bytes));
    BN_free(number);
    return text;
  }

  static const EVP_MD* DigestOf(std::string_view algorithm) {
    if (algorithm.ends_with("256")) return EVP_sha256();
    if (algorithm.ends_with("384")) return EVP_sha384();
    return algorithm.ends_with("512") ? EVP_sha512() : nullptr;
  }

  std::string SignBytes(std::string_view algorithm, std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* key_context = nullptr;
    PANDO_ASSERT(EVP_DigestSignInit(context.get(), &key_context, DigestOf(algorithm), nullptr, key_.get()) == 1);
    if (algorithm.starts_with("PS")) {
      PANDO_ASSERT(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
      PANDO_ASSERT(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
    size_t size = 0;
    PANDO_ASSERT(EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1);
    std::string signature(size, '\0');
    PANDO_ASSERT(EVP_DigestSign(context.get(), Bytes(signature), &size, data, text.size()) == 1);
    signature.resize(size);
    return signature;
  }

  // r and s side by side, as a token has them (RFC 7518, 3.4).
  std::string ToRaw(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    PANDO_ASSERT(signature != nullptr);
    return Padded(ECDSA_SIG_get0_r(signature.get()), CoordinateBytes()) +
           Padded(ECDSA_SIG_get0_s(signature.get()), CoordinateBytes());
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace pando::auth
