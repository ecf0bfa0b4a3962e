// How a Connection reads: from the first byte of a request to the Request.
#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "base/freed_memory.h"
#include "http/connection.h"
#include "net/sleep.h"

namespace pando::http {
namespace {

// What an idle connection holds ready. Most requests fit; a longer one makes the buffer grow.
constexpr size_t kReadBytes = 2 << 10;
constexpr size_t kBodyReadBytes = 16 << 10;
constexpr size_t kIdleStringBytesMax = 512;
constexpr uint64_t kSmallBytes = MemoryBudget::kSmallBytes;
// The fields of a request stay, for the next one mostly has the same.
constexpr size_t kIdleFieldBytesMax = 4 << 10;

}  // namespace

Connection::Step Connection::Refuse(int status, Error error) {
  refusal_ = Refusal{status, std::move(error)};
  return Step::kRefused;
}

Connection::Step Connection::RefuseHeaderSize() {
  const std::string bytes_max = std::to_string(options().header_bytes_max.count);
  if (!scanner_.has_request_line()) {
    return Refuse(414, Error(ErrorId::kHttpUriTooLong, "the request target is longer than " + bytes_max + " bytes"));
  }
  return Refuse(431, Error(ErrorId::kHttpHeaderTooLarge, "the request header is larger than " + bytes_max + " bytes"));
}

Connection::Step Connection::BeginRequest() {
  scanner_ = HeaderScanner();
  ClearRequest();
  header_known_ = is_head_ = admitted_ = drains_body_ = false;
  body_rate_.reset();
  if (std::exchange(frees_much_, false)) ReturnFreedMemory();
  bytes_in_ = bytes_out_ = 0;
  if (!input_.empty()) return Step::kNext;
  input_.ShrinkTo(kReadBytes);
  if (host_.draining) {
    boost::system::error_code failure;
    if (stream_.socket().available(failure) == 0 || failure) return Step::kGone;
  }
  Enter(Phase::kIdle, Clock::now() + options().idle_timeout);
  return Step::kNext;
}

// An idle connection keeps room for the next request like those that most are.
void Connection::ClearRequest() {
  for (std::string* text : {&request_.method, &request_.target, &request_.body, &request_.id}) {
    text->clear();
    if (text->capacity() > kIdleStringBytesMax) text->shrink_to_fit();
  }
  ReleaseBody();
  if (request_.headers.lines().size() > kIdleFieldBytesMax) request_.headers.Clear();
  request_.received_at = Clock::time_point();
}

// It was handled, or never will be.
void Connection::ReleaseBody() {
  frees_much_ = frees_much_ || body_memory_.bytes() > kMuchMemoryBytes;
  body_memory_.Hold(0);
  if (request_.body.size() > kSmallBytes) request_.body = std::string();
}

// Before a request was whole.
void Connection::NoteGone() {
  client_gone_ = true;
  if (header_known_ || !input_.empty()) Observe(0);
}

// nullopt: it is not whole yet.
std::optional<Connection::Step> Connection::LookForHeader() {
  const bool looks_first = request_.received_at == Clock::time_point();
  if (const size_t size = looks_first ? parser_.ParseRepeated(input_.view()) : 0) return BeginExchange(size);
  const HeaderScanner::State state = scanner_.Scan(input_.view());
  if (state == HeaderScanner::State::kComplete) return TakeHeader();
  if (state == HeaderScanner::State::kMalformed) {
    return Refuse(400, Error(ErrorId::kHttpMalformed, std::string(scanner_.problem())));
  }
  if (input_.size() >= options().header_bytes_max.count) return RefuseHeaderSize();
  if (!input_.empty() && phase_ != Phase::kHeader) {
    request_.received_at = Clock::now();
    Enter(Phase::kHeader, request_.received_at + options().header_timeout);
  }
  return std::nullopt;
}

Connection::Step Connection::TakeHeader() {
  if (scanner_.size() > options().header_bytes_max.count) return RefuseHeaderSize();
  const std::string_view block = input_.view().substr(scanner_.start(), scanner_.size() - scanner_.start());
  refusal_ = parser_.ParseHeader(block);
  return BeginExchange(scanner_.size());
}

// The header was parsed, and perhaps refused.
Connection::Step Connection::BeginExchange(size_t header_size) {
  bytes_in_ = header_size;
  input_.Consume(header_size);
  host_.ids.Choose(request_.headers.Find("X-Request-Id"), request_.id);
  request_.remote_address = remote_address_;
  request_.is_tls = stream_.is_tls();
  request_.received_at = Clock::now();
  request_.deadline = Deadline(request_.received_at + options().request_timeout);
  is_head_ = request_.method == "HEAD";
  header_known_ = !refusal_ || (refusal_->status != 400 && refusal_->status != 505);
  return refusal_ ? Step::kRefused : Step::kNext;
}

Task<Connection::Step> Connection::ReadBody() {
  if (parser_.body_bytes_announced() > kSmallBytes) {
    const Step admitted = co_await AdmitBody();
    if (admitted != Step::kNext) co_return admitted;
  }
  if (parser_.expects_continue() && !parser_.is_http10() && input_.empty()) {
    const bool sent = co_await SendContinue();
    if (!sent) co_return Step::kGone;
  }
  for (;;) {
    if (!input_.empty()) {
      size_t consumed = 0;
      refusal_ = parser_.ParseBody(input_.view(), consumed);
      input_.Consume(consumed);
      bytes_in_ += consumed;
      if (body_rate_) body_rate_->Note(consumed, Clock::now());
      if (refusal_) co_return Step::kRefused;
      if (parser_.done()) co_return Step::kNext;
    }
    if (!admitted_ && request_.body.size() > kSmallBytes) {
      const Step admitted = co_await AdmitBody();
      if (admitted != Step::kNext) co_return admitted;
    }
    if (!body_memory_.TryHold(BodyRoom())) {
      const Step room = co_await MakeRoom();
      if (room != Step::kNext) co_return room;
    }
    // The request's own deadline bounds the body as a whole: a byte every now and then does not hold it open.
    Clock::time_point until = std::min(Clock::now() + options().body_timeout, request_.deadline.at());
    if (body_rate_) until = std::min(until, body_rate_->deadline());
    Enter(Phase::kBody, until);
    const auto [failure, size] = co_await stream_.ReadSome(Space(kBodyReadBytes));
    const Step step = TakeBytes(failure, size);
    if (step == Step::kRefused && body_rate_ && Clock::now() >= body_rate_->deadline()) co_return RefuseSlowBody();
    if (step != Step::kNext) co_return step;
  }
}

// What the body holds when the next bytes have come: as much as was announced, so that who has begun ends; in chunks,
// as much as there is. One that is not small is copied on its way to the database.
uint64_t Connection::BodyRoom() const {
  const uint64_t announced = parser_.body_bytes_announced();
  if (announced > 0) return announced > kSmallBytes ? announced * 2 : announced;
  const uint64_t next = request_.body.size() + kBodyReadBytes;
  return next > kSmallBytes ? std::max<uint64_t>(request_.body.capacity(), next) * 2 : next;
}

// Before more of a body that is not small is read.
Task<Connection::Step> Connection::AdmitBody() {
  admitted_ = true;
  if (host_.deps.gate) {
    Response response;
    const bool may_send = co_await AskGate(response);
    if (client_gone_ || broken_) co_return Step::kGone;
    if (!may_send) {
      drains_body_ = true;
      response.close = true;
      if (std::optional<Unsent> unsent = SendAtOnce(response)) client_gone_ = !co_await SendRest(std::move(*unsent));
      NoteSent(response);
      co_return Step::kAnswered;
    }
  }
  if (!body_memory_.TryHold(BodyRoom())) {
    const Step room = co_await MakeRoom();
    if (room != Step::kNext) co_return room;
  }
  if (const uint64_t announced = parser_.body_bytes_announced()) request_.body.reserve(announced);
  body_rate_.emplace(options().rate_min.count, options().rate_grace, Clock::now());
  co_return Step::kNext;
}

// As a request is handled: with an eye on the client, and cancelled when the client is gone or the time is over.
Task<bool> Connection::AskGate(Response& response) {
  BeginHandling();
  std::exception_ptr escaped;
  bool may_send = false;
  try {
    may_send = co_await host_.deps.gate(request_, response);
  } catch (...) {
    escaped = std::current_exception();
  }
  if (may_send && !escaped && !timed_out_) {
    CountInFlight(-1);
    co_return true;
  }
  EndHandling(escaped, response);
  if (timed_out_) {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  }
  co_return false;
}

// Others give their memory back, or are cut off where they are too slow. Nothing is read meanwhile.
Task<Connection::Step> Connection::MakeRoom() {
  const uint64_t bytes = BodyRoom();
  Enter(Phase::kBody, request_.deadline.at());
  const Result<void> room = co_await net::WaitForRoom(body_memory_, bytes, request_.deadline);
  if (broken_) co_return Step::kGone;
  if (room) co_return Step::kNext;
  drains_body_ = true;
  if (body_memory_.CanNever(bytes)) {
    refusal_ = RefuseBodySize(host_.deps.memory->large_max() / 2);
    co_return Step::kRefused;
  }
  co_return Refuse(503, room.error());
}

Connection::Step Connection::RefuseSlowBody() {
  CountSlow(host_.slow_bodies,
            "a client was disconnected because it sent a request body more slowly than http.rate_min", bytes_in_);
  return Refuse(408, Error(ErrorId::kHttpTimeout, "the request body arrived too slowly"));
}

boost::asio::mutable_buffer Connection::HeaderSpace() { return Space(kReadBytes); }

boost::asio::mutable_buffer Connection::Space(size_t bytes_min) {
  const std::span<char> space = input_.Prepare(bytes_min);
  return boost::asio::buffer(space.data(), space.size());
}

// What a read into Space() came to.
Connection::Step Connection::TakeBytes(const boost::system::error_code& failure, size_t size) {
  input_.Commit(size);
  // A deadline that passed counts even when bytes have come meanwhile: it will not be told again.
  if (timed_out_ && phase_ != Phase::kIdle) {
    return Refuse(408,
                  Error(ErrorId::kHttpTimeout, phase_ == Phase::kBody ? "the request body did not arrive in time"
                                                                      : "the request header did not arrive in time"));
  }
  return failure ? Step::kGone : Step::kNext;
}

}  // namespace pando::http
