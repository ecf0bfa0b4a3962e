// A Server accepts connections on one event loop and runs each request through a handler. With several loops there is
// one Server each, on the same addresses (SO_REUSEPORT): no state is shared on the request path.
//
// Concurrency  executor-bound
// Ownership    the Server owns its connections and must outlive them: co_await Drain() before destroying it.
// Bounds       options.connections_max connections (the next is answered 503 and closed), header and body sizes, times,
//              and through Deps::memory what bodies and answers hold together
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/option.h"
#include "base/result.h"
#include "http/message.h"
#include "net/task.h"

namespace pando::http {

struct ServerOptions {
  std::vector<std::string> listen = {"0.0.0.0:8080"};
  std::string tls_certificate;  // PEM file with the chain; empty: plain HTTP
  std::string tls_key;          // PEM file
  Bytes body_bytes_max = MiB(10);
  Bytes header_bytes_max = KiB(32);
  Bytes memory_max = MiB(64);  // per process
  Bytes rate_min = KiB(16);    // a second; 0: none
  milliseconds rate_grace = std::chrono::seconds(10);
  uint32_t connections_max = 12'000;                        // per process
  milliseconds header_timeout = std::chrono::seconds(10);   // from the first byte of a request to the end of its header
  milliseconds body_timeout = std::chrono::seconds(30);     // without a byte of body arriving
  milliseconds idle_timeout = std::chrono::seconds(75);     // between requests
  milliseconds request_timeout = std::chrono::seconds(30);  // from the complete header to the answer
  milliseconds write_timeout = std::chrono::seconds(30);    // without a byte of answer taken by the client
  milliseconds drain_grace = std::chrono::seconds(20);
  std::string product = "pando";  // the Server header
};

template <class Visitor>
void Describe(Visitor& visit, ServerOptions& o) {
  using std::chrono::hours;
  const Range<milliseconds> timeout{milliseconds(1), hours(24)};
  visit.Option("http.listen", o.listen, Reload::kRestart,
               "Addresses on which Pando accepts HTTP, each host:port or [ipv6]:port. Each event loop opens one socket "
               "for each address.");
  visit.Option(
      "http.tls_certificate", o.tls_certificate, Reload::kLive,
      "PEM file with the certificate chain. With http.tls_key it makes every address of http.listen speak HTTPS.");
  visit.Option("http.tls_key", o.tls_key, Reload::kLive, "PEM file with the private key of http.tls_certificate.");
  visit.Option("http.body_bytes_max", o.body_bytes_max, Range<Bytes>{Bytes{1}, GiB(1)}, Reload::kLive,
               "Largest request body, in bytes. A larger body is refused with 413 before it is read. A higher value "
               "lets one request take more memory.");
  visit.Option("http.header_bytes_max", o.header_bytes_max, Range<Bytes>{KiB(1), MiB(1)}, Reload::kLive,
               "Largest request line and header together, in bytes. A larger header is refused with 431, and a request "
               "target that alone is too long with 414. A higher value lets each connection take more memory.");
  visit.Option("http.memory_max", o.memory_max, Range<Bytes>{MiB(1), GiB(1024)}, Reload::kLive,
               "Memory that request bodies and responses may hold together, in bytes. A body or response that finds no "
               "room within five seconds is refused with 503. A body above 64 KiB counts twice, because it is copied "
               "on the way to the database; so does a response while it arrives from there.");
  visit.Option("http.rate_min", o.rate_min, Range<Bytes>{Bytes{0}, GiB(1)}, Reload::kLive,
               "Lowest rate, in bytes a second, at which a client may send a body or read a response of more than 64 "
               "KiB, measured over http.rate_grace. A slower client is disconnected. A lower value lets slow clients "
               "hold memory and connections for longer; 0 sets no lowest rate.");
  visit.Option("http.rate_grace", o.rate_grace, timeout, Reload::kLive,
               "Time over which http.rate_min is measured. A client may pause for so long; a higher value lets slow "
               "clients stay longer.");
  visit.Option("http.connections_max", o.connections_max, Range<uint32_t>{1, 1'000'000}, Reload::kLive,
               "Client connections that this process may hold open at once. A further one is answered 503 and closed. "
               "Each open connection takes memory and a file descriptor.");
  visit.Option("http.header_timeout", o.header_timeout, timeout, Reload::kLive,
               "Longest time for a request's header to arrive, counted from its first byte. After that the request is "
               "answered 408.");
  visit.Option("http.body_timeout", o.body_timeout, timeout, Reload::kLive,
               "Longest pause while a request's body arrives. After that the request is answered 408.");
  visit.Option("http.idle_timeout", o.idle_timeout, timeout, Reload::kLive,
               "Longest pause between two requests on a connection. After that the connection is closed. A higher "
               "value keeps more idle connections open.");
  visit.Option("http.request_timeout", o.request_timeout, timeout, Reload::kLive,
               "Longest time from the end of a request's header to its response. After that the request is answered "
               "504. The statement of a read is cancelled; of a write the error says whether it was done.");
  visit.Option("http.write_timeout", o.write_timeout, timeout, Reload::kLive,
               "Longest pause while a client reads its response. After that the connection is closed.");
  visit.Option("http.drain_grace", o.drain_grace, timeout, Reload::kLive,
               "Longest time that requests in flight have to finish when Pando stops. A higher value makes a stop take "
               "longer; a lower one breaks off slow requests.");
}

// Answers one request: fills `response`, which is empty, at once, or in the Task that it gives back, which is awaited
// at once. Both outlive that, and the handler may take the request apart but for what the observer of exchanges is to
// see of it. An exception that escapes is logged and answered 500 PANDO9000. The coroutine is cancelled (terminal) when
// the client goes away before the answer.
using Handler = std::function<std::optional<Task<void>>(Request& request, Response& response)>;

// Looks at a request whose body is longer than MemoryBudget::kSmallBytes before the body is read, so that no body is
// read that the caller may not send. False: `response` is the refusal, and the connection is closed after it. Awaited
// at once; both outlive that. Called once for a request, with an empty or partial body; cancelled as a Handler's
// coroutine is.
using BodyGate = std::function<Task<bool>(Request& request, Response& response)>;

// Renders an error that the connection itself meets (400, 408, 413, ...) as a response body; `status` is decided by the
// connection. `request` is null where its header was not read to the end. Keeps the error format the caller's.
using ErrorRenderer = std::function<Response(int status, const Error& error, const Request* request)>;

// What the connection saw of one exchange, after the last byte was written (or failed): for metrics and access log.
struct Exchange {
  // Null when the request could not be parsed. Its body may be gone: the handler took it.
  const Request* request = nullptr;
  const Response* response = nullptr;  // null when the client was gone before there was one; its body may be gone
  int status = 0;                      // 0: the client was gone before an answer
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  Clock::duration duration{};
};
using ExchangeObserver = std::function<void(const Exchange&)>;

struct ServerStats {
  uint64_t connections_open = 0;
  uint64_t connections_total = 0;
  uint64_t connections_refused = 0;
  uint64_t requests_in_flight = 0;
  // Clients that were cut off because they sent a body, or took an answer, more slowly than rate_min.
  uint64_t slow_bodies = 0;
  uint64_t slow_answers = 0;
};

class Server {
 public:
  struct Deps {
    Handler handler;
    BodyGate gate;  // may be empty
    ErrorRenderer render_error;
    ExchangeObserver observe;  // may be empty
    // Shared by the Servers of one process, whose sum is held to connections_max; empty: this Server counts alone.
    std::shared_ptr<std::atomic<uint64_t>> connections_open;
    // Shared by the Servers of one process, whose owner keeps it at memory_max; empty: nothing is bounded together.
    std::shared_ptr<MemoryBudget> memory;
  };

  // Binds and listens, so that a wrong address or certificate shows at start.
  //   kNetwork  an address is malformed, in use or not ours     kTls  certificate or key cannot be used
  static Result<std::unique_ptr<Server>> Listen(net::Executor executor, ServerOptions options, Deps deps);
  virtual ~Server() = default;

  // Starts accepting. Returns at once.
  virtual void Start() = 0;
  // Stops accepting at once, closes idle connections, lets requests in flight finish (answered with
  // Connection: close) until `grace`, then breaks the rest; returns when no connection is left. Safe to call twice.
  virtual Task<void> Drain(Deadline grace) = 0;
  // New values for the reloadable options and fresh certificates, for connections accepted from now on.
  // On an error the old ones stay.
  virtual Result<void> Reload(ServerOptions options) = 0;
  // Ports as bound (after port 0), in the order of options.listen.
  virtual std::vector<uint16_t> ports() const = 0;
  virtual ServerStats stats() const = 0;  // thread-safe; may be stale on return
};

}  // namespace pando::http
