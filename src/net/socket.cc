#include "net/socket.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

namespace pando::net {

PeerState PeerStateOf(Socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return PeerState::kGone;
  switch (info.tcpi_state) {
    case TCP_CLOSE:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
      return PeerState::kGone;
    case TCP_CLOSE_WAIT:
      return PeerState::kHalfClosed;
    default:
      return PeerState::kOpen;
  }
}

uint64_t RaiseOpenFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace pando::net
