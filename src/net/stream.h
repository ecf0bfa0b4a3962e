// A connected byte stream to one peer, plain or TLS; the one place that tells them apart.
//
// Concurrency  executor-bound; one read and one write may be under way at a time
#pragma once

#include <array>
#include <memory>
#include <tuple>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/socket.h"
#include "net/tls.h"

namespace pando::net {

class Stream {
 public:
  using Outcome = std::tuple<boost::system::error_code>;
  using Transfer = std::tuple<boost::system::error_code, size_t>;
  using Gather = std::array<boost::asio::const_buffer, 2>;

  // Plain when `tls` is null.
  Stream(Socket socket, TlsContext tls);

  bool is_tls() const { return tls_ != nullptr; }
  Socket& socket() { return tls_ ? tls_->next_layer() : socket_; }
  // Null on TLS: then only ReadSome() and WriteSome() make sense of what is read and written.
  Socket* plain() { return tls_ ? nullptr : &socket_; }

  // REQUIRES: is_tls(), and no read or write yet.
  Task<Outcome> Handshake();
  // At least one byte, or an error (boost::asio::error::eof, or ssl's stream_truncated, at the end).
  Task<Transfer> ReadSome(boost::asio::mutable_buffer space);
  Task<Transfer> WriteSome(const Gather& buffers);
  // Hands the kernel what it takes at once, without suspending, and returns the bytes taken; 0 on TLS, when the
  // kernel's buffer is full and on an error, which WriteSome() will then meet too.
  size_t TryWrite(const Gather& buffers);
  // Says that nothing more will be written: FIN, after close_notify on TLS.
  Task<void> ShutdownWrite();

  // What waits on the socket returns operation_aborted. The stream may be used on.
  void CancelWaits();
  // Closes at once; safe to call twice.
  void Close();

 private:
  using TlsStream = boost::asio::ssl::stream<Socket>;

  Socket socket_;                   // moved from when tls_ is set
  TlsContext context_;              // keeps the context of tls_ alive
  std::unique_ptr<TlsStream> tls_;  // constant after construction
};

}  // namespace pando::net
