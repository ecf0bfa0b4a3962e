#include "pg/cancel_request.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace pando::pg {

namespace asio = boost::asio;

namespace {

// The path, not what getpeername() says: the server may have bound the socket by a relative one.
bool FillUnixAddress(PGconn* connection, CancelTarget& target) {
  const std::string path = std::string(PQhost(connection)) + "/.s.PGSQL." + PQport(connection);
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  size_t size = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  if (path.front() == '@') {
    // Linux's abstract names begin with a zero byte and have no end mark.
    address.sun_path[0] = '\0';
    --size;
  }
  std::memcpy(&target.address, &address, sizeof(address));
  target.address_size = static_cast<socklen_t>(size);
  return true;
}

bool FillAddress(PGconn* connection, CancelTarget& target) {
  target.address_size = sizeof(target.address);
  auto* peer = reinterpret_cast<sockaddr*>(&target.address);
  if (getpeername(PQsocket(connection), peer, &target.address_size) != 0) return false;
  return target.address.ss_family != AF_UNIX || FillUnixAddress(connection, target);
}

std::array<uint32_t, 4> CancelPacket(const CancelTarget& target) {
  constexpr uint32_t kLength = 16;
  constexpr uint32_t kCancelRequestCode = 80877102;
  return {htonl(kLength), htonl(kCancelRequestCode), htonl(target.backend_pid), htonl(target.secret_key)};
}

}  // namespace

BackendKeyTrace::BackendKeyTrace(PGconn* connection) : connection_(connection) {
  stream_ = open_memstream(&text_, &text_size_);
  if (!stream_) return;
  PQtrace(connection_, stream_);
  PQsetTraceFlags(connection_, PQTRACE_SUPPRESS_TIMESTAMPS);
}

BackendKeyTrace::~BackendKeyTrace() {
  if (!stream_) return;
  PQuntrace(connection_);
  std::fclose(stream_);
  explicit_bzero(text_, text_size_);
  std::free(text_);
}

// A line of the trace: sender, length, name and contents, separated by tabs: "B\t12\tBackendKeyData\t 4711 -9876543".
std::optional<uint32_t> BackendKeyTrace::SecretKey() const {
  if (!stream_ || std::fflush(stream_) != 0) return std::nullopt;
  constexpr std::string_view kName = "BackendKeyData\t";
  const std::string_view text(text_, text_size_);
  const size_t at = text.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  int pid = 0;
  int key = 0;
  const std::string contents(text.substr(at + kName.size(), 64));
  if (std::sscanf(contents.c_str(), "%d %d", &pid, &key) != 2 || pid != PQbackendPID(connection_)) return std::nullopt;
  return static_cast<uint32_t>(key);
}

std::optional<CancelTarget> BackendKeyTrace::Target() const {
  CancelTarget target;
  const std::optional<uint32_t> key = SecretKey();
  if (!key || !FillAddress(connection_, target)) return std::nullopt;
  target.backend_pid = static_cast<uint32_t>(PQbackendPID(connection_));
  target.secret_key = *key;
  return target;
}

Task<CancelSent> SendCancelRequest(CancelTarget target, Deadline deadline) {
  using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, net::Executor>;
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, net::Executor>;
  const net::Executor executor = co_await asio::this_coro::executor;
  const auto socket = std::make_shared<Socket>(executor);
  Timer timer(executor, deadline.at());
  timer.async_wait([weak = std::weak_ptr(socket)](boost::system::error_code error) {
    const std::shared_ptr<Socket> waiting = weak.lock();
    if (!error && waiting) waiting->close();
  });

  const asio::generic::stream_protocol protocol(target.address.ss_family, 0);
  const asio::generic::stream_protocol::endpoint endpoint(&target.address, target.address_size);
  boost::system::error_code open_error;
  socket->open(protocol, open_error);
  if (open_error) co_return CancelSent::kNotSent;
  auto [connect_error] = co_await socket->async_connect(endpoint, net::deferred_tuple);
  if (connect_error) co_return CancelSent::kNotSent;

  const std::array<uint32_t, 4> packet = CancelPacket(target);
  auto [write_error, written] = co_await asio::async_write(*socket, asio::buffer(packet), net::deferred_tuple);
  if (write_error) co_return CancelSent::kUnknown;
  std::array<char, 1> nothing;
  auto [read_error, read] = co_await socket->async_read_some(asio::buffer(nothing), net::deferred_tuple);
  const bool closed = read_error == asio::error::eof || read_error == asio::error::connection_reset;
  co_return closed ? CancelSent::kHandled : CancelSent::kUnknown;
}

}  // namespace pando::pg
