#include "http/server.h"

#include <algorithm>
#include <list>

#include "base/assert.h"
#include "http/connection.h"
#include "net/listener.h"
#include "net/sleep.h"
#include "net/spawn.h"
#include "telemetry/log.h"

namespace pando::http {
namespace {

using boost::system::error_code;
using SharedSettings = std::shared_ptr<const Settings>;

// When accepting fails for want of file descriptors or memory, trying again at once would only burn the CPU.
constexpr milliseconds kAcceptPause{100};
// Connections past connections_max that are told so at a time; those past these are closed without a word.
constexpr uint64_t kRefusedMax = 256;
// Connections that the kernel had accepted for us when draining began.
constexpr int kBacklogTakenMax = 4096;

// Coarse enough to cost nothing, fine enough for the shortest timeout.
Clock::duration TickFor(const ServerOptions& options) {
  const milliseconds shortest = std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                                          options.request_timeout, options.write_timeout, options.rate_grace});
  return std::clamp(shortest / 4, milliseconds(1), milliseconds(100));
}

Result<SharedSettings> MakeSettings(ServerOptions options) {
  auto settings = std::make_shared<Settings>();
  settings->options = std::move(options);
  const ServerOptions& o = settings->options;
  if (o.tls_certificate.empty() != o.tls_key.empty()) {
    return Error(ErrorId::kTls, "http.tls_certificate and http.tls_key must be set together")
        .WithHint(o.tls_key.empty() ? "set http.tls_key" : "set http.tls_certificate");
  }
  if (!o.tls_certificate.empty()) {
    PANDO_TRY(settings->tls, net::LoadTlsContext(o.tls_certificate, o.tls_key));
  }
  return SharedSettings(std::move(settings));
}

// The listeners of one entry of options.listen: several when it is a name with several addresses.
using ListenerGroup = std::vector<net::Listener>;

class ServerOnLoop final : public Server {
 public:
  ServerOnLoop(net::Executor executor, SharedSettings settings, Deps deps, std::vector<ListenerGroup> listeners);
  ~ServerOnLoop() override;

  void Start() override;
  Task<void> Drain(Deadline grace) override;
  Result<void> Reload(ServerOptions options) override;
  std::vector<uint16_t> ports() const override;
  ServerStats stats() const override;

 private:
  Task<void> Accept(net::Listener& listener);
  Task<void> Tick();
  void TakeBacklog();
  void Admit(net::Socket socket, const net::Endpoint& peer);
  void Add(net::Socket socket, const net::Endpoint& peer, Connection::Admission admission);
  void Remove(std::list<Connection>::iterator connection);
  Task<void> WaitForConnections(Deadline until);

  const net::Executor executor_;
  SharedSettings settings_;                            // on the executor
  std::vector<ListenerGroup> listeners_;               // on the executor
  const std::vector<uint16_t> ports_;                  // constant after construction
  const std::shared_ptr<std::atomic<uint64_t>> open_;  // with the other Servers of the process
  ConnectionHost host_;
  std::list<Connection> connections_;  // on the executor
  net::TaskGroup accepting_;
  net::TaskGroup ticking_;              // runs while there are connections
  net::Timer all_closed_;               // cancelled when the last connection ends
  uint64_t refused_open_ = 0;           // on the executor
  std::atomic<uint64_t> open_here_{0};  // these three are written on the executor
  std::atomic<uint64_t> total_{0};
  std::atomic<uint64_t> refused_total_{0};
};

std::vector<uint16_t> PortsOf(const std::vector<ListenerGroup>& listeners) {
  std::vector<uint16_t> ports;
  for (const ListenerGroup& group : listeners) ports.push_back(group.front().port());
  return ports;
}

std::shared_ptr<std::atomic<uint64_t>> OrOwn(std::shared_ptr<std::atomic<uint64_t>> shared) {
  return shared ? std::move(shared) : std::make_shared<std::atomic<uint64_t>>(0);
}

ServerOnLoop::ServerOnLoop(net::Executor executor, SharedSettings settings, Deps deps,
                           std::vector<ListenerGroup> listeners)
    : executor_(executor),
      settings_(std::move(settings)),
      listeners_(std::move(listeners)),
      ports_(PortsOf(listeners_)),
      open_(OrOwn(std::move(deps.connections_open))),
      host_{std::move(deps),
            net::DeadlineWheel(TickFor(settings_->options), Clock::now()),
            ResponseWriter(settings_->options.product),
            {},
            {},
            false},
      accepting_(executor),
      ticking_(executor),
      all_closed_(executor, Clock::time_point::max()) {}

ServerOnLoop::~ServerOnLoop() { PANDO_ASSERT(connections_.empty()); }

void ServerOnLoop::Start() {
  for (ListenerGroup& group : listeners_) {
    for (net::Listener& listener : group) accepting_.Spawn("http accept", Accept(listener));
  }
}

