// Addresses to listen on: "host:port" in, bound and listening sockets out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/socket.h"

namespace pando::net {

struct HostPort {
  std::string host;  // an IPv4 or IPv6 address (without brackets) or a name
  uint16_t port = 0;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// Reads "host:port" or "[ipv6]:port".
//   kNetwork  says what is wrong with it
Result<HostPort> ParseHostPort(std::string_view text);

// A socket that listens. Several of one process may hold the same address (SO_REUSEPORT, one per event loop: the kernel
// spreads connections over them), but an address that another process holds is refused, which SO_REUSEPORT alone would
// not do.
//
// Concurrency  executor-bound; opening and closing are thread-safe between Listeners
class Listener {
 public:
  // Resolves the name, which may block: for start-up. A name with several addresses gives a Listener each, on one
  // port; those of a family that this machine lacks are left out as long as one remains. Port 0 takes a free port.
  // IPv6 sockets take IPv6 only, so that "0.0.0.0:80" and "[::]:80" can stand side by side.
  //   kNetwork  malformed, cannot be resolved, in use, not an address of this machine, or no permission
  static Result<std::vector<Listener>> Open(Executor executor, std::string_view host_port);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  Acceptor& acceptor() { return acceptor_; }
  uint16_t port() const { return endpoint_.port(); }
  // Stops listening. Safe to call twice.
  void Close();

 private:
  Listener(Acceptor acceptor, Endpoint endpoint);
  static std::optional<Listener> OpenOne(Executor executor, Endpoint endpoint, boost::system::error_code& failure);

  Acceptor acceptor_;
  Endpoint endpoint_;       // as bound; constant after construction
  bool registered_ = true;  // on the executor
};

}  // namespace pando::net
