#include "serve/pipeline.h"

#include "cache/rules.h"
#include "http/response_writer.h"
#include "pgtypes/sqlstate.h"
#include "serve/allow.h"
#include "serve/answer.h"
#include "serve/cors.h"
#include "serve/errors.h"
#include "serve/http_caching.h"
#include "serve/role_settings.h"
#include "serve/root.h"
#include "serve/settings.h"
#include "serve/timing.h"
#include "sql/accessible.h"
#include "sql/flat.h"
#include "telemetry/log.h"

namespace pando::serve {

using cache::Holds;
using cache::Rule;
namespace sqlstate = pgtypes::sqlstate;
using rest::Action;

struct Pipeline::Work {
  Work(http::Request& request, http::Response& response, std::shared_ptr<const Config> current)
      : http(request), response(response), config(std::move(current)) {}

  const std::string& role() const { return principal->role; }

  // `made` is of this very request.
  void Take(Shape made) {
    parameters = made.statement.query.parameters;
    canonical = made.request.query.canonical;
    shape = std::make_shared<const Shape>(std::move(made));
    learned = nullptr;
  }

  http::Request& http;
  http::Response& response;
  std::shared_ptr<const Config> config;
  std::shared_ptr<const auth::Principal> principal;
  std::shared_ptr<const Shape> shape;  // null for the root and OPTIONS
  std::shared_ptr<Learned> learned;    // null when the shape is not remembered
  // What this request adds to its shape.
  std::vector<sql::Parameter> parameters;
  std::string canonical;  // query string
  // Of a write with conditions: the read of what there is.
  std::optional<Shape> current;
  bool at_root = false;
  bool print_here = true;             // false once a value came that only the database can print as JSON
  std::optional<Flights::Lead> lead;  // of an answer that is to be kept, as is `fill`
  std::optional<cache::Store::Fill> fill;
  std::shared_ptr<const pg::LaneBracketRows> bracket;
  bool kept = false;
  Uncacheable why_not = Uncacheable::kNo;      // it was not looked for to be kept
  std::shared_ptr<const cache::Answer> found;  // in the cache
  Timing timing;
};

namespace {

constexpr std::string_view kPosition = "Pando-Position";

// A count that is estimated is exact as long as it is small.
void TakeEstimate(Outcome& outcome, const plan::Plan& plan, int64_t estimate) {
  const bool exact = plan.count == plan::Count::kEstimated && plan.estimate_from &&
                     outcome.total.value_or(0) <= int64_t{*plan.estimate_from};
  if (!exact) outcome.total = std::max(outcome.total.value_or(0), estimate);
}

Error NotLoaded() {
  return Error(ErrorId::kCatalogNotLoaded, "Could not query the database for the schema cache. Retrying.");
}

// Everything of a request that shapes its answer, but for the claims: where they do, a signpost is there.
void WriteCacheKey(const http::Request& request, const auth::Principal& principal, std::string& key) {
  key.assign(request.target);
  AppendReadHeaders(request, key);
  key.append(principal.anonymous ? "\na" : "\ns");  // what outer caches are told differs
  key.append(principal.role);                       // last, for it may hold anything
}

// Of a replica there is none: its snapshots call open transactions visible.
std::optional<cache::Snapshot> SnapshotOf(const pg::Rows& rows) {
  return rows.size() == 1 ? cache::Snapshot::Parse(rows.Get(0, 0).value_or("")) : std::nullopt;
}

// What is looked at again by If-Match: not what is made, nor what a function does.
bool IsWriteOfResource(Action action) {
  return action == Action::kUpdate || action == Action::kDelete || action == Action::kPut;
}

void LogFailure(const Error& error, const std::string& request_id) {
  if (!telemetry::LogEnabled(telemetry::Level::kWarn)) return;
  const std::string text = error.ToString();
  const std::string where = error.where();
  telemetry::Log(telemetry::Level::kWarn, "request.failed", text, {{"request_id", request_id}, {"where", where}});
}

}  // namespace

Task<void> Pipeline::Handle(http::Request& request, http::Response& response) {
  Work work(request, response, config_);
  const RestOptions& options = work.config->rest;
  if (auto preflight = AnswerPreflight(work.http, options)) {
    response = std::move(*preflight);
    co_return;
  }
  Result<void> served = Authenticate(work);
  if (served && FindKept(work)) {
    deps_.cache.counts->hits.Add();
  } else if (served) {
    if (Recall(work)) {
      served = co_await ServeShape(work);
    } else {
      served = co_await Serve(work);
    }
  }
  if (!served) {
    const bool anonymous = !work.principal || work.principal->anonymous;
    response = RenderError(served.error(), ErrorContext{anonymous, options.client_error_verbosity == "minimal"});
    if (response.status >= 500) LogFailure(served.error(), work.http.id);
  }
  if (work.at_root) response.route = "/";
  if (work.shape) response.route = work.shape->route;
  if (work.principal) response.role = work.role();
  work.timing.Mark(Phase::kResponse);
  if (options.server_timing_enabled) response.headers.Set("Server-Timing", work.timing.Header());
  if (options.trace_header) {
    if (auto trace = work.http.headers.Find(*options.trace_header)) {
      response.headers.Set(*options.trace_header, *trace);
    }
  }
  if (served) AnswerConditionally(work.http, ETagOf(work), response);
  NoteWrite(work);
  // Whoever goes away leaves it to those who wait.
  if (!served && served.error().id() == ErrorId::kRequestCancelled) work.lead.reset();
  Lose(work, Unproven::kFailed);
  AddCorsHeaders(work.http, options, response);
  if (deps_.cache.store && !response.ready && work.http.method == "GET" && served) {
    response.headers.Add("Cache-Status", CacheStatus(work));
  }
}

Result<void> Pipeline::Authenticate(Work& work) {
  const auto authorization = work.http.headers.Find("authorization");
  const auto apikey = work.http.headers.Find("apikey");
  PANDO_TRY(work.principal,
            work.config->verifier->Authenticate(authorization, apikey, std::chrono::system_clock::now()));
  // SET ROLE none means the login role, which may become any other: never what a token may ask for.
  if (work.role() == "none") return Error::FromDatabase("22023", "role \"none\" does not exist");
  work.timing.Mark(Phase::kJwt);
  return {};
}

// Fills `work.response`, as do those below.
Task<Result<void>> Pipeline::Serve(Work& work) {
  PANDO_CO_TRY(rest::Request request, ParseHttp(work.http, work.http.query(), *work.config));
  work.timing.Mark(Phase::kParse);
  if (!work.config->catalog) co_return NotLoaded();
  co_return co_await ServeRest(work, std::move(request));
}

// True when the answer was in the cache: `work.response` is filled.
bool Pipeline::FindKept(Work& work) {
  if (!AsksCache(work) || !work.config->cacheables || WhyNotNow(work) != Uncacheable::kNo) return false;
  WriteCacheKey(work.http, *work.principal, cache_key_);
  std::shared_ptr<const cache::Answer> answer = deps_.cache.store->Find(cache_key_);
  if (answer && answer->completed_by) {
    auth::AppendClaims(*work.principal, *answer->completed_by, cache_key_);
    answer = deps_.cache.store->Find(cache_key_);
  }
  if (!answer) return false;
  http::Response& response = work.response;
  response.status = answer->status;
  response.ready_header = answer->header;
  response.ready_body = answer->body;
  response.route = answer->route;
  response.ready = answer;
  work.found = std::move(answer);
  return true;
}

bool Pipeline::AsksCache(const Work& work) const { return deps_.cache.store && work.http.method == "GET"; }

// kNo: the stream is young enough to be believed, and shows what the caller wrote.
Uncacheable Pipeline::WhyNotNow(const Work& work) const {
  const Clock::time_point fresh_at = deps_.cache.fresh_at();
  const bool fresh =
      fresh_at != Clock::time_point::min() && work.http.received_at - fresh_at <= deps_.cache.staleness_max;
  if (!fresh && Holds(Rule::kStaleness)) return Uncacheable::kStale;
  if (!ShowsOwnWrites(work, fresh_at) && Holds(Rule::kOwnWrites)) return Uncacheable::kOwnWrites;
  return Uncacheable::kNo;
}

Uncacheable Pipeline::WhyNotKept(const Work& work, const pg::Lane* lane) const {
  if (!work.config->cacheables) return Uncacheable::kNoStream;
  if (!work.learned || work.config != config_) return Uncacheable::kFirstSight;
  const Uncacheable why_not = work.shape->cache.why_not;
  if (why_not != Uncacheable::kNo) return why_not;
  return lane ? WhyNotNow(work) : Uncacheable::kAlone;
}

bool Pipeline::ShowsOwnWrites(const Work& work, Clock::time_point fresh_at) const {
  const OwnWrites& writes = *deps_.cache.own_writes;
  if (!work.principal->anonymous && writes.LastBy(work.principal->caller) >= fresh_at) return false;
  const auto position = work.http.headers.Find(kPosition);
  if (!position) return true;
  const std::optional<Clock::time_point> at = writes.ReadPosition(*position);
  return at && *at < fresh_at;
}

// Whether it was done or not: who was told nothing may have written.
void Pipeline::NoteWrite(Work& work) {
  const std::string& method = work.http.method;
  if (!deps_.cache.store || !work.principal || method == "GET" || method == "HEAD" || method == "OPTIONS") return;
  if (work.shape && work.shape->plan.read_only) return;
  const Clock::time_point now = Clock::now();
  if (!work.principal->anonymous) deps_.cache.own_writes->Note(work.principal->caller, now);
  work.response.headers.Add(kPosition, deps_.cache.own_writes->WritePosition(now));
}

// Of a read that was not found, before its statement is sent: whether its answer is to be kept, under the key in
// cache_key_. Null: it goes alone.
bool Pipeline::IsToKeep(Work& work, const pg::Lane* lane) {
  if (!AsksCache(work)) return false;
  work.why_not = WhyNotKept(work, lane);
  if (work.why_not != Uncacheable::kNo) {
    deps_.cache.counts->Bypasses(work.why_not).Add();
    return false;
  }
  WriteWholeKey(work);
  if (deps_.cache.store->Admits(cache_key_)) return true;
  deps_.cache.counts->misses.Add();
  return false;
}

void Pipeline::WriteWholeKey(const Work& work) {
  WriteCacheKey(work.http, *work.principal, cache_key_);
  if (work.shape->cache.claims) auth::AppendClaims(*work.principal, *work.shape->cache.claims, cache_key_);
}

// Waits as long as somebody else brings the same answer into the cache. True when it was found there. Else the caller
// brings it, unless that would be in vain.
Task<bool> Pipeline::Join(Work& work) {
  bool in_vain = false;
  while (std::shared_ptr<Flight> flight = flights_.Find(cache_key_)) {
    const Result<void> landed = co_await flight->landed.Wait(work.http.deadline);
    if (FindKept(work)) {
      deps_.cache.counts->joined.Add();
      co_return true;
    }
    WriteWholeKey(work);
    in_vain = flight->in_vain || !landed;
    if (in_vain) break;
  }
  if (!in_vain) BeginFill(work);
  co_return false;
}

// REQUIRES: nobody else fills what has the key in cache_key_
void Pipeline::BeginFill(Work& work) {
  work.lead.emplace(flights_.Begin(cache_key_));
  work.fill.emplace(deps_.cache.store->Begin());
}

// Empty when the answer has none.
std::string_view Pipeline::ETagOf(const Work& work) {
  return work.found ? work.found->etag : work.response.headers.Find("ETag").value_or("");
}

// RFC 9211, for an answer that was not in the cache.
std::string Pipeline::CacheStatus(const Work& work) {
  if (work.kept) return "pando; fwd=uri-miss; stored";
  if (work.why_not == Uncacheable::kNo || work.why_not == Uncacheable::kFirstSight) return "pando; fwd=uri-miss";
  return "pando; fwd=bypass; detail=\"" + std::string(Words(work.why_not)) + "\"";
}

// The answer is not kept though it may be.
void Pipeline::Lose(Work& work, Unproven why) {
  if (!work.fill) return;
  work.fill.reset();
  if (work.lead) work.lead->flight().in_vain = true;
  work.lead.reset();
  deps_.cache.counts->Lost(why).Add();
}

void Pipeline::Keep(Work& work, const pg::Rows& rows) {
  if (!work.fill) return;
  const std::shared_ptr<const pg::LaneBracketRows> bracket = std::move(work.bracket);
  if (!bracket) return Lose(work, Unproven::kAlone);
  if (work.response.status != 200) return Lose(work, Unproven::kFailed);
  const std::optional<cache::Snapshot> snapshot = SnapshotOf(bracket->before);
  if (!snapshot) return Lose(work, Unproven::kReplica);
  if (bracket->after.Get(0, 0) != "t") return Lose(work, Unproven::kSchema);
  const CacheRule& rule = work.shape->cache;
  if (snapshot->xmin() < rule.visible_from && Holds(Rule::kVisibleFrom)) return Lose(work, Unproven::kPublished);
  auto answer = std::make_shared<cache::Answer>();
  answer->status = work.response.status;
  answer->header = http::WriteFields(work.response.headers) + "Cache-Status: pando; hit\r\n";
  answer->body = work.response.body;
  answer->route = work.shape->route;
  answer->etag = ETagOf(work);
  const std::vector<cache::Tag> tags = TagsOf(rule, work.parameters, rows);
  WriteCacheKey(work.http, *work.principal, cache_key_);
  if (rule.claims) {
    auto signpost = std::make_shared<cache::Answer>();
    signpost->completed_by = rule.claims;
    deps_.cache.store->Post(*work.fill, cache_key_, std::move(signpost));
    auth::AppendClaims(*work.principal, *rule.claims, cache_key_);
  }
  const cache::Kept kept =
      deps_.cache.store->Keep(std::move(*work.fill), cache_key_, *snapshot, tags, std::move(answer));
  work.kept = kept == cache::Kept::kYes;
  work.fill.reset();
  work.lead->flight().in_vain = !work.kept;
  work.lead.reset();
}

// True when the request's shape is known: nothing is left to parse.
bool Pipeline::Recall(Work& work) {
  if (!Cut(work)) return false;
  std::optional<ShapeCache::Recalled> recalled = shapes_.Recall(cut_);
  if (!recalled) return false;
  work.shape = std::move(recalled->shape);
  work.learned = std::move(recalled->learned);
  work.parameters = std::move(recalled->parameters);
  work.canonical = std::move(recalled->canonical);
  work.timing.Mark(Phase::kParse);
  return true;
}

void Pipeline::Remember(const Work& work) {
  if (Cut(work)) shapes_.Remember(cut_, work.http, *work.config, work.role());
}

// Fills `cut_`. The shapes are those of the configuration in force: a request that is older has none.
bool Pipeline::Cut(const Work& work) {
  return work.config == config_ && ShapeCache::Cut(work.http, work.config->rest.prefix, work.role(), cut_);
}

Task<Result<void>> Pipeline::ServeRest(Work& work, rest::Request request) {
  if (request.action == Action::kDescribe) {
    PANDO_CO_TRY(work.response, DescribeResource(request, *work.config->catalog));
    co_return Result<void>();
  }
  if (request.action == Action::kInspect) co_return co_await ServeRoot(work, std::move(request));
  PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), *work.config, work.role(), Printer::kServer));
  if (IsWriteOfResource(shape.request.action) && IsConditional(work.http)) PANDO_CO_CHECK(ReadCurrent(work, shape));
  Remember(work);
  work.Take(std::move(shape));
  co_return co_await ServeShape(work);
}

