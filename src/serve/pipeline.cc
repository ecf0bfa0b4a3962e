#include "serve/pipeline.h"

#include "pg/connection.h"
#include "pgtypes/sqlstate.h"
#include "plan/cheap.h"
#include "serve/allow.h"
#include "serve/answer.h"
#include "serve/cors.h"
#include "serve/errors.h"
#include "serve/http_caching.h"
#include "serve/long_work.h"
#include "serve/meant_path.h"
#include "serve/missing_grant.h"
#include "serve/pipeline_work.h"
#include "serve/root.h"
#include "serve/settings.h"
#include "sql/accessible.h"
#include "sql/flat.h"
#include "telemetry/log.h"

namespace pando::serve {

namespace sqlstate = pgtypes::sqlstate;
using rest::Action;

namespace {

// A count that is estimated is exact as long as it is small.
void TakeEstimate(Outcome& outcome, const plan::Plan& plan, int64_t estimate) {
  const bool exact = plan.count == plan::Count::kEstimated && plan.estimate_from &&
                     outcome.total.value_or(0) <= int64_t{*plan.estimate_from};
  if (!exact) outcome.total = std::max(outcome.total.value_or(0), estimate);
}

constexpr size_t kToldMissingMax = 200;

void LogFailure(const Error& error, const std::string& request_id) {
  if (!telemetry::LogEnabled(telemetry::Level::kWarn)) return;
  const std::string text = error.ToString();
  const std::string where = error.where();
  telemetry::Log(telemetry::Level::kWarn, "request.failed", text, {{"request_id", request_id}, {"where", where}});
}

}  // namespace

// What is kept is answered without a coroutine.
std::optional<Task<void>> Pipeline::Handle(http::Request& request, http::Response& response) {
  const RestOptions& options = config_->rest;
  if (AnswerPreflight(request, options, response)) return std::nullopt;
  Timing timing(options.server_timing_enabled);
  Result<Caller> caller = Authenticate(request);
  timing.Mark(Phase::kJwt);
  Found found;
  if (caller) found = FindKept(request, **caller);
  if (!found.answer) return AnswerFresh(request, response, std::move(caller), timing, found.is_keyed);
  deps_.cache.counts->hits.Add();
  AnswerKept(request, **caller, timing, found.answer, response);
  return std::nullopt;
}

Task<void> Pipeline::AnswerFresh(http::Request& request, http::Response& response, Result<Caller> caller, Timing timing,
                                 bool is_keyed) {
  Work work(request, response, config_, timing);
  work.is_keyed = is_keyed;
  Result<void> served;
  if (!caller) {
    served = caller.error();
  } else {
    work.principal = std::move(*caller);
    if (Recall(work)) {
      served = co_await ServeShape(work);
    } else {
      served = co_await Serve(work);
    }
  }
  if (work.found) co_return AnswerKept(request, *work.principal, work.timing, work.found, response);
  if (!served) AnswerError(work, served.error());
  if (work.at_root) response.route = "/";
  if (work.shape) response.route = work.shape->route;
  if (work.principal) response.role = work.role();
  Finish(request, work.config->rest, work.timing, response);
  if (served && IsConditional(request)) {
    AnswerConditionally(request, response.headers.Find(kETag).value_or(""), response);
  }
  NoteWrite(work);
  // Whoever goes away leaves it to those who wait.
  if (!served && served.error().id() == ErrorId::kRequestCancelled) work.lead.reset();
  Lose(work, Unproven::kFailed);
  AddCorsHeaders(request, work.config->rest, response);
  if (AsksCache(request) && served) AddCacheStatus(work);
}

void Pipeline::Finish(const http::Request& request, const RestOptions& options, Timing& timing,
                      http::Response& response) {
  timing.Mark(Phase::kResponse);
  if (options.server_timing_enabled) response.headers.Set("Server-Timing", timing.Header());
  if (!options.trace_header) return;
  if (const auto trace = request.headers.Find(*options.trace_header))
    response.headers.Set(*options.trace_header, *trace);
}

void Pipeline::AnswerError(Work& work, const Error& error) {
  const bool anonymous = !work.principal || work.principal->has_anonymous_role;
  const std::string& verbosity = work.config->rest.client_error_verbosity;
  const ErrorContext context{anonymous, verbosity == "minimal", verbosity == "postgrest"};
  work.response = RenderError(WithHints(work, error), context);
  if (work.response.status >= 500) LogFailure(error, work.http.id);
}

Error Pipeline::WithHints(const Work& work, const Error& error) {
  const Config& config = *work.config;
  if (error.id() == ErrorId::kInvalidPath) {
    const std::string& schema = SchemaNamed(work.http, config);
    return WithMeantPath(error, {work.http.path(), config.rest.prefix, schema, config.catalog.get()});
  }
  if (error.hint() || !work.principal) return error;
  const std::string& schema = work.shape ? work.shape->request.schema : config.rest.schemas.front();
  const plan::Plan* const plan = work.shape ? &work.shape->plan : nullptr;
  const auto missing = MissingPrivilege(error, {work.role(), schema, config.catalog.get(), plan, work.http.method});
  if (!missing) return error;
  LogMissing(work, *missing);
  return config.rest.client_error_verbosity == "verbose" ? error.WithHint(*missing) : error;
}

// Once for each privilege: callers may ask again and again for what is not theirs.
void Pipeline::LogMissing(const Work& work, const std::string& missing) {
  if (told_missing_.size() >= kToldMissingMax || !told_missing_.insert(missing).second) return;
  const std::string text = "a request was denied; where the role is meant to do this: " + missing;
  telemetry::Log(telemetry::Level::kInfo, "request.denied", text,
                 {{"request_id", work.http.id}, {"role", work.role()}});
}

http::Response Pipeline::RenderRefusal(int status, const Error& error, const http::Request* request) const {
  http::Response response = RenderErrorWithStatus(status, error, config_->rest.client_error_verbosity == "minimal");
  AddCorsHeadersToRefusal(request, config_->rest, response);
  return response;
}

Result<Pipeline::Caller> Pipeline::Authenticate(const http::Request& request) const {
  const auto authorization = request.headers.Find("authorization");
  const auto apikey = request.headers.Find("apikey");
  return config_->verifier->Authenticate(authorization, apikey, std::chrono::system_clock::now());
}

// Fills `work.response`, as do those below.
Task<Result<void>> Pipeline::Serve(Work& work) {
  if (IsLong(work.http)) co_return co_await ServeLong(work);
  PANDO_CO_TRY(rest::Request request, ParseHttp(work.http, work.http.query(), *work.config));
  work.timing.Mark(Phase::kParse);
  if (!work.config->catalog) co_return NotLoaded();
  co_return co_await ServeRest(work, std::move(request));
}

// True when the request's shape is known: nothing is left to parse.
bool Pipeline::Recall(Work& work) {
  if (!Cut(work)) return false;
  std::optional<ShapeCache::Recalled> recalled = shapes_.Recall(cut_);
  if (recalled && IsLeftToDatabase(work, *recalled->shape)) {
    cut_.LeaveToDatabase();
    recalled = shapes_.Recall(cut_);
  }
  if (!recalled) return false;
  work.shape = std::move(recalled->shape);
  work.learned = std::move(recalled->learned);
  work.parameters = std::move(recalled->parameters);
  work.canonical = std::move(recalled->canonical);
  work.timing.Mark(Phase::kParse);
  return true;
}

// `shape` is written for the server to print.
bool Pipeline::IsLeftToDatabase(Work& work, const Shape& shape) const {
  work.print_key = shape.print_key;
  const bool is_left = shape.statement.shape.flat && deps_.print_memory.DatabasePrints(shape.print_key);
  work.printer = is_left ? Printer::kDatabase : Printer::kServer;
  return is_left;
}

void Pipeline::Remember(const Work& work) {
  if (!Cut(work)) return;
  if (work.printer == Printer::kDatabase) cut_.LeaveToDatabase();
  shapes_.Remember(cut_, work.http, *work.config, work.role());
}

// Fills `cut_`. The shapes are those of the configuration in force: a request that is older has none.
bool Pipeline::Cut(const Work& work) {
  if (!work.is_get && work.http.headers.Find("content-encoding")) return false;  // is to be refused, perhaps
  return work.config == config_ && ShapeCache::Cut(work.http, work.config->rest.prefix, work.role(), cut_);
}

Task<Result<void>> Pipeline::ServeRest(Work& work, rest::Request request) {
  if (request.action == Action::kDescribe) {
    PANDO_CO_TRY(work.response, DescribeResource(request, *work.config->catalog, work.role()));
    co_return Result<void>();
  }
  if (request.action == Action::kInspect) co_return co_await ServeRoot(work, std::move(request));
  PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), *work.config, work.role(), Printer::kServer));
  if (IsLeftToDatabase(work, shape)) {
    PANDO_CO_TRY(shape, MakeShape(std::move(shape.request), *work.config, work.role(), Printer::kDatabase));
  }
  if (IsWriteOfResource(shape.request.action) && IsConditional(work.http)) PANDO_CO_CHECK(ReadCurrent(work, shape));
  Remember(work);
  work.Take(std::move(shape));
  co_return co_await ServeShape(work);
}

