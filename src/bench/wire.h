// A Wire is one non-blocking TCP connection of the generator, plain or TLS, for an epoll that reports edges.
//
// Concurrency  single-owner
// Ownership    owns its socket; the TLS context outlives it
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/url.h"

struct ssl_ctx_st;
struct ssl_st;

namespace pando::bench {

struct FreeSslContext {
  void operator()(ssl_ctx_st* context) const;
};

// Where the connections go, looked up and prepared once.
struct Target {
  Url url;
  sockaddr_storage address{};
  socklen_t address_bytes = 0;
  std::unique_ptr<ssl_ctx_st, FreeSslContext> tls;  // null: plain
  bool verifies = true;
};

// Looks the host up (blocking). `verifies` says whether the certificate must be trusted and name the host.
//   kNetwork  the name is not known        kTls  OpenSSL has no context to give
Result<Target> MakeTarget(Url url, bool verifies);

class Wire {
 public:
  enum class Status {
    kDone,    // bytes went through, or the handshake is complete
    kAgain,   // nothing more until the next edge
    kClosed,  // the peer ended the stream, or it broke
  };
  struct Transfer {
    Status status;
    size_t bytes;
  };

  Wire() = default;
  ~Wire() { Close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Begins to connect; false when not even that worked. The edge after it leads to Connect().
  bool Open(const Target& target);
  // What became of connecting, and of the handshake if there is one; again on each edge while it says kAgain.
  Status Connect(const Target& target);
  Transfer Read(char* space, size_t bytes_max);
  Transfer Write(std::string_view bytes);
  void Close();

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  // A read that did not fill its space has emptied the socket, so that the next bytes will be an edge.
  bool short_read_empties() const { return tls_ == nullptr; }

 private:
  Status StartTls(const Target& target);
  Status TlsStatus(int outcome);

  int descriptor_ = -1;
  ssl_st* tls_ = nullptr;
};

}  // namespace pando::bench