Task<Result<void>> Pipeline::ServeRoot(Work& work, rest::Request request) {
  work.at_root = true;
  const RestOptions& options = work.config->rest;
  if (options.root_spec) {
    PANDO_CO_TRY(const std::string type, TurnIntoCall(request, *options.root_spec, *work.config->catalog));
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
  std::optional<std::unordered_set<catalog::Oid>> accessible;
  if (work.config->rest.openapi_mode == "follow-privileges") {
    PANDO_CO_TRY(accessible, co_await QueryAccessible(work, request));
  }
  work.timing.Mark(Phase::kTransaction);
  http::Response& response = work.response;
  response.headers.Add("Content-Type", OpenApiContentType(version));
  if (request.schema_negotiated) response.headers.Add("Content-Profile", request.schema);
  // By value: the work may outlive a caller that goes away.
  std::function<std::string()> write = [config = work.config, schema = request.schema,
                                        accessible = std::move(accessible), version] {
    return WriteOpenApi({*config->catalog, schema, config->rest, accessible}, version);
  };
  response.body = co_await deps_.worker(std::move(write));
  co_return Result<void>();
}

Task<Result<std::unordered_set<catalog::Oid>>> Pipeline::QueryAccessible(Work& work, const rest::Request& request) {
  const Config& config = *work.config;
  sql::Query query = sql::WriteAccessible(request.schema);
  pg::Exchange exchange;
  pg::SessionState session;
  if (config.rest.pre_request) {
    // It may refuse the caller or change the role.
    exchange.commands = SettingsCommands(
        {work.http, request, *work.principal, config.rest, *config.catalog, nullptr, /*read_only=*/true});
    exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else {
    const RoleSettings settings = RoleSettingsOf(config.catalog->snapshot(), work.role());
    session = pg::SessionState{work.role(), SearchPath(request.schema, config.rest.extra_search_path),
                               StatementTimeout(work.http, settings.statement_timeout), settings.kept};
    exchange.session = session;
  }
  exchange.commands.push_back(pg::Command{query.sql, query.parameters, config.rest.prepared_statements});
  PANDO_CO_TRY(pg::Lease lease, co_await deps_.pool.Acquire(work.http.deadline, session));
  if (config.rest.pre_request) lease.MarkUnclean();
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), work.http.deadline));
  co_return ReadAccessible(rows.back());
}

