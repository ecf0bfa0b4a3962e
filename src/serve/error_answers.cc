#include "serve/error_answers.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "serve/errors.h"
#include "serve/meant_path.h"
#include "serve/settings.h"
#include "telemetry/log.h"

namespace pando::serve {
namespace {

void LogFailure(const Error& error, const std::string& request_id) {
  if (!telemetry::LogEnabled(telemetry::Level::kWarn)) return;
  const std::string text = error.ToString();
  const std::string where = error.where();
  telemetry::Log(telemetry::Level::kWarn, "request.failed", text, {{"request_id", request_id}, {"where", where}});
}

void RenderHinted(RequestState& state, const Error& error) {
  const bool anonymous = !state.principal || state.principal->has_anonymous_role;
  const std::string& verbosity = state.config->rest.client_error_verbosity;
  const ErrorContext context{anonymous, verbosity == "minimal", verbosity == "postgrest"};
  state.response = RenderError(error, context);
  if (state.response.status >= 500) LogFailure(error, state.http.id);
}

Error WithPathHint(const RequestState& state, const Error& error) {
  const Config& config = *state.config;
  if (error.id() != ErrorId::kInvalidPath) return error;
  const std::string& schema = SchemaNamed(state.http, config);
  return WithMeantPath(error, {state.http.path(), config.rest.prefix, schema, config.catalog.get()});
}

// What rest.pre_request runs may change the role, unless it is known to leave nothing behind.
bool IsRoleCertain(const Config& config) {
  return !config.rest.pre_request || (config.catalog && !config.catalog->snapshot().pre_request.leaves_traces);
}

DeniedContext ContextOf(const RequestState& state) {
  DeniedContext context{state.role()};
  context.catalog = state.config->catalog.get();
  context.plan = state.shape ? &state.shape->plan : nullptr;
  context.before = state.current ? &state.current->plan : nullptr;
  context.named = state.named ? &*state.named : nullptr;
  context.method = state.http.method;
  context.is_role_certain = IsRoleCertain(*state.config);
  context.is_schema_certain = KnowsSchema(*state.config);
  return context;
}

// What is the same for all who are refused the same by the same request.
std::string RefusalOf(const RequestState& state, const Error& error) {
  const plan::Named* named = state.named ? &*state.named : nullptr;
  std::string route = state.shape ? state.shape->route : "";
  if (!state.shape && named) route = named->relation ? named->relation->name.name : named->functions.front()->name.name;
  const char* const stage = state.shape ? "statement" : "body";
  std::string refusal;
  for (const std::string_view part :
       {std::string_view(error.message()), std::string_view(state.role()), std::string_view(state.http.method),
        std::string_view(route), std::string_view(stage)}) {
    refusal.append(part).push_back('\0');
  }
  return refusal;
}

// With the catalog's age: a privilege that was given since makes it another.
size_t HashOf(const sql::Query& question, const Config& config) {
  std::string text = question.sql;
  for (const sql::Parameter& parameter : question.parameters) text.append(1, '\0').append(parameter.value_or(""));
  if (config.catalog) text.append(std::to_string(config.catalog->loaded_at().time_since_epoch().count()));
  return std::hash<std::string>()(text);
}

}  // namespace

std::optional<Task<void>> ErrorAnswers::Render(RequestState& state, const Error& error) {
  if (state.principal && !error.hint()) {
    if (std::optional<Denial> denial = ReadDenial(error, ContextOf(state))) {
      return RenderDenial(state, error, std::move(*denial));
    }
  }
  RenderHinted(state, WithPathHint(state, error));
  return std::nullopt;
}

std::optional<Task<void>> ErrorAnswers::RenderDenial(RequestState& state, const Error& error, Denial denial) {
  if (!denial.question) {
    log_.Tell(denial.sentence, state.http.id, state.role());
    Tell(state, error, denial.sentence);
    return std::nullopt;
  }
  std::string refusal = RefusalOf(state, error);
  const GrantInquiries::Turn turn = inquiries_.Enter(refusal, HashOf(*denial.question, *state.config), Clock::now());
  if (turn.may_ask) return Ask(state, error, std::move(denial), std::move(refusal));
  // The log has the answer of the question that was asked.
  Tell(state, error, turn.known.value_or(denial.sentence));
  return std::nullopt;
}

Task<void> ErrorAnswers::Ask(RequestState& state, Error error, Denial denial, std::string refusal) {
  GrantInquiries::UnderWay question(inquiries_, std::move(refusal));
  question.answer = co_await Query(state, denial);
  const std::string missing = question.answer.value_or(denial.sentence);
  log_.Tell(missing, state.http.id, state.role());
  Tell(state, error, missing);
}

// In a session of its own: the first one may be too slow for a lane.
Task<std::optional<std::string>> ErrorAnswers::Query(const RequestState& state, const Denial& denial) {
  constexpr milliseconds kPatience(2000);  // the answer waits no longer for its hint
  const Deadline deadline = state.http.deadline.Min(Deadline::After(kPatience));
  const milliseconds limit = state.config->roles.Of(state.role()).statement_timeout;
  const pg::SessionState session{state.role(), "pg_catalog", StatementTimeout(state.http, limit)};
  Result<std::unique_ptr<Session>> opened =
      co_await database_.Open(session, pg::Purpose::kRead, /*by_key=*/false, deadline);
  if (!opened) co_return std::nullopt;
  pg::Exchange exchange;
  exchange.session = session;
  exchange.commands.push_back(pg::Command{denial.question->sql, denial.question->parameters});
  const Result<std::vector<pg::Rows>> rows = co_await (*opened)->Run(std::move(exchange), deadline);
  if (!rows) co_return std::nullopt;
  co_return TellDenial(denial, rows->back());
}

void ErrorAnswers::Tell(RequestState& state, const Error& error, const std::string& missing) {
  const bool is_verbose = state.config->rest.client_error_verbosity == "verbose";
  RenderHinted(state, is_verbose ? error.WithHint(missing) : error);
}

}  // namespace pando::serve
