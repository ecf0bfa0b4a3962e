#include "serve/pipeline.h"

#include "plan/point_read.h"
#include "serve/allow.h"
#include "serve/answer.h"
#include "serve/cors.h"
#include "serve/errors.h"
#include "serve/root.h"
#include "serve/settings.h"
#include "serve/timing.h"
#include "sql/accessible.h"
#include "telemetry/log.h"

namespace pando::serve {

using rest::Action;

struct Pipeline::Work {
  Work(http::Request request, std::shared_ptr<const Config> current)
      : http(std::move(request)), config(std::move(current)) {}

  http::Request http;
  std::shared_ptr<const Config> config;
  std::shared_ptr<const auth::Principal> principal;
  rest::Request rest;
  std::string route;  // "", until the resource is known to exist
  Timing timing;
};

// What one request asks of a connection, decided before one is taken.
struct Pipeline::Demand {
  bool settings = false;   // the request's settings must be made
  bool unclean = false;    // something unknown runs
  bool may_share = false;  // cheap, and neither sees nor leaves anything: may travel with others
  std::optional<pg::SessionState> session;
  pg::Finish finish = pg::Finish::kCommit;
};

namespace {

Result<rest::Request> Parse(const http::Request& request, const Config& config) {
  rest::RawRequest raw;
  raw.method = request.method;
  raw.path = request.path();
  raw.query = request.query();
  raw.body = request.body;
  raw.headers = [&](std::string_view name) { return request.headers.FindAll(name); };
  return rest::ParseRequest(raw, config.parse);
}

Pipeline::Demand DemandOf(const rest::Request& request, const plan::Plan& plan, const auth::Principal& principal,
                          const Config& config) {
  const RestOptions& options = config.rest;
  const catalog::Snapshot& schema = plan.catalog->snapshot();
  Pipeline::Demand demand;
  const bool role_has_settings = schema.role_settings.contains(principal.role);
  demand.settings = plan.footprint.observes_settings || plan.footprint.leaves_traces || options.pre_request ||
                    request.preferences.timezone || role_has_settings;
  demand.unclean = plan.footprint.leaves_traces || (options.pre_request && schema.pre_request.leaves_traces);
  if (!demand.settings) {
    demand.session = pg::SessionState{principal.role, SearchPath(request.schema, options.extra_search_path)};
  }
  demand.may_share = !demand.settings && !demand.unclean && plan::IsPointRead(plan);
  if (plan.read_only) return demand;
  bool rollback = config.tx_rollback;
  if (config.tx_override_allowed && request.preferences.tx) {
    rollback = *request.preferences.tx == rest::PreferTx::kRollback;
  }
  if (rollback) {
    demand.finish = pg::Finish::kRollback;
  } else if (NeedsCheck(request, plan)) {
    demand.finish = pg::Finish::kHold;
  }
  return demand;
}

// A count that is estimated is exact as long as it is small.
void TakeEstimate(Outcome& outcome, const plan::Plan& plan, int64_t estimate) {
  const bool exact = plan.count == plan::Count::kEstimated && plan.estimate_from &&
                     outcome.total.value_or(0) <= int64_t{*plan.estimate_from};
  if (!exact) outcome.total = std::max(outcome.total.value_or(0), estimate);
}

Error NotLoaded() {
  return Error(ErrorId::kCatalogNotLoaded, "Could not query the database for the schema cache. Retrying.");
}

}  // namespace

std::shared_ptr<const Config> MakeConfig(RestOptions rest, std::shared_ptr<auth::Verifier> verifier,
                                         std::shared_ptr<const catalog::Catalog> catalog) {
  auto config = std::make_shared<Config>();
  config->tx_override_allowed = rest.tx_end.ends_with("-allow-override");
  config->tx_rollback = rest.tx_end.starts_with("rollback");
  config->url_prefix = rest.prefix == "/" ? "" : rest.prefix;
  config->parse.prefix = rest.prefix;
  config->parse.schemas = rest.schemas;
  config->parse.tx_override_allowed = config->tx_override_allowed;
  config->plan.max_rows = rest.max_rows;
  config->plan.aggregates_enabled = rest.aggregates_enabled;
  config->plan.plan_enabled = rest.plan_enabled;
  config->plan.legacy_target_names = rest.legacy_target_names;
  config->rest = std::move(rest);
  config->verifier = std::move(verifier);
  config->catalog = std::move(catalog);
  return config;
}

Task<http::Response> Pipeline::Handle(http::Request request) {
  Work work(std::move(request), config_);
  const RestOptions& options = work.config->rest;
  if (auto preflight = AnswerPreflight(work.http, options)) co_return std::move(*preflight);
  Result<http::Response> served = co_await Serve(work);
  http::Response response;
  if (served) {
    response = std::move(*served);
  } else {
    const bool anonymous = !work.principal || work.principal->anonymous;
    response = RenderError(served.error(), ErrorContext{anonymous, options.client_error_verbosity == "minimal"});
    if (response.status >= 500 && telemetry::LogEnabled(telemetry::Level::kWarn)) {
      const std::string text = served.error().ToString();
      const std::string where = served.error().where();
      telemetry::Log(telemetry::Level::kWarn, "request.failed", text, {{"request_id", work.http.id}, {"where", where}});
    }
  }
  response.route = std::move(work.route);
  if (work.principal) response.role = work.principal->role;
  work.timing.Mark(Phase::kResponse);
  if (options.server_timing_enabled) response.headers.Set("Server-Timing", work.timing.Header());
  if (options.trace_header) {
    if (auto trace = work.http.headers.Find(*options.trace_header)) {
      response.headers.Set(*options.trace_header, std::string(*trace));
    }
  }
  AddCorsHeaders(work.http, options, response);
  co_return response;
}

Task<Result<http::Response>> Pipeline::Serve(Work& work) {
  const auto authorization = work.http.headers.Find("authorization");
  const auto apikey = work.http.headers.Find("apikey");
  PANDO_CO_TRY(work.principal,
               work.config->verifier->Authenticate(authorization, apikey, std::chrono::system_clock::now()));
  // SET ROLE none means the login role, which may become any other: never what a token may ask for.
  if (work.principal->role == "none") co_return Error::FromDatabase("22023", "role \"none\" does not exist");
  work.timing.Mark(Phase::kJwt);
  PANDO_CO_TRY(work.rest, Parse(work.http, *work.config));
  if (work.rest.preferences.wait_seconds) {
    const Deadline patience(work.http.received_at + std::chrono::seconds(*work.rest.preferences.wait_seconds));
    work.http.deadline = work.http.deadline.Min(patience);
  }
  work.timing.Mark(Phase::kParse);
  if (!work.config->catalog) co_return NotLoaded();
  switch (work.rest.action) {
    case Action::kDescribe:
      co_return DescribeResource(work.rest, *work.config->catalog);
    case Action::kInspect:
      co_return co_await ServeRoot(work);
    default:
      co_return co_await ServeStatement(work);
  }
}

Task<Result<http::Response>> Pipeline::ServeRoot(Work& work) {
  work.route = "/";
  const RestOptions& options = work.config->rest;
  if (options.root_spec) {
    PANDO_CO_TRY(const std::string type, TurnIntoCall(work.rest, *options.root_spec, *work.config->catalog));
    Result<http::Response> called = co_await ServeStatement(work);
    if (called) called->headers.Set("Content-Type", type);
    co_return called;
  }
  if (options.openapi_mode == "disabled") {
    co_return Error(ErrorId::kOpenApiDisabled, "Root endpoint metadata is disabled");
  }
  co_return co_await ServeOpenApi(work);
}

Task<Result<http::Response>> Pipeline::ServeOpenApi(Work& work) {
  PANDO_CO_TRY(const OpenApiVersion version, ChooseOpenApi(work.rest.accept));
  work.timing.Mark(Phase::kPlan);
  std::optional<std::unordered_set<catalog::Oid>> accessible;
  if (work.config->rest.openapi_mode == "follow-privileges") {
    PANDO_CO_TRY(accessible, co_await QueryAccessible(work));
  }
  work.timing.Mark(Phase::kTransaction);
  http::Response response;
  response.headers.Add("Content-Type", OpenApiContentType(version));
  if (work.rest.schema_negotiated) response.headers.Add("Content-Profile", work.rest.schema);
  // By value: the work may outlive a caller that goes away.
  std::function<std::string()> write = [config = work.config, schema = work.rest.schema,
                                        accessible = std::move(accessible), version] {
    return WriteOpenApi({*config->catalog, schema, config->rest, accessible}, version);
  };
  response.body = co_await deps_.worker(std::move(write));
  co_return response;
}

Task<Result<std::unordered_set<catalog::Oid>>> Pipeline::QueryAccessible(Work& work) {
  const Config& config = *work.config;
  sql::Query query = sql::WriteAccessible(work.rest.schema);
  pg::Exchange exchange;
  pg::SessionState session;
  if (config.rest.pre_request) {
    // It may refuse the caller or change the role.
    exchange.commands = SettingsCommands(
        {work.http, work.rest, *work.principal, config.rest, *config.catalog, nullptr, /*read_only=*/true});
    exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else {
    session = pg::SessionState{work.principal->role, SearchPath(work.rest.schema, config.rest.extra_search_path)};
    exchange.session = session;
  }
  exchange.commands.push_back(pg::Command{query.sql, query.parameters, config.rest.prepared_statements});
  PANDO_CO_TRY(pg::Lease lease, co_await deps_.pool.Acquire(work.http.deadline, session));
  if (config.rest.pre_request) lease.MarkUnclean();
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), work.http.deadline));
  co_return ReadAccessible(rows.back());
}

