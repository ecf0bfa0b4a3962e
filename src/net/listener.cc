#include "net/listener.h"

#include <boost/asio/ip/v6_only.hpp>
#include <charconv>
#include <map>
#include <mutex>

namespace pando::net {
namespace {

using boost::system::error_code;
namespace error = boost::asio::error;

// Connections that the kernel holds ready for accept(); it cuts this to net.core.somaxconn.
constexpr int kBacklog = 4096;

Error BadAddress(std::string_view text, std::string_view what) {
  return Error(ErrorId::kNetwork, "\"" + std::string(text) + "\" is not an address to listen on: " + std::string(what))
      .WithHint("write host:port or [ipv6]:port, as in 0.0.0.0:8080");
}

Error CannotListen(std::string_view host_port, const error_code& cause) {
  Error failure(ErrorId::kNetwork, "cannot listen on \"" + std::string(host_port) + "\": " + cause.message());
  if (cause == error::address_in_use) return failure.WithHint("stop the process that holds it, or choose another port");
  if (cause == error::access_denied) return failure.WithHint("ports below 1024 need CAP_NET_BIND_SERVICE");
  return failure;
}

// The addresses that Listeners of this process hold. One that is not among them is first bound without SO_REUSEPORT,
// which fails when another process listens there.
class HeldAddresses {
 public:
  static HeldAddresses& Get() {
    static HeldAddresses held;
    return held;
  }

  bool Contains(const Endpoint& endpoint) const { return count_.contains(endpoint); }
  void Add(const Endpoint& endpoint) { ++count_[endpoint]; }
  void Remove(const Endpoint& endpoint) {
    auto at = count_.find(endpoint);
    if (at != count_.end() && --at->second == 0) count_.erase(at);
  }
  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
  std::map<Endpoint, int> count_;  // GUARDED_BY(mutex_)
};

using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

error_code Bind(Acceptor& acceptor, const Endpoint& endpoint, bool shared) {
  error_code failure;
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) acceptor.set_option(Acceptor::reuse_address(true), failure);
  if (!failure && shared) acceptor.set_option(ReusePort(true), failure);
  if (!failure && endpoint.address().is_v6()) acceptor.set_option(boost::asio::ip::v6_only(true), failure);
  if (!failure) acceptor.bind(endpoint, failure);
  return failure;
}

error_code BindShared(Acceptor& acceptor, const Endpoint& endpoint) {
  error_code failure = Bind(acceptor, endpoint, true);
  if (!failure) acceptor.listen(kBacklog, failure);
  if (!failure) acceptor.non_blocking(true, failure);
  return failure;
}

// Whether another process listens there, or the address cannot be had at all.
error_code BindAlone(Executor executor, const Endpoint& endpoint) {
  Acceptor acceptor(executor);
  return Bind(acceptor, endpoint, false);
}

bool IsMissingFamily(const error_code& cause) {
  return cause == error::address_family_not_supported || cause == boost::system::errc::address_not_available;
}

Result<std::vector<Endpoint>> Resolve(const HostPort& address, std::string_view host_port) {
  error_code failure;
  const auto literal = boost::asio::ip::make_address(address.host, failure);
  if (!failure) return std::vector<Endpoint>{Endpoint(literal, address.port)};
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), failure);
  if (failure || found.empty()) {
    return Error(ErrorId::kNetwork,
                 "cannot resolve \"" + address.host + "\" of \"" + std::string(host_port) + "\": " + failure.message());
  }
  std::vector<Endpoint> endpoints;
  for (const auto& entry : found) {
    if (std::find(endpoints.begin(), endpoints.end(), entry.endpoint()) == endpoints.end()) {
      endpoints.push_back(entry.endpoint());
    }
  }
  return endpoints;
}

}  // namespace

Result<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadAddress(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return BadAddress(text, "a bracket is not closed before the port");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return BadAddress(text, "an IPv6 address stands in brackets");
  }
  if (host.empty()) return BadAddress(text, "the host is missing");
  uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size()) {
    return BadAddress(text, "the port is not a number from 0 to 65535");
  }
  return HostPort{std::string(host), port};
}

std::optional<Listener> Listener::OpenOne(Executor executor, Endpoint endpoint, error_code& failure) {
  HeldAddresses& held = HeldAddresses::Get();
  const std::lock_guard lock(held.mutex());
  if (endpoint.port() != 0 && !held.Contains(endpoint)) {
    failure = BindAlone(executor, endpoint);
    if (failure) return {};
  }
  Acceptor acceptor(executor);
  failure = BindShared(acceptor, endpoint);
  if (failure) return {};
  const Endpoint bound = acceptor.local_endpoint();
  held.Add(bound);
  return Listener(std::move(acceptor), bound);
}

Result<std::vector<Listener>> Listener::Open(Executor executor, std::string_view host_port) {
  PANDO_TRY(const HostPort address, ParseHostPort(host_port));
  PANDO_TRY(const std::vector<Endpoint> endpoints, Resolve(address, host_port));
  std::vector<Listener> listeners;
  error_code failure;
  for (Endpoint endpoint : endpoints) {
    if (endpoint.port() == 0 && !listeners.empty()) endpoint.port(listeners.front().port());
    std::optional<Listener> listener = OpenOne(executor, endpoint, failure);
    if (listener) listeners.push_back(std::move(*listener));
    if (!listener && !IsMissingFamily(failure)) return CannotListen(host_port, failure);
  }
  if (listeners.empty()) return CannotListen(host_port, failure);
  return listeners;
}

Listener::Listener(Acceptor acceptor, Endpoint endpoint) : acceptor_(std::move(acceptor)), endpoint_(endpoint) {}

Listener::Listener(Listener&& other) noexcept
    : acceptor_(std::move(other.acceptor_)),
      endpoint_(other.endpoint_),
      registered_(std::exchange(other.registered_, false)) {}

Listener::~Listener() { Close(); }

void Listener::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  if (!std::exchange(registered_, false)) return;
  HeldAddresses& held = HeldAddresses::Get();
  const std::lock_guard lock(held.mutex());
  held.Remove(endpoint_);
}

}  // namespace pando::net