Task<Result<void>> Pipeline::ServeShape(Work& work) {
  if (const auto wait = work.shape->request.preferences.wait_seconds) {
    const Deadline patience(work.http.received_at + std::chrono::seconds(*wait));
    work.http.deadline = work.http.deadline.Min(patience);
  }
  work.timing.Mark(Phase::kPlan);
  pg::Lane* const lane = LaneOf(work);
  if (IsToKeep(work, lane)) {
    if (!flights_.Find(cache_key_)) {
      BeginFill(work);
    } else if (co_await Join(work)) {
      co_return Result<void>();
    }
    deps_.cache.counts->misses.Add();
  }
  Result<void> served;
  bool done = false;
  if (lane) {
    Task<Result<pg::LaneAnswer>> run = lane->Execute(LaneStatementOf(work), work.http.deadline);
    PANDO_CO_TRY(pg::LaneAnswer shared, co_await std::move(run));
    LearnPace(work, shared);
    done = shared.rows.has_value();
    if (done) {
      served = AnswerShared(work, shared);
    } else {
      Lose(work, Unproven::kAlone);
    }
  }
  if (!done) served = co_await ExecuteAlone(work);
  if (work.print_here) co_return served;
  co_return co_await ServePrinted(work);
}

// The same, printed by the database.
Task<Result<void>> Pipeline::ServePrinted(Work& work) {
  work.print_here = true;
  PANDO_CO_TRY(rest::Request request, ParseHttp(work.http, work.http.query(), *work.config));
  PANDO_CO_TRY(Shape shape, MakeShape(std::move(request), *work.config, work.role(), Printer::kDatabase));
  work.Take(std::move(shape));
  co_return co_await ServeShape(work);
}