Task<void> ServerOnLoop::Accept(net::Listener& listener) {
  while (listener.acceptor().is_open()) {
    net::Endpoint peer;
    auto [failure, socket] = co_await listener.acceptor().async_accept(peer, net::deferred_tuple);
    if (!failure) {
      Admit(std::move(socket), peer);
    } else if (listener.acceptor().is_open() && failure != boost::asio::error::connection_aborted) {
      telemetry::Log(telemetry::Level::kWarn, "http.accept",
                     "a client connection could not be accepted; if the cause is too many open files, raise ulimit -n",
                     {{"cause", failure.message()}});
      // When cancelled, the listener is closed too.
      const Result<void> slept = co_await net::SleepFor(kAcceptPause);
      static_cast<void>(slept);
    }
  }
}

void ServerOnLoop::Admit(net::Socket socket, const net::Endpoint& peer) {
  if (open_->load(std::memory_order_relaxed) < settings_->options.connections_max) {
    return Add(std::move(socket), peer, Connection::Admission::kAccepted);
  }
  refused_total_.fetch_add(1, std::memory_order_relaxed);
  if (refused_open_ < kRefusedMax) Add(std::move(socket), peer, Connection::Admission::kRefused);
}

void ServerOnLoop::Add(net::Socket socket, const net::Endpoint& peer, Connection::Admission admission) {
  const auto at = connections_.emplace(connections_.end(), host_, settings_, std::move(socket),
                                       peer.address().to_string(), admission);
  if (admission == Connection::Admission::kAccepted) {
    open_->fetch_add(1, std::memory_order_relaxed);
    open_here_.fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(1, std::memory_order_relaxed);
  } else {
    ++refused_open_;
  }
  net::StartTask(executor_, "http connection", at->Run(), at->cancellation_slot(), [this, at] { Remove(at); });
  if (ticking_.empty()) ticking_.Spawn("http tick", Tick());
}

void ServerOnLoop::Remove(std::list<Connection>::iterator connection) {
  if (connection->admission() == Connection::Admission::kAccepted) {
    open_->fetch_sub(1, std::memory_order_relaxed);
    open_here_.fetch_sub(1, std::memory_order_relaxed);
  } else {
    --refused_open_;
  }
  connections_.erase(connection);
  if (connections_.empty()) all_closed_.cancel();
}

Task<void> ServerOnLoop::Tick() {
  net::Timer timer(executor_);
  while (!connections_.empty()) {
    timer.expires_after(host_.wheel.tick());
    co_await timer.async_wait(net::deferred_tuple);
    host_.wheel.Advance(Clock::now());
  }
}

// Closing a listener resets the connections that the kernel has accepted and we have not; they are taken first.
void ServerOnLoop::TakeBacklog() {
  for (ListenerGroup& group : listeners_) {
    for (net::Listener& listener : group) {
      error_code failure;
      for (int taken = 0; taken < kBacklogTakenMax && !failure; ++taken) {
        net::Endpoint peer;
        net::Socket socket = listener.acceptor().accept(peer, failure);
        if (!failure) Admit(std::move(socket), peer);
      }
      listener.Close();
    }
  }
}

Task<void> ServerOnLoop::WaitForConnections(Deadline until) {
  while (!connections_.empty() && !until.passed()) {
    // Setting the time wakes every other waiter, so it is done only when it changes.
    if (until.at() < all_closed_.expiry()) all_closed_.expires_at(until.at());
    co_await all_closed_.async_wait(net::deferred_tuple);
  }
}

Task<void> ServerOnLoop::Drain(Deadline grace) {
  host_.draining = true;
  TakeBacklog();
  accepting_.Cancel();
  co_await accepting_.Join();
  for (Connection& connection : connections_) connection.BeginDrain();
  co_await WaitForConnections(grace);
  // A connection leaves the list only when the loop turns again: see net::StartTask().
  for (Connection& connection : connections_) connection.Break();
  all_closed_.expires_at(Clock::time_point::max());
  while (!connections_.empty()) co_await all_closed_.async_wait(net::deferred_tuple);
  co_await ticking_.Join();
}

Result<void> ServerOnLoop::Reload(ServerOptions options) {
  PANDO_TRY(settings_, MakeSettings(std::move(options)));
  return {};
}

std::vector<uint16_t> ServerOnLoop::ports() const { return ports_; }

ServerStats ServerOnLoop::stats() const {
  ServerStats stats;
  stats.connections_open = open_here_.load(std::memory_order_relaxed);
  stats.connections_total = total_.load(std::memory_order_relaxed);
  stats.connections_refused = refused_total_.load(std::memory_order_relaxed);
  stats.slow_bodies = host_.slow_bodies.load(std::memory_order_relaxed);
  stats.slow_answers = host_.slow_answers.load(std::memory_order_relaxed);
  stats.requests_in_flight = host_.requests_in_flight.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(net::Executor executor, ServerOptions options, Deps deps) {
  PANDO_ASSERT(deps.handler != nullptr && deps.render_error != nullptr);
  PANDO_TRY(SharedSettings settings, MakeSettings(std::move(options)));
  std::vector<ListenerGroup> listeners;
  for (const std::string& address : settings->options.listen) {
    PANDO_TRY(ListenerGroup group, net::Listener::Open(executor, address));
    listeners.push_back(std::move(group));
  }
  return std::unique_ptr<Server>(
      std::make_unique<ServerOnLoop>(executor, std::move(settings), std::move(deps), std::move(listeners)));
}

}  // namespace pando::http
