#include "net/tls.h"

#include <fstream>
#include <string_view>

namespace pando::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr char kTls12Ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

Error Unusable(std::string_view what, const std::string& file, const std::string& why) {
  return Error(ErrorId::kTls, "the TLS " + std::string(what) + " \"" + file + "\" cannot be used: " + why);
}

// OpenSSL's own text for a missing file is "system lib".
Result<void> CheckReadable(std::string_view what, const std::string& file) {
  if (std::ifstream stream(file); stream) return {};
  return Unusable(what, file, std::generic_category().message(errno));
}

// Takes http/1.1 when the client offers it, and refuses a client that offers other protocols only (RFC 7301, 3.2).
int SelectProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                   unsigned int offered_size, void*) {
  constexpr std::string_view kHttp11 = "http/1.1";
  for (unsigned int at = 0; at < offered_size;) {
    const unsigned int size = offered[at];
    if (at + 1 + size > offered_size) break;
    const std::string_view name(reinterpret_cast<const char*>(offered) + at + 1, size);
    if (name == kHttp11) {
      *chosen = offered + at + 1;
      *chosen_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + size;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void Harden(ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, kTls12Ciphers);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection gives its record buffers back.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, SelectProtocol, nullptr);
}

}  // namespace

Result<TlsContext> LoadTlsContext(const std::string& certificate_file, const std::string& key_file) {
  PANDO_CHECK(CheckReadable("certificate", certificate_file));
  PANDO_CHECK(CheckReadable("key", key_file));
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  Harden(*context);
  // Without this OpenSSL would ask for a passphrase on the terminal.
  error_code failure;
  context->set_password_callback([](size_t, ssl::context::password_purpose) { return std::string(); }, failure);
  context->use_certificate_chain_file(certificate_file, failure);
  if (failure) return Unusable("certificate", certificate_file, failure.message());
  // A key of another certificate is refused here as well.
  context->use_private_key_file(key_file, ssl::context::pem, failure);
  if (failure) return Unusable("key", key_file, failure.message());
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return Unusable("key", key_file, "it does not belong to the certificate");
  }
  return context;
}

}  // namespace pando::net