Task<Result<http::Response>> Pipeline::ServeStatement(Work& work) {
  PANDO_CO_TRY(const plan::Plan plan, plan::MakePlan(work.rest, work.config->catalog, work.config->plan));
  work.route = (plan.call ? "rpc/" : "") + work.rest.name;
  const catalog::Snapshot& schema = plan.catalog->snapshot();
  sql::WriteOptions options;
  options.response_settings =
      plan.footprint.leaves_traces || (work.config->rest.pre_request && schema.pre_request.leaves_traces);
  options.body = !work.rest.head;
  const sql::Statement statement = sql::WriteStatement(plan, work.rest.payload, options);
  work.timing.Mark(Phase::kPlan);
  co_return co_await Execute(work, plan, statement);
}

Task<Result<http::Response>> Pipeline::Execute(Work& work, const plan::Plan& plan, const sql::Statement& statement) {
  const Demand demand = DemandOf(work.rest, plan, *work.principal, *work.config);
  if (demand.may_share && !statement.estimate) {
    PANDO_CO_TRY(const std::optional<pg::Rows> row, co_await ExecuteInLane(work, *demand.session, statement));
    if (row) co_return Conclude(work, plan, statement, *row);
  }
  Result<http::Response> first = co_await ExecuteOnce(work, plan, statement, demand);
  // A read has no effect that could happen twice; a broken connection is then not the client's business.
  const bool again = !first && first.error().kind() == ErrorKind::kConnectionLost && plan.read_only;
  if (!again) co_return first;
  co_return co_await ExecuteOnce(work, plan, statement, demand);
}

