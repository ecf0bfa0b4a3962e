// How a Connection answers: through the handler, or by itself, and onto the wire.
#include <algorithm>
#include <utility>

#include "base/freed_memory.h"
#include "http/connection.h"
#include "net/spawn.h"
#include "telemetry/log.h"

namespace pando::http {
namespace {

// A body up to this size is copied behind its header, so that both leave in one plain send.
constexpr size_t kInlineBodyBytesMax = 4 << 10;
// What the shared scratch string keeps between responses.
constexpr size_t kScratchBytesMax = 64 << 10;

net::Stream::Gather Remaining(std::string_view head, std::string_view body, size_t sent) {
  const size_t of_head = std::min(sent, head.size());
  head.remove_prefix(of_head);
  body.remove_prefix(sent - of_head);
  return {boost::asio::buffer(head), boost::asio::buffer(body)};
}

}  // namespace

void Connection::CountInFlight(int64_t change) {
  // Written on the executor alone.
  std::atomic<uint64_t>& count = host_.requests_in_flight;
  count.store(count.load(std::memory_order_relaxed) + static_cast<uint64_t>(change), std::memory_order_relaxed);
}

void Connection::BeginHandling() {
  CountInFlight(1);
  probed_ = false;
  Enter(Phase::kHandling, request_.received_at + host_.wheel.tick());
}

// `escaped`: an exception did, from the handler.
void Connection::EndHandling(const std::exception_ptr& escaped, Response& response) {
  CheckHandled(escaped, response);
  CountInFlight(-1);
  ReleaseBody();
  if (!timed_out_) return;
  // What a handler says of a write stands, done or not known, even though it comes late.
  const bool was_stopped = response.error_code == RowOf(ErrorId::kRequestCancelled).code ||
                           response.error_code == RowOf(ErrorId::kRequestDeadline).code;
  if (!IsSafe(request_.method) && !was_stopped) return;
  response = MakeErrorResponse(
      504, Error(ErrorId::kRequestDeadline,
                 "the request took longer than " + std::to_string(options().request_timeout.count()) + " ms"));
}

void Connection::CheckHandled(const std::exception_ptr& escaped, Response& response) {
  const bool is_status = response.status >= 200 && response.status <= 999;
  if (!escaped && is_status) return;
  if (escaped && !client_gone_ && !timed_out_) {
    const std::string what = net::DescribeException(escaped);
    telemetry::Log(telemetry::Level::kError, "http.exception",
                   "a fault in Pando ended a request, which is answered 500; please report it with this line",
                   {{"code", RowOf(ErrorId::kInternalBug).code}, {"request_id", request_.id}, {"what", what}});
  } else if (!escaped) {
    telemetry::Log(
        telemetry::Level::kError, "http.status",
        "a fault in Pando gave a request a status that does not exist, and it is answered 500; please report it",
        {{"request_id", request_.id}, {"status", static_cast<int64_t>(response.status)}});
  }
  response = MakeErrorResponse(500, Error(ErrorId::kInternalBug, "an internal error"));
}

Response Connection::MakeErrorResponse(int status, const Error& error) const {
  Response response = host_.deps.render_error(status, error, header_known_ ? &request_ : nullptr);
  response.status = status;
  if (status == 503 && !response.headers.Find("Retry-After")) response.headers.Add("Retry-After", "1");
  return response;
}

Task<bool> Connection::AnswerRefusal() {
  if (request_.id.empty()) host_.ids.Choose({}, request_.id);
  Response response = MakeErrorResponse(refusal_->status, refusal_->error);
  response.close = true;
  if (std::optional<Unsent> unsent = SendAtOnce(response)) client_gone_ = !co_await SendRest(std::move(*unsent));
  co_return NoteSent(response);
}

std::optional<Connection::Unsent> Connection::SendAtOnce(const Response& response) {
  closes_ = response.close || host_.draining || !parser_.wants_keep_alive();
  Exchanged exchanged;
  exchanged.request_id = request_.id;
  exchanged.is_head = is_head_;
  exchanged.close = closes_;
  exchanged.keep_alive_10 = !closes_ && parser_.is_http10();
  TextBuffer& head = host_.scratch;
  head.Clear(kScratchBytesMax);
  host_.writer.AppendHeader(head, response, exchanged);
  std::string_view body;
  if (ResponseWriter::SendsBody(response, is_head_)) body = response.sent_body();
  if (body.size() <= kInlineBodyBytesMax) {
    head.Append(body);
    body = {};
  }
  const size_t sent = stream_.TryWrite(Remaining(head.view(), body, 0));
  bytes_out_ += sent;
  if (sent < head.size() + body.size()) return Unsent(std::exchange(head, TextBuffer()), body, sent);
  return std::nullopt;
}

// True when the connection may be used again.
bool Connection::NoteSent(const Response& response) {
  frees_much_ = frees_much_ || (!response.ready && response.body.size() > kMuchMemoryBytes);
  Observe(client_gone_ ? 0 : response.status, &response);
  return !client_gone_ && !closes_;
}

// False: there is no room for what the client may take its time to read. What is ready is shared, and not counted.
bool Connection::HoldAnswer(Response& response) {
  const bool counts = !response.ready && response.body.size() > MemoryBudget::kSmallBytes;
  if (!counts || response.memory.bytes() > 0) return true;
  response.memory = MemoryCharge(host_.deps.memory);
  // A write was done, and is not told to have failed for want of room.
  if (!IsSafe(request_.method)) response.memory.Hold(response.body.size());
  if (response.memory.TryHold(response.body.size())) return true;
  response.memory.CountRefusal();
  return false;
}

// False when the client is gone or too slow, or there is no room to wait for it.
Task<bool> Connection::SendRest(Unsent unsent) {
  const size_t total = unsent.head.size() + unsent.body.size();
  size_t& sent = unsent.sent;
  MemoryCharge memory(host_.deps.memory);
  // HoldAnswer() has held the others.
  if (total <= MemoryBudget::kSmallBytes && !memory.TryHold(total)) {
    memory.CountRefusal();
    co_return false;
  }
  LeastRate rate(total > MemoryBudget::kSmallBytes ? options().rate_min.count : 0, options().rate_grace, Clock::now());
  while (sent < total) {
    Enter(Phase::kWriting, std::min(Clock::now() + options().write_timeout, rate.deadline()));
    const net::Stream::Gather rest = Remaining(unsent.head.view(), unsent.body, sent);
    const auto [failure, size] = co_await stream_.WriteSome(rest);
    sent += size;
    bytes_out_ += size;
    if (timed_out_ && Clock::now() >= rate.deadline()) {
      CountSlow(host_.slow_answers,
                "a client was disconnected because it read a response more slowly than http.rate_min", bytes_out_);
      co_return false;
    }
    if (failure || broken_) co_return false;
    rate.Note(size, Clock::now());
  }
  co_return true;
}

Task<bool> Connection::SendContinue() {
  const size_t sent = stream_.TryWrite(Remaining(kContinue, {}, 0));
  bytes_out_ += sent;
  if (sent == kContinue.size()) co_return true;
  TextBuffer head;
  head.Append(kContinue);
  Unsent unsent(std::move(head), {}, sent);
  co_return co_await SendRest(std::move(unsent));
}

void Connection::Observe(int status, const Response* response) {
  if (!host_.deps.observe) return;
  Exchange exchange;
  exchange.request = header_known_ ? &request_ : nullptr;
  exchange.response = response;
  exchange.status = status;
  exchange.bytes_in = bytes_in_;
  exchange.bytes_out = bytes_out_;
  if (request_.received_at != Clock::time_point()) exchange.duration = Clock::now() - request_.received_at;
  host_.deps.observe(exchange);
}

}  // namespace pando::http
