#include "net/stream.h"

namespace pando::net {

using boost::system::error_code;

Stream::Stream(Socket socket, TlsContext tls) : socket_(std::move(socket)), context_(std::move(tls)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  // A response leaves in one write; waiting for more to fill a segment would only add latency.
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  if (context_) tls_ = std::make_unique<TlsStream>(std::move(socket_), *context_);
}

Task<Stream::Outcome> Stream::Handshake() {
  return tls_->async_handshake(boost::asio::ssl::stream_base::server, use_task_tuple);
}

Task<Stream::Transfer> Stream::ReadSome(boost::asio::mutable_buffer space) {
  return tls_ ? tls_->async_read_some(space, use_task_tuple) : socket_.async_read_some(space, use_task_tuple);
}

Task<Stream::Transfer> Stream::WriteSome(const Gather& buffers) {
  return tls_ ? tls_->async_write_some(buffers, use_task_tuple) : socket_.async_write_some(buffers, use_task_tuple);
}

size_t Stream::TryWrite(const Gather& buffers) {
  if (tls_) return 0;
  error_code ignored;
  return buffers[1].size() == 0 ? socket_.write_some(boost::asio::const_buffer(buffers[0]), ignored)
                                : socket_.write_some(buffers, ignored);
}

Task<void> Stream::ShutdownWrite() {
  if (tls_) co_await tls_->async_shutdown(deferred_tuple);
  error_code ignored;
  socket().shutdown(Socket::shutdown_send, ignored);
}

void Stream::CancelWaits() {
  error_code ignored;
  socket().cancel(ignored);
}

void Stream::Close() {
  error_code ignored;
  socket().close(ignored);
}

}  // namespace pando::net