// An Error with `work.print_here` cleared: the rows hold what only the database can print.
Result<void> Pipeline::Read(Work& work, const pg::Rows& rows, Outcome& outcome) {
  const Shape& shape = *work.shape;
  if (!shape.statement.shape.flat) return ReadOutcome(rows, shape.statement.shape, outcome);
  if (rows.size() > sql::kFlatRowsMax) {
    work.print_here = false;
    return Error(ErrorId::kProtocol, "there are more rows than are printed here");
  }
  RowKeys* const keys = work.learned ? &work.learned->row_keys : nullptr;
  if (PrintOutcome(rows, shape.plan, printer_, keys, outcome)) return {};
  work.print_here = false;
  return Error(ErrorId::kProtocol, "a value cannot be printed as JSON here");
}

Task<Result<void>> Pipeline::ExecuteAlone(Work& work) {
  const Result<void> first = co_await ExecuteOnce(work);
  // A read has no effect that could happen twice; a broken connection is then not the client's business. Nor is it that
  // somebody else wrote what is written under conditions: they are looked at once more.
  const bool again =
      !first && (work.current ? first.error().sqlstate() == sqlstate::kSerializationFailure
                              : first.error().kind() == ErrorKind::kConnectionLost && work.shape->plan.read_only);
  if (!again) co_return Result<void>(first);
  Result<void> second = co_await ExecuteOnce(work);
  const bool is_late = work.current && !second && second.error().sqlstate() == sqlstate::kSerializationFailure;
  if (is_late) co_return PreconditionFailed();
  co_return std::move(second);
}

