// For tests: a self-signed certificate and its key, in PEM files of a folder that goes away with it.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/assert.h"

namespace pando::net {

class TestCertificate {
 public:
  explicit TestCertificate(const std::string& common_name) {
    std::string pattern = (std::filesystem::temp_directory_path() / "pando-certificate-XXXXXX").string();
    PANDO_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    Renew(common_name);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate() { std::filesystem::remove_all(folder_); }

  // Writes a new key and certificate over the old ones.
  void Renew(const std::string& common_name) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    PANDO_ASSERT(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    Write(certificate_file(), [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
    Write(key_file(), [&](std::FILE* file) {
      return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  std::string certificate_file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }

 private:
  template <class Writer>
  static void Write(const std::string& path, Writer writer) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    PANDO_ASSERT(file != nullptr);
    PANDO_ASSERT(writer(file.get()) == 1);
  }

  std::filesystem::path folder_;
};

}  // namespace pando::net
