#include "http/connection.h"

#include <boost/asio/this_coro.hpp>

#include "base/freed_memory.h"
#include "telemetry/log.h"

namespace pando::http {
namespace {

// How long a closed connection's remaining input is read over, so that the answer is not lost: closing with unread
// input sends a reset, at which the client's kernel drops what it holds (RFC 9112, 9.6).
constexpr milliseconds kLinger{1000};
// The same where a body was refused while it was sent: many clients read no answer before they have sent all of it.
constexpr milliseconds kBodyLinger{5000};
constexpr size_t kLingerReadBytes = 64 << 10;
constexpr uint64_t kLingerBytesMax = 64 << 20;

}  // namespace

Connection::Connection(ConnectionHost& host, std::shared_ptr<const Settings> settings, net::Socket socket,
                       std::string remote_address, Admission admission)
    : host_(host),
      settings_(std::move(settings)),
      remote_address_(std::move(remote_address)),
      admission_(admission),
      stream_(std::move(socket), settings_->tls),
      parser_(request_, {options().body_bytes_max.count, options().header_bytes_max.count}),
      body_memory_(host.deps.memory) {}

Task<void> Connection::Run() {
  bool more = co_await Open();
  while (more) {
    // All of a plain request is here and not in coroutines of its own, whose frames it would pay for.
    Step step = BeginRequest();
    std::optional<Step> header;
    while (step == Step::kNext && !(header = LookForHeader())) {
      net::Stream::Transfer read;
      if (net::Socket* const plain = stream_.plain()) {
        read = co_await plain->async_read_some(HeaderSpace(), net::deferred_tuple);
      } else {
        read = co_await stream_.ReadSome(HeaderSpace());
      }
      step = TakeBytes(std::get<0>(read), std::get<1>(read));
    }
    if (header) step = *header;
    if (step == Step::kNext && !parser_.done()) step = co_await ReadBody();
    if (step == Step::kGone) {
      NoteGone();
      break;
    }
    if (step == Step::kAnswered) break;
    if (step == Step::kRefused) {
      more = co_await AnswerRefusal();
      continue;
    }
    Response response;
    BeginHandling();
    std::exception_ptr escaped;
    try {
      std::optional<Task<void>> handling = host_.deps.handler(request_, response);
      if (handling) co_await std::move(*handling);
    } catch (...) {
      escaped = std::current_exception();
    }
    EndHandling(escaped, response);
    if (timed_out_) {
      // The next request's handler starts uncancelled.
      co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
    }
    if (client_gone_ || broken_) {
      Observe(0);
      break;
    }
    if (!HoldAnswer(response)) response = MakeErrorResponse(503, NoRoomForIt());
    if (std::optional<Unsent> unsent = SendAtOnce(response)) client_gone_ = !co_await SendRest(std::move(*unsent));
    more = NoteSent(response);
  }
  ClearRequest();
  if (frees_much_) ReturnFreedMemory();
  if (!client_gone_ && !broken_) co_await CloseGently();
  stream_.Close();
}

Task<bool> Connection::Open() {
  if (stream_.is_tls()) {
    Enter(Phase::kHandshake, Clock::now() + options().header_timeout);
    const auto [failure] = co_await stream_.Handshake();
    client_gone_ = bool(failure);
    if (failure) co_return false;
  }
  if (admission_ == Admission::kAccepted) co_return true;
  Refuse(503, Error(ErrorId::kHttpOverloaded, "too many connections are open"));
  co_return co_await AnswerRefusal();
}

void Connection::Enter(Phase phase, Clock::time_point deadline) {
  phase_ = phase;
  timed_out_ = false;
  host_.wheel.Set(*this, deadline);
}

void Connection::OnDeadline() {
  if (phase_ == Phase::kHandling) return CheckOnClient();
  timed_out_ = true;
  stream_.CancelWaits();
}

void Connection::CheckOnClient() {
  const Clock::time_point now = Clock::now();
  host_.wheel.Set(*this, now + host_.wheel.tick());
  net::PeerState peer = net::PeerStateOf(stream_.socket());
  if (peer == net::PeerState::kHalfClosed && stream_.is_tls()) peer = net::PeerState::kGone;
  if (peer == net::PeerState::kHalfClosed && !probed_ && !parser_.is_http10()) AskWhetherClientIsThere();
  if (peer == net::PeerState::kGone) client_gone_ = true;
  if (client_gone_) return CancelHandler();
  // The handler keeps the deadline itself and answers in its own words; this is for one that does not.
  if (now >= request_.deadline.at() + host_.wheel.tick()) {
    timed_out_ = true;
    CancelHandler();
  }
}

void Connection::AskWhetherClientIsThere() {
  probed_ = true;
  const net::Stream::Gather question{boost::asio::buffer(kContinue), {}};
  const size_t sent = stream_.TryWrite(question);
  bytes_out_ += sent;
  // Half a line would spoil the answer that follows.
  if (sent > 0 && sent < kContinue.size()) client_gone_ = true;
}

// The last thing a caller does: the handler may run on inside.
void Connection::CancelHandler() { cancel_.emit(boost::asio::cancellation_type::terminal); }

void Connection::BeginDrain() {
  if (phase_ != Phase::kIdle || !input_.empty()) return;
  boost::system::error_code failure;
  // A request that has arrived but was not read yet is still answered.
  if (stream_.socket().available(failure) == 0 || failure) stream_.CancelWaits();
}

void Connection::Break() {
  broken_ = true;
  stream_.Close();
  CancelHandler();
}

void Connection::CountSlow(std::atomic<uint64_t>& count, std::string_view what, uint64_t bytes) {
  count.fetch_add(1, std::memory_order_relaxed);
  telemetry::Log(telemetry::Level::kWarn, "http.slow_client", what,
                 {{"request_id", request_.id},
                  {"remote_address", remote_address_},
                  {"bytes", static_cast<int64_t>(bytes)},
                  {"rate_min", static_cast<int64_t>(options().rate_min.count)}});
}

Task<void> Connection::CloseGently() {
  Enter(Phase::kClosing, Clock::now() + (drains_body_ ? kBodyLinger : kLinger));
  co_await stream_.ShutdownWrite();
  boost::system::error_code failure;
  uint64_t read_over = 0;
  while (!failure && !timed_out_ && !broken_ && read_over <= kLingerBytesMax) {
    input_.Consume(input_.size());
    const auto [cause, size] = co_await stream_.ReadSome(Space(kLingerReadBytes));
    failure = cause;
    read_over += size;
  }
}

}  // namespace pando::http
