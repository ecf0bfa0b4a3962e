// A listening socket on the loopback, for the servers of the benchmarks, which are programs of one file each.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Several may listen on one port when all are `shared`. Ends the program when it cannot.
inline int ListenOnLoopback(uint16_t port, bool shared = false) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(descriptor, 4096) != 0) {
    std::perror("cannot listen");
    std::exit(1);
  }
  return descriptor;
}

// The next connection that waits, which sends at once what it is given; negative when there is none.
inline int AcceptNext(int listener) {
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  const int on = 1;
  if (descriptor >= 0) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}