// Null: the request goes alone.
pg::Lane* Pipeline::LaneOf(const Work& work) const {
  const Shape& shape = *work.shape;
  if (shape.statement.estimate) return nullptr;
  switch (shape.demand.sharing) {
    case Sharing::kNever:
      return nullptr;
    case Sharing::kWhenQuick:
      return work.learned && work.learned->pace.MayShare(Clock::now()) ? &deps_.quick_lane : nullptr;
    case Sharing::kAlways:
      return shape.plan.read_only ? &deps_.key_lane : &deps_.insert_lane;
  }
  return nullptr;
}

pg::LaneStatement Pipeline::LaneStatementOf(const Work& work) {
  const Shape& shape = *work.shape;
  pg::LaneStatement wanted;
  wanted.settings = ObservedSettings(SettingsOf(work), shape.demand.observed);
  wanted.command = CommandOf(work);
  wanted.session = std::shared_ptr<const pg::SessionState>(work.shape, &*shape.demand.session);
  if (work.fill) wanted.bracket = work.config->cacheables->bracket;
  return wanted;
}

void Pipeline::LearnPace(Work& work, const pg::LaneAnswer& shared) {
  if (work.shape->demand.sharing != Sharing::kWhenQuick) return;
  Pace& pace = work.learned->pace;
  if (shared.stopped) pace.WasStopped(Clock::now());
  if (shared.rows) pace.RanTogether(shared.part, shared.rows->bytes(), Clock::now());
}

