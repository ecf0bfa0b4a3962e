#include "bench/wire.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pando::bench {
namespace {

constexpr size_t kTlsWriteBytesMax = size_t{1} << 30;

Result<void> LookUp(Target& target) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(target.url.host.c_str(), std::to_string(target.url.port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error(ErrorId::kNetwork, "the host \"" + target.url.host + "\" is not known: " + gai_strerror(failed));
  }
  std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
  target.address_bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return {};
}

Result<void> MakeTls(Target& target) {
  target.tls.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = target.tls.get();
  if (context == nullptr) return Error(ErrorId::kTls, "OpenSSL cannot set up TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Length, then name: RFC 7301.
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1);
  if (target.verifies) {
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  return {};
}

bool IsAddress(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

void ExpectName(ssl_st* tls, const std::string& host) {
  if (IsAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str());
    return;
  }
  SSL_set_tlsext_host_name(tls, host.c_str());
  SSL_set1_host(tls, host.c_str());
}

}  // namespace

void FreeSslContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<Target> MakeTarget(Url url, bool verifies) {
  Target target;
  target.url = std::move(url);
  target.verifies = verifies;
  PANDO_CHECK(LookUp(target));
  if (target.url.is_tls) PANDO_CHECK(MakeTls(target));
  return target;
}

bool Wire::Open(const Target& target) {
  Close();
  descriptor_ = socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return false;
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
  if (connect(descriptor_, address, target.address_bytes) == 0 || errno == EINPROGRESS) return true;
  Close();
  return false;
}

Wire::Status Wire::Connect(const Target& target) {
  if (tls_ != nullptr) return TlsStatus(SSL_do_handshake(tls_));
  int error = 0;
  socklen_t bytes = sizeof error;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0 || error != 0) return Status::kClosed;
  sockaddr_storage peer{};
  bytes = sizeof peer;
  if (getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &bytes) != 0) return Status::kAgain;
  return target.tls == nullptr ? Status::kDone : StartTls(target);
}

Wire::Status Wire::StartTls(const Target& target) {
  tls_ = SSL_new(target.tls.get());
  if (tls_ == nullptr || SSL_set_fd(tls_, descriptor_) != 1) return Status::kClosed;
  ExpectName(tls_, target.url.host);
  SSL_set_connect_state(tls_);
  return TlsStatus(SSL_do_handshake(tls_));
}

Wire::Status Wire::TlsStatus(int outcome) {
  if (outcome > 0) return Status::kDone;
  const int error = SSL_get_error(tls_, outcome);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Status::kAgain : Status::kClosed;
}

Wire::Transfer Wire::Read(char* space, size_t bytes_max) {
  if (tls_ != nullptr) {
    size_t bytes = 0;
    const int outcome = SSL_read_ex(tls_, space, bytes_max, &bytes);
    return {TlsStatus(outcome), bytes};
  }
  while (true) {
    const ssize_t bytes = recv(descriptor_, space, bytes_max, 0);
    if (bytes > 0) return {Status::kDone, static_cast<size_t>(bytes)};
    if (bytes < 0 && errno == EINTR) continue;
    return {bytes < 0 && errno == EAGAIN ? Status::kAgain : Status::kClosed, 0};
  }
}

Wire::Transfer Wire::Write(std::string_view bytes) {
  if (tls_ != nullptr) {
    size_t written = 0;
    const int outcome = SSL_write_ex(tls_, bytes.data(), std::min(bytes.size(), kTlsWriteBytesMax), &written);
    return {TlsStatus(outcome), written};
  }
  while (true) {
    const ssize_t written = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0) return {Status::kDone, static_cast<size_t>(written)};
    if (errno == EINTR) continue;
    return {errno == EAGAIN ? Status::kAgain : Status::kClosed, 0};
  }
}

void Wire::Close() {
  if (tls_ != nullptr) SSL_free(tls_);
  tls_ = nullptr;
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

}  // namespace pando::bench
