// For tests: a Server on a loop of its own, and a client that sends and receives raw bytes.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "http/server.h"
#include "net/loop_group.h"
#include "net/sleep.h"
#include "net/socket.h"

namespace pando::http {

// Longest wait for something that is bound to happen; only a failing test reaches it.
inline constexpr std::chrono::seconds kPatience{60};

// For those who look again and again whether something has happened, and leave the processor to it meanwhile.
inline void PauseBetweenLooks() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

struct ReceivedResponse {
  int status = 0;
  std::string head;  // status line and fields
  std::string body;
};

// A blocking TCP connection to the server under test.
class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{kPatience.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (receive_buffer_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { Close(); }

  // False when the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next response, its body by Content-Length. `has_body` is false for answers to HEAD.
  ReceivedResponse Receive(bool has_body = true) {
    while (received_.find("\r\n\r\n") == std::string::npos) {
      if (!ReadMore()) return {};
    }
    ReceivedResponse response;
    const size_t end = received_.find("\r\n\r\n") + 4;
    response.head = received_.substr(0, end);
    received_.erase(0, end);
    response.status = std::atoi(response.head.c_str() + sizeof("HTTP/1.1"));
    const size_t field = response.head.find("Content-Length: ");
    if (!has_body || field == std::string::npos) return response;
    const size_t length = std::strtoul(response.head.c_str() + field + sizeof("Content-Length:"), nullptr, 10);
    while (received_.size() < length && ReadMore()) {
    }
    response.body = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

  ReceivedResponse Exchange(std::string_view request) {
    Send(request);
    return Receive();
  }

  // What comes until the server closes. Fails the test when it does not.
  std::string ReadToEnd() {
    while (ReadMore()) {
    }
    EXPECT_TRUE(ended_) << "the server did not close the connection";
    return std::exchange(received_, {});
  }

  // Whether something has arrived, or the server has closed. Does not wait.
  bool HasInput() {
    char byte;
    return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }

  void FinishSending() { ::shutdown(socket_, SHUT_WR); }
  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Leaves with a reset in place of a FIN.
  void Reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }

 private:
  bool ReadMore() {
    char bytes[16 << 10];
    const ssize_t size = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (size == 0 || (size < 0 && errno == ECONNRESET)) ended_ = true;
    if (size <= 0) return false;
    received_.append(bytes, static_cast<size_t>(size));
    return true;
  }

  int socket_;
  bool ended_ = false;
  std::string received_;
};

// The handler answers by path:
//   /hold        waits until Release() or cancellation      /throw   throws
//   /size/N      N bytes                                    /status/N  status N
//   /stubborn    waits past every deadline, until cancelled
//   others       "METHOD TARGET id body"
class ServerTest : public testing::Test {
 protected:
  static ServerOptions Options() {
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    return options;
  }

  void StartServer(ServerOptions options = Options(), std::shared_ptr<std::atomic<uint64_t>> open = nullptr) {
    Server::Deps deps;
    deps.handler = [this](Request& request, Response& response) { return AnswerInto(request, response); };
    deps.render_error = [](int, const Error& error, const Request*) {
      Response response;
      response.body = std::string(error.code()) + " " + error.message();
      return response;
    };
    deps.observe = [this](const Exchange& exchange) { Note(exchange); };
    deps.connections_open = std::move(open);
    deps.gate = gate_;
    deps.memory = memory_;
    auto server = Server::Listen(loops_.executor(0), std::move(options), std::move(deps));
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = std::move(server).value();
    loops_.Start();
    OnLoop([this] { server_->Start(); });
  }

  void TearDown() override {
    if (!server_) return;
    Drain(milliseconds(0));
    // On the loop, for connections post to it what they leave behind.
    OnLoop([this] { server_.reset(); });
  }

  uint16_t port() const { return server_->ports().front(); }

  // Runs `work` on the server's loop and waits for it.
  void OnLoop(std::function<void()> work) {
    std::promise<void> done;
    loops_.Post(0, [&] {
      work();
      done.set_value();
    });
    ASSERT_EQ(done.get_future().wait_for(kPatience), std::future_status::ready);
  }

  std::future<void> BeginDrain(milliseconds grace) {
    return boost::asio::co_spawn(loops_.executor(0), server_->Drain(Deadline::After(grace)), boost::asio::use_future);
  }
  void Drain(milliseconds grace) { ASSERT_EQ(BeginDrain(grace).wait_for(kPatience), std::future_status::ready); }

  void AwaitHeld() { ASSERT_TRUE(held_.try_acquire_for(kPatience)) << "no request reached /hold"; }
  void AwaitCancelled() { ASSERT_TRUE(cancelled_.try_acquire_for(kPatience)) << "no handler was cancelled"; }
  void Release() {
    OnLoop([this] {
      released_ = true;
      for (net::Timer* timer : holding_) timer->cancel();
    });
  }

  // Waits until an exchange with this status was observed.
  std::string AwaitObserved(int status) {
    const Deadline limit = Deadline::After(kPatience);
    while (!limit.passed()) {
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [seen, request] : observed_) {
          if (seen == status) return request;
        }
      }
      PauseBetweenLooks();
    }
    ADD_FAILURE() << "no exchange ended with status " << status;
    return {};
  }

  // Of the Server that is started next.
  BodyGate gate_;
  std::shared_ptr<MemoryBudget> memory_;
  std::unique_ptr<Server> server_;
  net::LoopGroup loops_{1};

 private:
  Task<void> AnswerInto(Request& request, Response& response) {
    Task<Response> answer = Answer(request);
    response = co_await std::move(answer);
  }

  Task<Response> Answer(Request request) {
    Response response;
    const std::string path(request.path());
    if (path == "/hold" || path == "/stubborn") co_return co_await Hold();
    if (path == "/throw") throw std::runtime_error("on purpose");
    if (path.starts_with("/size/")) {
      response.body.assign(std::stoul(path.substr(6)), 'x');
    } else if (path.starts_with("/status/")) {
      response.status = std::stoi(path.substr(8));
      response.body = "never sent with 204 and 304";
    } else {
      response.body = request.method + " " + request.target + " " + request.body;
      if (const auto echo = request.headers.Find("X-Echo")) response.body += " " + std::string(*echo);
    }
    co_return response;
  }

  Task<Response> Hold() {
    net::Timer timer(loops_.executor(0), Clock::time_point::max());
    holding_.push_back(&timer);
    held_.release();
    co_await timer.async_wait(net::deferred_tuple);
    std::erase(holding_, &timer);
    if (!released_) cancelled_.release();
    Response response;
    response.body = released_ ? "released" : "cancelled";
    co_return response;
  }

  void Note(const Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    const Request* request = exchange.request;
    observed_.emplace_back(exchange.status, request ? request->method + " " + request->target : "");
  }

  std::counting_semaphore<> held_{0};
  std::counting_semaphore<> cancelled_{0};
  bool released_ = false;             // on the loop
  std::vector<net::Timer*> holding_;  // on the loop
  std::mutex mutex_;
  std::vector<std::pair<int, std::string>> observed_;  // GUARDED_BY(mutex_)
};

}  // namespace pando::http