Task<Result<std::optional<pg::Rows>>> Pipeline::ExecuteInLane(Work& work, const pg::SessionState& session,
                                                              const sql::Statement& statement) {
  const bool prepare = work.config->rest.prepared_statements;
  pg::Command command{statement.query.sql, statement.query.parameters, prepare};
  pg::SessionState state = session;
  Task<Result<std::optional<pg::Rows>>> read =
      deps_.lane.Read(std::move(command), std::move(state), work.http.deadline);
  co_return co_await std::move(read);
}

Task<Result<http::Response>> Pipeline::ExecuteOnce(Work& work, const plan::Plan& plan, const sql::Statement& statement,
                                                   const Demand& demand) {
  const Config& config = *work.config;
  pg::Exchange exchange;
  exchange.finish = demand.finish;
  exchange.session = demand.session;
  if (demand.settings) {
    const catalog::Function* function = plan.call ? plan.call->function : nullptr;
    const SettingsInput input{work.http,     work.rest, *work.principal, config.rest,
                              *plan.catalog, function,  plan.read_only};
    exchange.commands = SettingsCommands(input);
    if (config.rest.pre_request) exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  }
  const size_t main = exchange.commands.size();
  const bool prepare = config.rest.prepared_statements;
  exchange.commands.push_back(pg::Command{statement.query.sql, statement.query.parameters, prepare});
  if (statement.estimate) {
    exchange.commands.push_back(pg::Command{statement.estimate->sql, statement.estimate->parameters, false});
  }

  const pg::SessionState wanted = demand.session.value_or(pg::SessionState{});
  PANDO_CO_TRY(pg::Lease lease, co_await deps_.pool.Acquire(work.http.deadline, wanted));
  if (demand.unclean) lease.MarkUnclean();
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), work.http.deadline));
  PANDO_CO_TRY(Outcome outcome, ReadOutcome(rows[main], statement.shape));
  if (statement.estimate) {
    PANDO_CO_TRY(const int64_t estimate, ReadEstimate(rows[main + 1]));
    TakeEstimate(outcome, plan, estimate);
  }
  const Result<void> checked = CheckOutcome(outcome, work.rest, plan);
  if (demand.finish == pg::Finish::kHold) {
    PANDO_CO_CHECK(co_await lease->End(checked.has_value(), work.http.deadline));
  }
  PANDO_CO_CHECK(Result<void>(checked));
  co_return Answer(work, plan, std::move(outcome));
}

// What a lane answered: a read, so nothing can be undone.
Result<http::Response> Pipeline::Conclude(Work& work, const plan::Plan& plan, const sql::Statement& statement,
                                          const pg::Rows& rows) {
  PANDO_TRY(Outcome outcome, ReadOutcome(rows, statement.shape));
  PANDO_CHECK(CheckOutcome(outcome, work.rest, plan));
  return Answer(work, plan, std::move(outcome));
}

Result<http::Response> Pipeline::Answer(Work& work, const plan::Plan& plan, Outcome outcome) {
  work.timing.Mark(Phase::kTransaction);
  const Config& config = *work.config;
  const AnswerOptions options{config.url_prefix, config.tx_override_allowed,
                              config.rest.client_error_verbosity == "minimal"};
  return MakeAnswer(std::move(outcome), work.rest, plan, options);
}

}  // namespace pando::serve
