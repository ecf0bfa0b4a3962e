// The socket types of the event loops: bound to io_context's own executor, so that no call goes through a type-erased
// one.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/deadline.h"
#include "net/task.h"

namespace pando::net {

using Endpoint = boost::asio::ip::tcp::endpoint;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

// What the kernel knows of the peer, without reading: pending bytes do not hide a FIN, and none is consumed.
enum class PeerState {
  kOpen,
  kHalfClosed,  // it sent a FIN: finished sending, or gone
  kGone,        // reset, or both directions are closed
};

// One system call.
PeerState PeerStateOf(Socket& socket);

// Raises the soft limit on open files to the hard one, for each connection is a file. Returns the limit that holds now.
uint64_t RaiseOpenFileLimit();

}  // namespace pando::net
