#include "pg/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

namespace pando::pg {

namespace {

SSL* AsTls(void* tls) { return static_cast<SSL*>(tls); }

bool IsForLater(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int AsInt(size_t size) { return static_cast<int>(std::min<size_t>(size, std::numeric_limits<int>::max())); }

}  // namespace

Transport::Transport(int socket, void* tls) : socket_(socket), tls_(tls) {
  // What could not be written is offered again, and may have moved or grown by then.
  if (tls_) SSL_set_mode(AsTls(tls_), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

size_t Transport::Read(char* to, size_t capacity) {
  if (tls_) {
    ERR_clear_error();
    return SettleTls(SSL_read(AsTls(tls_), to, AsInt(capacity)), "receive from");
  }
  const ssize_t bytes = recv(socket_, to, capacity, 0);
  if (bytes > 0) return static_cast<size_t>(bytes);
  if (bytes == 0) {
    Fail("the server closed the connection");
  } else if (!IsForLater(errno)) {
    FailSystem("receive from");
  }
  return 0;
}

size_t Transport::Write(std::string_view bytes) {
  if (tls_) {
    ERR_clear_error();
    return SettleTls(SSL_write(AsTls(tls_), bytes.data(), AsInt(bytes.size())), "send to");
  }
  const ssize_t taken = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (taken >= 0) return static_cast<size_t>(taken);
  if (!IsForLater(errno)) FailSystem("send to");
  return 0;
}

bool Transport::HasBufferedInput() const { return tls_ && SSL_pending(AsTls(tls_)) > 0; }

void Transport::Fail(std::string reason) {
  if (failed_) return;
  failed_ = true;
  reason_ = std::move(reason);
}

void Transport::FailSystem(const char* what) {
  Fail(std::string("could not ") + what + " the server: " + std::generic_category().message(errno));
}

size_t Transport::SettleTls(int result, const char* what) {
  const int error = errno;
  switch (SSL_get_error(AsTls(tls_), result)) {
    case SSL_ERROR_NONE:
      return static_cast<size_t>(result);
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return 0;
    case SSL_ERROR_ZERO_RETURN:
      Fail("the server closed the connection");
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = error;
      if (error == 0) {
        Fail("the server closed the connection");
      } else {
        FailSystem(what);
      }
      return 0;
    default: {
      char text[256] = "";
      ERR_error_string_n(ERR_get_error(), text, sizeof(text));
      Fail(std::string("could not ") + what + " the server: " + text);
      return 0;
    }
  }
}

}  // namespace pando::pg