Task<Result<void>> Pipeline::ServeRoot(Work& work, rest::Request request) {
  work.at_root = true;
  const RestOptions& options = work.config->rest;
  if (options.root_spec) {
    PANDO_CO_TRY(const std::string type, TurnIntoCall(request, *options.root_spec, *work.config->catalog, work.role()));
    PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), *work.config, work.role(), Printer::kServer));
    work.Take(std::move(shape));
    PANDO_CO_CHECK(co_await ServeShape(work));
    work.response.headers.Set("Content-Type", type);
    co_return Result<void>();
  }
  if (options.openapi_mode == "disabled") {
    co_return Error(ErrorId::kOpenApiDisabled, "Root endpoint metadata is disabled");
  }
  co_return co_await ServeOpenApi(work, request);
}

Task<Result<void>> Pipeline::ServeOpenApi(Work& work, const rest::Request& request) {
  PANDO_CO_TRY(const OpenApiVersion version, ChooseOpenApi(request.accept));
  work.timing.Mark(Phase::kPlan);
  OpenApiDocuments::Key key{work.config, request.schema, version, std::nullopt,
                            ExtensionFunctionsFor(*work.config->catalog, request.schema, work.role())};
  if (work.config->rest.openapi_mode == "follow-privileges") {
    PANDO_CO_TRY(key.accessible, co_await QueryAccessible(work, request));
  }
  work.timing.Mark(Phase::kTransaction);
  http::Response& response = work.response;
  response.headers.Add("Content-Type", OpenApiContentType(version));
  AddVary(response);
  if (request.schema_negotiated) response.headers.Add("Content-Profile", request.schema);
  OpenApiDocuments::Document document = deps_.documents.Find(key);
  if (!document) {
    // By value: the work may outlive a caller that goes away. Of callers who wait for one document the first writes it.
    std::function<OpenApiDocuments::Document()> write = [documents = &deps_.documents, key = std::move(key)] {
      return documents->FindOrWrite(key);
    };
    PANDO_CO_TRY(document, co_await deps_.worker.Run(std::move(write), work.http.deadline));
  }
  response.ready_body = *document;
  response.ready = std::move(document);
  co_return Result<void>();
}