Result<void> Pipeline::AnswerShared(Work& work, pg::LaneAnswer& shared) {
  work.bracket = std::move(shared.bracket);
  Outcome outcome;
  PANDO_CHECK(Read(work, *shared.rows, outcome));
  PANDO_CHECK(CheckOutcome(outcome, work.shape->request, work.shape->plan));
  PANDO_CHECK(Answer(work, outcome));
  Keep(work, *shared.rows);
  return {};
}

SettingsInput Pipeline::SettingsOf(const Work& work) {
  const Shape& shape = *work.shape;
  const catalog::Function* function = shape.plan.call ? shape.plan.call->function : nullptr;
  return {work.http,           shape.request, *work.principal,      work.config->rest,
          *shape.plan.catalog, function,      shape.plan.read_only, shape.demand.repeatable_read};
}

std::optional<pg::SessionState> Pipeline::SessionOf(const Work& work) {
  std::optional<pg::SessionState> session = work.shape->demand.session;
  if (session) session->statement_timeout = StatementTimeout(work.http, session->statement_timeout);
  return session;
}

pg::Command Pipeline::CommandOf(const Work& work) {
  const Shape& shape = *work.shape;
  pg::Command command{shape.sql, work.parameters, shape.demand.prepared};
  command.binary_times = shape.statement.shape.flat && !shape.demand.all_settings;
  return command;
}

