#include "net/name_query.h"

#include <ares.h>
#include <netinet/in.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "net/socket.h"

namespace pando::net {

namespace asio = boost::asio;

namespace {

using Outcome = NameAnswer::Outcome;

// The first wait for an answer of a name server; c-ares doubles it with each round of all servers.
constexpr int kTryMs = 1000;
constexpr int kTries = 3;

asio::ip::address AddressOf(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, node.ai_addr, sizeof address);
    return asio::ip::address_v4(ntohl(address.sin_addr.s_addr));
  }
  sockaddr_in6 address{};
  std::memcpy(&address, node.ai_addr, sizeof address);
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return asio::ip::address_v6(bytes, address.sin6_scope_id);
}

NameAnswer AnswerOf(int status, const ares_addrinfo* found) {
  NameAnswer answer;
  if (status == ARES_SUCCESS && found) {
    for (const ares_addrinfo_node* node = found->nodes; node; node = node->ai_next) {
      if (node->ai_family == AF_INET || node->ai_family == AF_INET6) answer.addresses.push_back(AddressOf(*node));
    }
  }
  const bool is_none =
      status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME;
  answer.outcome = !answer.addresses.empty() ? Outcome::kFound : is_none ? Outcome::kNone : Outcome::kSilent;
  return answer;
}

}  // namespace

// A channel of c-ares, whose sockets and timer are on the event loop.
class NameQuery : public std::enable_shared_from_this<NameQuery> {
 public:
  explicit NameQuery(Executor executor) : executor_(executor), retry_(executor), ended_(executor) {}
  ~NameQuery() { Close(); }
  NameQuery(const NameQuery&) = delete;
  NameQuery& operator=(const NameQuery&) = delete;

  Task<NameAnswer> Run(std::string name, std::string servers, Deadline deadline) {
    const std::shared_ptr<NameQuery> self = shared_from_this();
    if (!Open(servers)) co_return NameAnswer();
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &NameQuery::OnAnswer, this);
    ArmRetry();
    while (!answer_) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (WasCancelled(state)) answer_ = NameAnswer{Outcome::kCancelled, {}};
      if (!answer_ && deadline.passed()) answer_ = NameAnswer{Outcome::kDeadline, {}};
      if (answer_) break;
      ended_.expires_at(deadline.at());
      co_await ended_.async_wait(deferred_tuple);
    }
    Close();
    co_return std::move(*answer_);
  }

 private:
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

  // Of c-ares, which closes it itself.
  struct Channel {
    explicit Channel(Executor executor) : descriptor(executor) {}
    Descriptor descriptor;
    bool wants_read = false, wants_write = false;
    bool awaits_read = false, awaits_write = false;
  };

  bool Open(const std::string& servers) {
    ares_options options{};
    options.timeout = kTryMs;
    options.tries = kTries;
    options.sock_state_cb = &NameQuery::OnSocketState;
    options.sock_state_cb_data = this;
    const int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&channel_, &options, given) != ARES_SUCCESS) {
      channel_ = nullptr;
      return false;
    }
    return servers.empty() || ares_set_servers_ports_csv(channel_, servers.c_str()) == ARES_SUCCESS;
  }

  void Close() {
    closed_ = true;
    if (channel_) ares_destroy(std::exchange(channel_, nullptr));
    retry_.cancel();
  }

  static void OnAnswer(void* query, int status, int, ares_addrinfo* found) {
    NameQuery& self = *static_cast<NameQuery*>(query);
    if (!self.closed_) {
      self.answer_ = AnswerOf(status, found);
      self.ended_.cancel();
    }
    if (found) ares_freeaddrinfo(found);
  }

  static void OnSocketState(void* query, ares_socket_t socket, int wants_read, int wants_write) {
    NameQuery& self = *static_cast<NameQuery*>(query);
    auto found = self.sockets_.find(socket);
    if (wants_read == 0 && wants_write == 0) {
      if (found == self.sockets_.end()) return;
      if (found->second->descriptor.is_open()) found->second->descriptor.release();
      self.sockets_.erase(found);
      return;
    }
    if (found == self.sockets_.end()) {
      auto added = std::make_shared<Channel>(self.executor_);
      boost::system::error_code refused;
      added->descriptor.assign(socket, refused);
      if (refused) return;  // the event loop takes no more sockets: the timer ends the lookup
      found = self.sockets_.emplace(socket, std::move(added)).first;
    }
    found->second->wants_read = wants_read != 0;
    found->second->wants_write = wants_write != 0;
    self.Await(socket, found->second);
  }

  void Await(ares_socket_t socket, const std::shared_ptr<Channel>& channel) {
    if (channel->wants_read && !std::exchange(channel->awaits_read, true)) {
      channel->descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this(), socket, channel](auto error) {
        channel->awaits_read = false;
        if (const auto self = weak.lock(); self && !error) self->Process(socket, ARES_SOCKET_BAD);
      });
    }
    if (channel->wants_write && !std::exchange(channel->awaits_write, true)) {
      channel->descriptor.async_wait(Descriptor::wait_write, [weak = weak_from_this(), socket, channel](auto error) {
        channel->awaits_write = false;
        if (const auto self = weak.lock(); self && !error) self->Process(ARES_SOCKET_BAD, socket);
      });
    }
  }

  void Process(ares_socket_t readable, ares_socket_t writable) {
    if (closed_) return;
    ares_process_fd(channel_, readable, writable);
    for (const ares_socket_t socket : {readable, writable}) {
      const auto found = sockets_.find(socket);
      if (found != sockets_.end()) Await(socket, found->second);
    }
    ArmRetry();
  }

  // When c-ares asks again, or the next server.
  void ArmRetry() {
    timeval next{};
    if (closed_ || answer_ || !ares_timeout(channel_, nullptr, &next)) return;
    retry_.expires_after(std::chrono::seconds(next.tv_sec) + std::chrono::microseconds(next.tv_usec));
    retry_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (const auto self = weak.lock(); self && !error) self->Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
  }

  const Executor executor_;
  ares_channel channel_ = nullptr;  // null: not open
  std::map<ares_socket_t, std::shared_ptr<Channel>> sockets_;
  Timer retry_;
  Timer ended_;
  std::optional<NameAnswer> answer_;
  bool closed_ = false;
};

Task<NameAnswer> AskForName(std::string name, std::string servers, Deadline deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto query = std::make_shared<NameQuery>(executor);
  co_return co_await query->Run(std::move(name), std::move(servers), deadline);
}

}  // namespace pando::net