Task<Result<std::vector<catalog::Oid>>> Pipeline::QueryAccessible(Work& work, const rest::Request& request) {
  const Config& config = *work.config;
  sql::Query query = sql::WriteAccessible(request.schema);
  pg::Exchange exchange;
  pg::SessionState session;
  if (config.rest.pre_request) {
    // It may refuse the caller or change the role.
    AddSettings({work.http, request, *work.principal, config.rest, *config.catalog, nullptr, /*read_only=*/true},
                exchange);
    exchange.leaves_traces = true;
    exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else {
    const RoleSettings& settings = config.roles.Of(work.role());
    session = pg::SessionState{work.role(), SearchPath(request.schema, config.rest.extra_search_path),
                               StatementTimeout(work.http, settings.statement_timeout), settings.kept};
    exchange.session = session;
  }
  exchange.commands.push_back(pg::Command{query.sql, query.parameters});
  PANDO_CO_TRY(pg::Lease lease, co_await deps_.pool.Acquire(work.http.deadline, session));
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), work.http.deadline));
  co_return ReadAccessible(rows.back());
}

Task<Result<void>> Pipeline::ServeShape(Work& work) {
  if (const auto wait = work.shape->request.preferences.wait_seconds) {
    const Deadline patience(work.http.received_at + std::chrono::seconds(*wait));
    work.http.deadline = work.http.deadline.Min(patience);
  }
  work.timing.Mark(Phase::kPlan);
  work.is_cautious = !KnowsSchema(work);
  if (IsToKeep(work)) {
    if (!flights_.Find(cache_key_)) {
      BeginFill(work);
    } else if (co_await Join(work)) {
      co_return Result<void>();
    }
    deps_.cache.counts->misses.Add();
  }
  Result<void> served;
  bool done = false;
  if (pg::Lane* const lane = LaneOf(work)) {
    // Not a coroutine of its own, which would cost an allocation for each request.
    pg::Lane::Call call(*lane, LaneStatementOf(work), work.http.deadline);
    bool woken = false;
    if (!call.done()) {
      const auto [failure] = co_await call.Wait();
      woken = bool(failure);
    }
    PANDO_CO_TRY(pg::LaneAnswer shared, call.Take(woken));
    LearnPace(work, shared);
    done = shared.rows.has_value();
    if (done) {
      pg::Rows rows = std::move(*shared.rows);
      work.bracket = std::move(shared.bracket);
      Outcome outcome;
      if (IsLong(rows)) {
        served = co_await ReadLong(work, rows, outcome);
        served = Written(work, std::move(served));
      } else {
        served = Read(work, rows, outcome);
      }
      if (served) served = AnswerShared(work, rows, outcome);
    }
  }
  if (!done) served = co_await ExecuteAlone(work);
  if (work.print_here) co_return served;
  co_return co_await ServePrinted(work);
}