pg::Exchange Pipeline::ExchangeOf(const Work& work) {
  const Shape& shape = *work.shape;
  const Config& config = *work.config;
  pg::Exchange exchange;
  exchange.finish = shape.demand.finish;
  exchange.session = SessionOf(work);
  if (shape.demand.all_settings) {
    exchange.commands = SettingsCommands(SettingsOf(work));
    if (config.rest.pre_request) exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else if (auto settings = ObservedSettings(SettingsOf(work), shape.demand.observed)) {
    exchange.commands.push_back(std::move(*settings));
  }
  const sql::Statement& statement = shape.statement;
  if (work.current) {
    const Shape& current = *work.current;
    exchange.commands.push_back(pg::Command{current.sql, current.statement.query.parameters, current.demand.prepared});
  }
  exchange.commands.push_back(CommandOf(work));
  if (statement.estimate) {
    exchange.commands.push_back(pg::Command{statement.estimate->sql, statement.estimate->parameters, false});
  }
  return exchange;
}

Task<Result<void>> Pipeline::ExecuteOnce(Work& work) {
  const Shape& shape = *work.shape;
  pg::Exchange exchange = ExchangeOf(work);
  const size_t main = exchange.commands.size() - (shape.statement.estimate ? 2 : 1);
  const pg::SessionState wanted = exchange.session.value_or(pg::SessionState{});
  PANDO_CO_TRY(pg::Lease lease, co_await deps_.pool.Acquire(work.http.deadline, wanted));
  if (shape.demand.unclean) lease.MarkUnclean();
  const Clock::time_point begin = Clock::now();
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), work.http.deadline));
  if (work.learned) work.learned->pace.RanAlone(Clock::now() - begin, rows[main].bytes());
  Outcome outcome;
  PANDO_CO_CHECK(Read(work, rows[main], outcome));
  if (shape.statement.estimate) {
    PANDO_CO_TRY(const int64_t estimate, ReadEstimate(rows[main + 1]));
    TakeEstimate(outcome, shape.plan, estimate);
  }
  Result<void> checked;
  if (work.current) checked = CheckCurrent(work, rows[main - 1]);
  if (checked) checked = CheckOutcome(outcome, shape.request, shape.plan);
  if (shape.demand.finish == pg::Finish::kHold) {
    PANDO_CO_CHECK(co_await lease->End(checked.has_value(), work.http.deadline));
  }
  PANDO_CO_CHECK(Result<void>(checked));
  co_return Answer(work, outcome);
}

Result<void> Pipeline::Answer(Work& work, Outcome& outcome) {
  work.timing.Mark(Phase::kTransaction);
  const Config& config = *work.config;
  const AnswerOptions options{config.url_prefix, work.canonical, config.tx_override_allowed,
                              config.rest.client_error_verbosity == "minimal"};
  const Shape& shape = *work.shape;
  PANDO_CHECK(MakeAnswer(outcome, shape.request, shape.plan, options, work.response));
  const bool is_get = work.http.method == "GET" || shape.request.head;
  if (!is_get || shape.plan.media.explain) return {};
  const Freshness& freshness = shape.freshness;
  AddCachingHeaders(work.principal->anonymous ? freshness.anonymous : freshness.signed_in, shape.request.head,
                    work.response);
  return {};
}

// A write under conditions reads what there is, and is undone when that is not what it must be. Both see one snapshot,
// and what somebody else changed since fails (40001) rather than be overwritten.
Result<void> Pipeline::ReadCurrent(Work& work, Shape& shape) {
  PANDO_TRY(rest::Request request, ParseCurrent(work.http, shape.request, *work.config));
  PANDO_TRY(work.current, MakeShape(std::move(request), *work.config, work.role(), Printer::kDatabase));
  Demand& demand = shape.demand;
  demand.all_settings = demand.repeatable_read = true;
  demand.session.reset();
  demand.sharing = Sharing::kNever;
  demand.unclean = demand.unclean || work.current->demand.unclean;
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
