#include "serve/rest_handler.h"

#include <chrono>
#include <string>
#include <utility>

#include "serve/allow.h"
#include "serve/answer.h"
#include "serve/cors.h"
#include "serve/errors.h"
#include "serve/http_caching.h"
#include "serve/long_work.h"
#include "serve/root.h"

namespace pando::serve {

using rest::Action;

namespace {

void AddFieldsOfAll(const http::Request& request, const RestOptions& options, Timing& timing,
                    http::Response& response) {
  timing.Mark(Phase::kResponse);
  if (options.server_timing_enabled) response.headers.Set("Server-Timing", timing.Header());
  if (!options.trace_header) return;
  if (const auto trace = request.headers.Find(*options.trace_header))
    response.headers.Set(*options.trace_header, *trace);
}

// The labels by which the exchange is observed.
void AddLabels(const RequestState& state) {
  if (state.at_root) state.response.route = "/";
  if (state.shape) state.response.route = state.shape->route;
  if (state.principal) state.response.role = state.role();
}

void Prepare(RequestState& state) {
  if (const auto wait = state.shape->request.preferences.wait_seconds) {
    const Deadline patience(state.http.received_at + std::chrono::seconds(*wait));
    state.http.deadline = state.http.deadline.Min(patience);
  }
  state.timing.Mark(Phase::kPlan);
  state.is_cautious = !KnowsSchema(*state.config);
}

// A write whose answer is made is done, for its transaction has ended. A client that gets an error in place of the
// answer would conclude that nothing was written.
Result<void> AfterWrite(const RequestState& state, Result<void> made) {
  const Demand& demand = state.demand();
  if (made || !demand.writes || demand.finish == pg::Finish::kRollback) return made;
  const std::string hint = made.error().hint() ? *made.error().hint() + " " : "";
  return made.error().WithHint(hint + "The write was done.");
}

Result<void> Render(RequestState& state, Outcome& outcome) {
  state.timing.Mark(Phase::kTransaction);
  const Config& config = *state.config;
  const AnswerOptions options{config.url_prefix, state.canonical, config.tx_override_allowed,
                              config.rest.client_error_verbosity == "minimal"};
  const Shape& shape = *state.shape;
  PANDO_CHECK(AfterWrite(state, MakeAnswer(outcome, shape.request, shape.plan, options, state.response)));
  if (!state.root_type.empty()) state.response.headers.Set("Content-Type", state.root_type);
  if ((!state.is_get && !shape.request.head) || shape.plan.media.explain) return {};
  const Freshness& freshness = shape.freshness;
  AddCachingHeaders(state.principal->anonymous ? freshness.anonymous : freshness.signed_in, shape.request.head,
                    state.response);
  return {};
}

}  // namespace

RestHandler::RestHandler(const Deps& deps, std::shared_ptr<const Config> config)
    : worker_(deps.worker),
      config_(config),
      shapes_({deps.worker, deps.print_memory, deps.memory}, config),
      answers_(deps.cache, config),
      execution_({deps.database, deps.worker, deps.print_memory, deps.memory}),
      root_({deps.database, deps.worker, deps.documents}),
      gate_(deps.database),
      errors_(deps.database, deps.denied_log) {}

void RestHandler::Update(std::shared_ptr<const Config> config) {
  config_ = config;
  shapes_.Update(config);
  answers_.Update(std::move(config));
}

// A stored answer is given without a coroutine.
std::optional<Task<void>> RestHandler::Handle(http::Request& request, http::Response& response) {
  const RestOptions& options = config_->rest;
  if (AnswerPreflight(request, options, response)) return std::nullopt;
  Timing timing(options.server_timing_enabled);
  Result<Caller> caller = Authenticate(request);
  timing.Mark(Phase::kJwt);
  const auto found = caller ? answers_.FindFirst(request, **caller) : nullptr;
  if (!found) return Answer(request, response, std::move(caller), timing);
  AnswerStored(request, **caller, timing, found, response);
  return std::nullopt;
}

Result<RestHandler::Caller> RestHandler::Authenticate(const http::Request& request) const {
  const auto authorization = request.headers.Find("authorization");
  const auto apikey = request.headers.Find("apikey");
  return config_->verifier->Authenticate(authorization, apikey, std::chrono::system_clock::now());
}

void RestHandler::AnswerStored(const http::Request& request, const auth::Principal& caller, Timing& timing,
                               const std::shared_ptr<const cache::Answer>& answer, http::Response& response) const {
  AnswerCache::Render(answer, response);
  response.role = caller.role;
  AddFieldsOfAll(request, config_->rest, timing, response);
  if (IsConditional(request)) AnswerConditionally(request, AnswerCache::ETagOf(*answer), response);
  AddCorsHeaders(request, config_->rest, response);
}

Task<void> RestHandler::Answer(http::Request& request, http::Response& response, Result<Caller> caller, Timing timing) {
  RequestState state(request, response, config_, timing);
  Result<void> served;
  if (caller) {
    state.principal = std::move(*caller);
    served = co_await Serve(state);
    if (state.made_by_worker) worker_.ReturnMemory();  // the parameters are gone
  } else {
    served = caller.error();
  }
  if (state.found) co_return AnswerStored(request, *state.principal, state.timing, state.found, response);
  answers_.Leave(state, served);
  if (!served) {
    std::optional<Task<void>> rendering = errors_.Render(state, served.error());
    if (rendering) co_await std::move(*rendering);
  }
  AddLabels(state);
  AddFieldsOfAll(request, state.config->rest, state.timing, response);
  if (served && IsConditional(request)) {
    AnswerConditionally(request, response.headers.Find(kETag).value_or(""), response);
  }
  answers_.NoteWrite(state);
  AddCorsHeaders(request, state.config->rest, response);
  if (served) answers_.AddStatus(state);
}

// The walk of a request that no stored answer was found for. Fills state.response, or sets state.found.
Task<Result<void>> RestHandler::Serve(RequestState& state) {
  if (!shapes_.Recall(state)) {
    PANDO_CO_TRY(const bool has_shape, co_await FindShape(state));
    if (!has_shape) co_return Result<void>();  // answered without a statement
  }
  Prepare(state);
  if (answers_.Enter(state) == AnswerCache::Turn::kJoin) {
    const bool is_found = co_await answers_.Join(state);
    if (is_found) co_return Result<void>();
  }
  Executed executed;
  PANDO_CO_CHECK(co_await execution_.Run(state, executed));
  if (executed.printed == Printed::kOnlyByDatabase) {
    Abandon(state.fill, Unproven::kFailed);  // the new shape is not the one that the answer would be stored by
    PANDO_CO_CHECK(shapes_.MakeForDatabase(state));
    executed = Executed();
    PANDO_CO_CHECK(co_await execution_.RunAlone(state, executed));
  }
  PANDO_CO_CHECK(Render(state, executed.outcome));
  answers_.Store(state, executed.rows);
  co_return Result<void>();
}

// False: the request is answered, and needs no statement.
Task<Result<bool>> RestHandler::FindShape(RequestState& state) {
  if (IsLong(state.http)) {
    if (!state.config->catalog) co_return NotLoaded();
    PANDO_CO_CHECK(co_await shapes_.MakeLong(state));
    state.timing.Mark(Phase::kParse);
    co_return true;
  }
  PANDO_CO_TRY(rest::Request request, ParseHttp(state.http, state.http.query(), *state.config));
  state.timing.Mark(Phase::kParse);
  if (!state.config->catalog) co_return NotLoaded();
  if (request.action == Action::kDescribe) {
    PANDO_CO_TRY(state.response, DescribeResource(request, *state.config->catalog, state.role()));
    co_return false;
  }
  if (request.action == Action::kInspect) co_return co_await FindShapeOfRoot(state, std::move(request));
  PANDO_CO_CHECK(shapes_.Make(state, std::move(request)));
  co_return true;
}

// The root is a function where rest.root_spec names one, and an OpenAPI document otherwise.
Task<Result<bool>> RestHandler::FindShapeOfRoot(RequestState& state, rest::Request request) {
  state.at_root = true;
  const Config& config = *state.config;
  if (!config.rest.root_spec) {
    PANDO_CO_CHECK(co_await root_.Serve(state, request));
    co_return false;
  }
  PANDO_CO_TRY(state.root_type, TurnIntoCall(request, *config.rest.root_spec, *config.catalog, state.role()));
  PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), config, state.role(), Printer::kServer));
  state.Take(std::move(shape));
  co_return true;
}

Task<bool> RestHandler::AdmitBody(http::Request& request, http::Response& response) {
  RequestState state(request, response, config_, Timing(config_->rest.server_timing_enabled));
  Result<void> admitted;
  Result<Caller> caller = Authenticate(request);
  if (caller) {
    state.principal = std::move(*caller);
    state.timing.Mark(Phase::kJwt);
    admitted = co_await gate_.Admit(state);
  } else {
    admitted = caller.error();
  }
  if (admitted) co_return true;
  std::string route = std::move(response.route);
  std::optional<Task<void>> rendering = errors_.Render(state, admitted.error());
  if (rendering) co_await std::move(*rendering);
  response.route = std::move(route);
  if (state.principal) response.role = state.role();
  AddFieldsOfAll(request, state.config->rest, state.timing, response);
  AddCorsHeaders(request, state.config->rest, response);
  co_return false;
}

http::Response RestHandler::RenderRefusal(int status, const Error& error, const http::Request* request) const {
  http::Response response = RenderErrorWithStatus(status, error, config_->rest.client_error_verbosity == "minimal");
  AddCorsHeadersToRefusal(request, config_->rest, response);
  return response;
}

}  // namespace pando::serve