// The same, printed by the database, which the next request of the shape asks at once. The look-up in the cache has
// been counted.
Task<Result<void>> Pipeline::ServePrinted(Work& work) {
  deps_.print_memory.Failed(work.print_key);
  Lose(work, Unproven::kFailed);  // the shape that is made here is not the one that it is kept by
  work.print_here = true;
  PANDO_CO_TRY(rest::Request request, ParseHttp(work.http, work.http.query(), *work.config));
  PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), *work.config, work.role(), Printer::kDatabase));
  work.Take(std::move(shape));
  co_return co_await ExecuteAlone(work);
}

// An Error with `work.print_here` cleared: the rows hold what only the database can print.
Result<void> Pipeline::Read(Work& work, const pg::Rows& rows, Outcome& outcome) {
  RowKeys* const keys = work.learned ? &work.learned->row_keys : nullptr;
  PANDO_CHECK(ReadRows(rows, *work.shape, printer_, keys, work.print_here, outcome));
  NotePrinted(work, outcome);
  return {};
}

// For the way back to printing here.
void Pipeline::NotePrinted(const Work& work, const Outcome& outcome) const {
  if (work.print_key == 0 || work.shape->statement.shape.flat) return;
  deps_.print_memory.Printed(work.print_key, outcome.page);
}

Task<Result<void>> Pipeline::ExecuteAlone(Work& work) {
  const Result<void> first = co_await ExecuteOnce(work);
  // A read has no effect that could happen twice; a broken connection is then not the client's business. Nor is it that
  // somebody else wrote what is written under conditions: they are looked at once more.
  const bool again = !first && !work.sends_once &&
                     (work.current ? first.error().sqlstate() == sqlstate::kSerializationFailure
                                   : first.error().kind() == ErrorKind::kConnectionLost && work.shape->plan.read_only);
  if (!again) co_return Result<void>(first);
  Result<void> second = co_await ExecuteOnce(work);
  const bool is_late = work.current && !second && second.error().sqlstate() == sqlstate::kSerializationFailure;
  if (is_late) co_return PreconditionFailed();
  co_return std::move(second);
}

bool Pipeline::KnowsSchema(const Work& work) {
  const std::shared_ptr<const KnownUntil>& known = work.config->catalog_known;
  return !known || known->Holds(Clock::now());
}

// A read by key that must not share a transaction still waits for no other kind of request.
pg::Pool& Pipeline::PoolOf(const Work& work) const {
  const bool is_by_key = work.shape->demand.sharing == Sharing::kAlways && work.shape->plan.read_only;
  return work.is_cautious && is_by_key ? deps_.key_lane.pool() : deps_.pool;
}

// Null: the request goes alone.
pg::Lane* Pipeline::LaneOf(const Work& work) const {
  const Shape& shape = *work.shape;
  if (work.is_cautious || shape.statement.estimate) return nullptr;
  switch (shape.demand.sharing) {
    case Sharing::kNever:
      return nullptr;
    case Sharing::kWhenQuick:
      return work.learned && work.learned->pace.MayShare(Clock::now()) ? &deps_.quick_lane : nullptr;
    case Sharing::kAlways:
      return shape.plan.read_only ? &deps_.key_lane : &deps_.write_lane;
  }
  return nullptr;
}

