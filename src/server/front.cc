#include "server/front.h"

#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "net/sleep.h"
#include "net/spawn.h"
#include "server/run_on.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kConnectionsMax = 100;
constexpr auto kCloseGrace = 1s;
constexpr auto kDetachPause = 5ms;

Task<http::Response> AnswerThere(const http::Request& request, std::shared_ptr<const admin::Sources> sources) {
  co_return admin::Answer(request, *sources);
}

}  // namespace

Front::Front() {
  own_sources_.readiness = [this] { return health_.Checks(Clock::now()); };
  own_sources_.metrics = own_sources_.config = own_sources_.cache = [] { return std::string(); };
}

Result<std::unique_ptr<Front>> Front::Start(const admin::AdminOptions& options) {
  std::unique_ptr<Front> front(new Front());
  if (!options.listen.empty()) {
    http::ServerOptions http;
    http.listen = {options.listen};
    http.connections_max = kConnectionsMax;
    http::Server::Deps deps;
    deps.handler = [raw = front.get()](http::Request& request, http::Response& response) {
      return raw->Handle(request, response);
    };
    deps.render_error = [](int status, const Error& error, const http::Request*) {
      return admin::RenderError(status, error);
    };
    PANDO_TRY(front->server_, http::Server::Listen(front->loop_.get_executor(), http, std::move(deps)));
    front->server_->Start();
  }
  front->signals_ = std::make_unique<net::Signals>(front->loop_.get_executor(),
                                                   [raw = front.get()](int signal) { raw->OnSignal(signal); });
  front->thread_ = std::thread([raw = front.get()] { raw->loop_.run(); });
  return front;
}

Front::~Front() {
  if (!thread_.joinable()) return;
  boost::asio::post(
      loop_, [this] { net::StartTask(loop_.get_executor(), "admin close", Close(), {}, [this] { work_.reset(); }); });
  thread_.join();
}

Task<void> Front::Close() {
  if (signals_) signals_->Close();
  if (server_) co_await server_->Drain(Deadline::After(kCloseGrace));
  server_.reset();
}

void Front::Attach(ControlPart control) {
  const std::lock_guard lock(mutex_);
  control_ = std::move(control);
}

Task<void> Front::Detach() {
  {
    const std::lock_guard lock(mutex_);
    control_.reset();
  }
  health_.Forget();
  const Deadline patience = Deadline::After(kCloseGrace);
  while (forwarded_ > 0 && !patience.passed()) {
    const Result<void> slept = co_await net::SleepFor(kDetachPause);
    if (!slept) break;
  }
}

void Front::ReleaseSignals() {
  boost::asio::post(loop_, [this] { signals_->Close(); });
}

void Front::OnSignal(int signal) {
  if (signal == SIGTERM || signal == SIGINT) {
    telemetry::Log(telemetry::Level::kInfo, "server.signalled", "Pando was told to stop by SIGTERM or SIGINT");
    return stop_.Ask();
  }
  const std::lock_guard lock(mutex_);
  if (!control_) return;
  boost::asio::post(control_->executor, [on_signal = control_->on_signal, signal] { on_signal(signal); });
}

std::optional<Task<void>> Front::Handle(http::Request& request, http::Response& response) {
  if (admin::NeedsControl(request)) return Forward(request, response);
  response = admin::Answer(request, own_sources_);
  return std::nullopt;
}

// Counted under the lock, so that Detach() waits for those that have it.
std::optional<ControlPart> Front::TakeControl() {
  const std::lock_guard lock(mutex_);
  if (control_) ++forwarded_;
  return control_;
}

Task<void> Front::Forward(http::Request& request, http::Response& response) {
  const std::optional<ControlPart> control = TakeControl();
  if (!control) {
    response = admin::RenderError(503, Error(ErrorId::kCatalogNotLoaded, "the server is starting or stopping"));
    co_return;
  }
  Task<http::Response> answer = AnswerThere(request, control->sources);
  response = co_await RunOn(control->executor, std::move(answer));
  --forwarded_;
}

}  // namespace pando::server
