// One client connection: reads requests, runs them through the handler one after the other, writes the answers in
// order.
//
//   handshake ─► idle ─► header ─► body ─► handling ─► writing ─┐          any refusal: written, then closing
//                 ▲                                             │          client gone or timeout: closed
//                 └────────────── keep-alive ───────────────────┘
//
// While the handler runs nothing is read. Whether the client is still there is asked of the kernel at each tick of the
// wheel, which a fast request never meets: a reset cancels the handler; so does a FIN on TLS. A FIN on plain TCP is
// what a client that went away leaves behind, but also one that only finished sending (`nc -N`). HTTP/1.1 lets a server
// send 100 Continue at any time: the one that is still there reads over it, the one that is gone answers with a reset.
//
// Concurrency  executor-bound
// Ownership    the Server owns its connections; a Connection lives until Run() has ended
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "base/input_buffer.h"
#include "http/header_scanner.h"
#include "http/least_rate.h"
#include "http/request_id.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/server.h"
#include "net/deadline_wheel.h"
#include "net/stream.h"

namespace pando::http {

// What holds for connections from their beginning to their end: a reload makes a new one for those that follow.
// Immutable.
struct Settings {
  ServerOptions options;
  net::TlsContext tls;  // null: plain HTTP
};

// What the connections of one Server share. Executor-bound; outlives them.
struct ConnectionHost {
  Server::Deps deps;
  net::DeadlineWheel wheel;
  ResponseWriter writer;
  RequestIds ids;
  TextBuffer scratch;  // a response on its way into the kernel; never kept across a suspension
  bool draining = false;
  std::atomic<uint64_t> requests_in_flight{0};  // these are written on the executor
  std::atomic<uint64_t> slow_bodies{0};
  std::atomic<uint64_t> slow_answers{0};
};

class Connection final : public net::DeadlineWheel::Entry {
 public:
  enum class Admission { kAccepted, kRefused };  // kRefused: answers 503 and closes

  Connection(ConnectionHost& host, std::shared_ptr<const Settings> settings, net::Socket socket,
             std::string remote_address, Admission admission);

  // The connection's whole life. Its terminal cancellation comes through cancellation_slot().
  Task<void> Run();
  boost::asio::cancellation_slot cancellation_slot() { return cancel_.slot(); }

  // Ends an idle connection; a busy one ends after the answer it is at, for host.draining is set.
  void BeginDrain();
  // Ends it at once: the handler is cancelled and the socket closed.
  void Break();

  Admission admission() const { return admission_; }
  void OnDeadline() override;

 private:
  enum class Phase { kHandshake, kIdle, kHeader, kBody, kHandling, kWriting, kClosing };
  // kRefused: refusal_ says how. kAnswered: a refusal was written, of which nothing is left to do but to close.
  enum class Step { kNext, kRefused, kAnswered, kGone };

  // Reading: connection_input.cc.
  Step BeginRequest();
  void ClearRequest();
  void ReleaseBody();
  std::optional<Step> LookForHeader();
  Step TakeHeader();
  Step BeginExchange(size_t header_size);
  Task<Step> ReadBody();
  uint64_t BodyRoom() const;
  Task<Step> AdmitBody();
  Task<bool> AskGate(Response& response);
  Task<Step> MakeRoom();
  void NoteGone();
  boost::asio::mutable_buffer HeaderSpace();
  boost::asio::mutable_buffer Space(size_t bytes_min);
  Step TakeBytes(const boost::system::error_code& failure, size_t size);
  Step RefuseSlowBody();
  Step Refuse(int status, Error error);
  Step RefuseHeaderSize();

  // Answering: connection_output.cc.
  void CountInFlight(int64_t change);
  void BeginHandling();
  void EndHandling(const std::exception_ptr& escaped, Response& response);
  void CheckHandled(const std::exception_ptr& escaped, Response& response);
  Task<bool> AnswerRefusal();
  // What the kernel did not take at once. `body` is the response's.
  struct Unsent {
    Unsent(TextBuffer head, std::string_view body, size_t sent) : head(std::move(head)), body(body), sent(sent) {}

    TextBuffer head;
    std::string_view body;
    size_t sent;
  };
  std::optional<Unsent> SendAtOnce(const Response& response);
  bool NoteSent(const Response& response);
  bool HoldAnswer(Response& response);
  Task<bool> SendRest(Unsent unsent);
  Task<bool> SendContinue();
  Response MakeErrorResponse(int status, const Error& error) const;
  void Observe(int status, const Response* response = nullptr);

  // Life: connection.cc.
  Task<bool> Open();
  Task<void> CloseGently();
  void Enter(Phase phase, Clock::time_point deadline);
  void CheckOnClient();
  void AskWhetherClientIsThere();
  void CancelHandler();
  void CountSlow(std::atomic<uint64_t>& count, std::string_view what, uint64_t bytes);
  const ServerOptions& options() const { return settings_->options; }

  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

  ConnectionHost& host_;
  const std::shared_ptr<const Settings> settings_;
  const std::string remote_address_;
  const Admission admission_;
  net::Stream stream_;
  boost::asio::cancellation_signal cancel_;

  // All below on the executor.
  Phase phase_ = Phase::kIdle;
  bool timed_out_ = false;     // the deadline of phase_ has passed
  bool client_gone_ = false;   // nothing is to be said any more
  bool broken_ = false;        // Break() was called
  bool probed_ = false;        // a 100 Continue asks whether the client is there
  bool header_known_ = false;  // request_ has all but its body
  bool is_head_ = false;
  bool closes_ = false;       // after the answer at hand
  bool admitted_ = false;     // a body of more than a small size may come
  bool frees_much_ = false;   // what the last exchange has held
  bool drains_body_ = false;  // the rest of a refused body is read over before closing

  InputBuffer input_;
  HeaderScanner scanner_;
  Request request_;  // being read and answered; its body is the handler's to take, its headers are not to be changed
  RequestParser parser_;
  std::optional<Refusal> refusal_;
  MemoryCharge body_memory_;
  std::optional<LeastRate> body_rate_;  // of a body of more than a small size
  uint64_t bytes_in_ = 0;               // of this exchange
  uint64_t bytes_out_ = 0;
};

}  // namespace pando::http
