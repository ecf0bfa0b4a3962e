#include "serve/shape.h"

#include <algorithm>

#include "catalog/observed.h"
#include "catalog/snapshot.h"
#include "plan/cheap.h"
#include "serve/answer.h"
#include "serve/print_memory.h"
#include "serve/settings.h"

namespace pando::serve {
namespace {

Demand DemandOf(const rest::Request& request, const plan::Plan& plan, const std::string& role, const Config& config) {
  const RestOptions& options = config.rest;
  const catalog::Snapshot& schema = plan.catalog->snapshot();
  const RoleSettings& settings = config.roles.Of(role);
  Demand demand;
  demand.observed = plan.footprint.observes;
  demand.prepared = !plan.footprint.folds;
  demand.all_settings = catalog::Overlap(demand.observed, catalog::Observed::kOther) || plan.footprint.leaves_traces ||
                        options.pre_request || request.preferences.timezone || settings.has_others;
  demand.unclean = plan.footprint.leaves_traces || (options.pre_request && schema.pre_request.leaves_traces);
  if (!demand.all_settings) {
    demand.session = pg::SessionState{role, SearchPath(request.schema, options.extra_search_path),
                                      settings.statement_timeout, settings.kept};
  }
  demand.lasts = plan.footprint.lasts;
  const bool leaves_nothing = !demand.all_settings && !demand.unclean && !demand.lasts;
  if (plan.read_only) {
    if (leaves_nothing) demand.sharing = plan::IsPointRead(plan) ? Sharing::kAlways : Sharing::kWhenQuick;
    return demand;
  }
  // What is checked of its answer is no reason to undo it: where that is refused, nothing was written.
  const bool single = request.preferences.max_affected.value_or(1) > 0 &&
                      (plan::IsSingleInsert(plan, request.payload) || plan::IsSingleUpdate(plan, request.payload));
  bool rollback = config.tx_rollback;
  if (config.tx_override_allowed && request.preferences.tx) {
    rollback = *request.preferences.tx == rest::PreferTx::kRollback;
  }
  if (rollback) {
    demand.finish = pg::Finish::kRollback;
  } else if (!single && NeedsCheck(request, plan)) {
    demand.finish = pg::Finish::kHold;
  }
  demand.writes = !rollback;
  demand.runs_deferred = demand.writes && plan.catalog->snapshot().has_deferrable_triggers;
  if (leaves_nothing && single && !rollback) demand.sharing = Sharing::kAlways;
  return demand;
}

// Dates in any other style than our connections' are not printed here; this spares the attempt.
bool HasDateStyle(const catalog::Snapshot& schema, const std::string& role) {
  const auto settings = schema.role_settings.find(role);
  return settings != schema.role_settings.end() &&
         std::any_of(settings->second.begin(), settings->second.end(),
                     [](const auto& setting) { return http::EqualsIgnoreCase(setting.first, "datestyle"); });
}

rest::RawRequest HeadOf(const http::Request& request) {
  rest::RawRequest raw;
  raw.method = request.method;
  raw.path = request.path();
  raw.query = request.query();
  raw.headers = [&request](std::string_view name) { return request.headers.FindAll(name); };
  return raw;
}

}  // namespace

std::shared_ptr<const Config> MakeConfig(RestOptions rest, std::shared_ptr<auth::Verifier> verifier,
                                         std::shared_ptr<const catalog::Catalog> catalog,
                                         std::shared_ptr<const dependencies::Cacheables> cacheables,
                                         std::shared_ptr<const KnownUntil> catalog_known, Uncacheable why_nothing) {
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
  if (catalog) config->roles = SettingsOfRoles(catalog->snapshot());
  config->catalog = std::move(catalog);
  config->cacheables = std::move(cacheables);
  config->catalog_known = std::move(catalog_known);
  config->why_nothing = why_nothing;
  return config;
}

Result<rest::Request> ParseHttp(const http::Request& request, std::string_view query, const Config& config) {
  rest::RawRequest raw = HeadOf(request);
  raw.query = query;
  raw.body = request.body;
  return rest::ParseRequest(raw, config.parse);
}

const std::string& SchemaNamed(const http::Request& request, const Config& config) {
  return rest::SchemaNamed(HeadOf(request), config.parse.schemas);
}

Result<rest::Request> ParseHead(const http::Request& request, const Config& config) {
  rest::RawRequest raw = HeadOf(request);
  raw.body_is_awaited = true;
  return rest::ParseRequest(raw, config.parse);
}

Result<rest::Request> ParseCurrent(const http::Request& write, const rest::Request& parsed, const Config& config) {
  rest::RawRequest raw;
  raw.method = "GET";
  raw.path = write.path();
  raw.query = write.query();
  raw.of_write = true;
  raw.headers = [&](std::string_view name) -> std::vector<std::string_view> {
    if (http::EqualsIgnoreCase(name, "accept")) return write.headers.FindAll(name);
    if (http::EqualsIgnoreCase(name, "accept-profile") && parsed.schema_negotiated) return {parsed.schema};
    return {};
  };
  return rest::ParseRequest(raw, config.parse);
}

Result<Shape> MakeShape(rest::Request request, const Config& config, const std::string& role, Printer printer) {
  Shape shape;
  shape.request = std::move(request);
  PANDO_TRY(shape.plan, plan::MakePlan(shape.request, config.catalog, config.plan, role));
  const catalog::Snapshot& schema = config.catalog->snapshot();
  sql::WriteOptions options;
  options.response_settings =
      shape.plan.footprint.leaves_traces || (config.rest.pre_request && schema.pre_request.leaves_traces);
  options.body = !shape.request.head;
  options.flat = printer == Printer::kServer && !HasDateStyle(schema, role);
  shape.statement = sql::WriteStatement(shape.plan, shape.request.payload, options);
  shape.sql = shape.statement.query.sql;
  if (shape.statement.shape.flat) shape.print_key = PrintMemory::KeyOf(shape.statement.query.sql, role);
  shape.demand = DemandOf(shape.request, shape.plan, role, config);
  shape.route = (shape.plan.call ? "rpc/" : "") + shape.request.name;
  shape.freshness = FreshnessOf(shape.plan, config.rest);
  return shape;
}

}  // namespace pando::serve
