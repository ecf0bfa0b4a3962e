// A Transport moves bytes over a socket that libpq has connected, in TLS where libpq has agreed on it. It never waits.
//
// Concurrency  single-owner
// Ownership    neither the socket nor the TLS session: both are libpq's
// Internal to pg/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pando::pg {

class Transport {
 public:
  // `tls` is OpenSSL's SSL; null without TLS.
  Transport(int socket, void* tls);

  // Bytes read into `to`; 0 when there are none now. Nothing comes any more once failed().
  size_t Read(char* to, size_t capacity);
  // Bytes of `bytes` that were taken; 0 when none can be now.
  size_t Write(std::string_view bytes);
  // Bytes that OpenSSL has taken off the socket and nobody has read: the socket will not announce them again.
  bool HasBufferedInput() const;

  // The connection ended, in one direction or both.
  bool failed() const { return failed_; }
  // Why. REQUIRES: failed()
  const std::string& reason() const { return reason_; }

 private:
  void Fail(std::string reason);
  void FailSystem(const char* what);
  size_t SettleTls(int result, const char* what);

  const int socket_;
  void* const tls_;
  bool failed_ = false;
  std::string reason_;
};

}  // namespace pando::pg