pg::LaneStatement Pipeline::LaneStatementOf(const Work& work) {
  const Shape& shape = *work.shape;
  pg::LaneStatement wanted;
  wanted.settings = ObservedSettings(SettingsOf(work), shape.demand.observed);
  wanted.command = CommandOf(work);
  wanted.session = std::shared_ptr<const pg::SessionState>(work.shape, &*shape.demand.session);
  if (shape.request.action == Action::kUpdate) wanted.locks = plan::LockedRow(shape.plan);
  if (work.fill) wanted.bracket = work.config->cacheables->bracket;
  wanted.valid = work.config->catalog_known;
  wanted.runs_deferred = shape.demand.runs_deferred;
  return wanted;
}

void Pipeline::LearnPace(Work& work, const pg::LaneAnswer& shared) {
  if (work.shape->demand.sharing != Sharing::kWhenQuick) return;
  Pace& pace = work.learned->pace;
  if (shared.stopped) pace.WasStopped(Clock::now());
  if (shared.rows) pace.RanTogether(shared.part, shared.rows->bytes(), Clock::now());
}

Result<void> Pipeline::AnswerShared(Work& work, const pg::Rows& rows, Outcome& outcome) {
  PANDO_CHECK(CheckOutcome(outcome, work.shape->request, work.shape->plan));
  PANDO_CHECK(Answer(work, outcome));
  Keep(work, rows);
  return {};
}

SettingsInput Pipeline::SettingsOf(const Work& work) {
  const Shape& shape = *work.shape;
  const catalog::Function* function = shape.plan.call ? shape.plan.call->function : nullptr;
  return {work.http,
          shape.request,
          *work.principal,
          work.config->rest,
          *shape.plan.catalog,
          function,
          shape.plan.read_only,
          shape.demand.repeatable_read,
          shape.demand.writes,
          work.config->roles.Of(work.role()).statement_timeout};
}

std::optional<pg::SessionState> Pipeline::SessionOf(const Work& work) {
  if (work.is_cautious) return std::nullopt;
  std::optional<pg::SessionState> session = work.shape->demand.session;
  if (!session) return session;
  const milliseconds limit = session->statement_timeout;
  session->statement_timeout =
      work.shape->demand.writes ? WriteTimeout(work.http, limit) : StatementTimeout(work.http, limit);
  return session;
}

pg::Command Pipeline::CommandOf(const Work& work) {
  const Shape& shape = *work.shape;
  pg::Command command{shape.sql, {}, shape.demand.prepared && !work.is_cautious};
  if (!work.sends_once) command.parameters = work.parameters;
  command.binary_times = shape.statement.shape.flat && !shape.demand.all_settings;
  return command;
}

pg::Exchange Pipeline::ExchangeOf(Work& work) {
  const Shape& shape = *work.shape;
  const Config& config = *work.config;
  pg::Exchange exchange;
  exchange.finish = shape.demand.finish;
  exchange.writes = shape.demand.writes;
  if (exchange.writes) {
    const milliseconds limit = StatementLimit(SettingsOf(work));
    work.limited_by_request = limit.count() == 0 || WriteTimeout(work.http, milliseconds(0)) < limit;
  }
  exchange.runs_deferred = shape.demand.runs_deferred;
  exchange.session = SessionOf(work);
  exchange.leaves_traces = shape.demand.unclean || work.is_cautious;
  exchange.ends_session = shape.demand.lasts;
  if (shape.demand.all_settings || work.is_cautious) {
    AddSettings(SettingsOf(work), exchange);
    if (config.rest.pre_request) exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else if (auto settings = ObservedSettings(SettingsOf(work), shape.demand.observed)) {
    exchange.commands.push_back(std::move(*settings));
  }
  const sql::Statement& statement = shape.statement;
  if (work.current) {
    const Shape& current = *work.current;
    exchange.commands.push_back(
        pg::Command{current.sql, current.statement.query.parameters, current.demand.prepared && !work.is_cautious});
  }
  if (work.fill) exchange.commands.push_back(config.cacheables->bracket->before);
  exchange.commands.push_back(CommandOf(work));
  if (work.sends_once) exchange.commands.back().parameters = std::move(work.parameters);
  if (statement.estimate) {
    exchange.commands.push_back(pg::Command{statement.estimate->sql, statement.estimate->parameters, false});
  }
  if (work.fill) exchange.commands.push_back(config.cacheables->bracket->after);
  return exchange;
}

Task<Result<void>> Pipeline::ExecuteOnce(Work& work) {
  const Shape& shape = *work.shape;
  work.is_cautious = !KnowsSchema(work);
  const pg::SessionState wanted = SessionOf(work).value_or(pg::SessionState{});
  const pg::Purpose purpose = shape.demand.writes ? pg::Purpose::kWrite : pg::Purpose::kRead;
  PANDO_CO_TRY(pg::Lease lease, co_await PoolOf(work).Acquire(work.http.deadline, wanted, purpose));
  // Again, for the schema may have changed while the request waited.
  work.is_cautious = !KnowsSchema(work);
  if (work.is_cautious) Lose(work, Unproven::kSchema);
  pg::Exchange exchange = ExchangeOf(work);
  const size_t behind = (shape.statement.estimate ? 1 : 0) + (work.fill ? 1 : 0);
  const size_t main = exchange.commands.size() - 1 - behind;
  const Clock::time_point begin = Clock::now();
  PANDO_CO_TRY(std::vector<pg::Rows> rows, co_await RunAlone(work, lease, std::move(exchange)));
  if (work.learned) work.learned->pace.RanAlone(Clock::now() - begin, rows[main].bytes());
  Outcome outcome;
  if (IsLong(rows[main])) {
    Result<void> read = co_await ReadLong(work, rows[main], outcome);
    PANDO_CO_CHECK(Written(work, std::move(read)));
  } else {
    PANDO_CO_CHECK(Read(work, rows[main], outcome));
  }
  if (shape.statement.estimate) {
    PANDO_CO_TRY(const int64_t estimate, ReadEstimate(rows[main + 1]));
    TakeEstimate(outcome, shape.plan, estimate);
  }
  Result<void> checked;
  if (work.current) checked = CheckCurrent(work, rows[main - 1]);
  if (checked) checked = CheckOutcome(outcome, shape.request, shape.plan);
  if (shape.demand.finish == pg::Finish::kHold) {
    PANDO_CO_CHECK(co_await EndHeld(work, lease, checked.has_value()));
  }
  PANDO_CO_CHECK(Result<void>(checked));
  PANDO_CO_CHECK(Answer(work, outcome));
  if (work.fill) {
    auto bracket = std::make_shared<pg::LaneBracketRows>();
    bracket->before = std::move(rows[main - 1]);
    bracket->after = std::move(rows.back());
    work.bracket = std::move(bracket);
    Keep(work, rows[main]);
  }
  co_return Result<void>();
}

Result<void> Pipeline::Answer(Work& work, Outcome& outcome) {
  work.timing.Mark(Phase::kTransaction);
  const Config& config = *work.config;
  const AnswerOptions options{config.url_prefix, work.canonical, config.tx_override_allowed,
                              config.rest.client_error_verbosity == "minimal"};
  const Shape& shape = *work.shape;
  PANDO_CHECK(Told(work, MakeAnswer(outcome, shape.request, shape.plan, options, work.response)));
  if ((!work.is_get && !shape.request.head) || shape.plan.media.explain) return {};
  const Freshness& freshness = shape.freshness;
  AddCachingHeaders(work.principal->anonymous ? freshness.anonymous : freshness.signed_in, shape.request.head,
                    work.response);
  return {};
}

// A write under conditions reads what there is, and is undone when that is not what it must be. Both see one snapshot,
// and what somebody else changed since fails (40001) rather than be overwritten.
Result<void> Pipeline::ReadCurrent(Work& work, Shape& shape) {
  PANDO_TRY(rest::Request request, ParseCurrent(work.http, shape.request, *work.config));
  PANDO_TRY(Shape current, MakeShape(std::move(request), *work.config, work.role(), Printer::kDatabase));
  work.current = std::make_unique<Shape>(std::move(current));
  Demand& demand = shape.demand;
  demand.all_settings = demand.repeatable_read = true;
  demand.session.reset();
  demand.sharing = Sharing::kNever;
  demand.unclean = demand.unclean || work.current->demand.unclean;
  demand.lasts = demand.lasts || work.current->demand.lasts;
  if (demand.finish == pg::Finish::kCommit) demand.finish = pg::Finish::kHold;
  return {};
}

Result<void> Pipeline::CheckCurrent(const Work& work, const pg::Rows& rows) {
  const Shape& current = *work.current;
  Outcome outcome;
  PANDO_CHECK(ReadOutcome(rows, current.statement.shape, outcome));
  const ETag etag(current.plan.media.content_type, outcome.body);
  if (EvaluateConditions(work.http, etag.text(), outcome.page > 0) != Condition::kHolds) return PreconditionFailed();
  return {};
}

}  // namespace pando::serve
