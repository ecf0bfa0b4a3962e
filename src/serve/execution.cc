#include "serve/execution.h"

#include <functional>
#include <utility>
#include <vector>

#include "pgtypes/sqlstate.h"
#include "plan/cheap.h"
#include "serve/http_caching.h"

namespace pando::serve {
namespace {

namespace sqlstate = pgtypes::sqlstate;
using rest::Action;

SettingsInput SettingsOf(const RequestState& state) {
  const Shape& shape = *state.shape;
  const catalog::Function* function = shape.plan.call ? shape.plan.call->function : nullptr;
  return {state.http,           shape.request,
          *state.principal,     state.config->rest,
          *shape.plan.catalog,  function,
          shape.plan.read_only, shape.demand.repeatable_read,
          shape.demand.writes,  state.config->roles.Of(state.role()).statement_timeout};
}

std::optional<pg::SessionState> SessionOf(const RequestState& state) {
  if (state.is_cautious) return std::nullopt;
  std::optional<pg::SessionState> session = state.demand().session;
  if (!session) return session;
  const milliseconds limit = session->statement_timeout;
  session->statement_timeout =
      state.demand().writes ? WriteTimeout(state.http, limit) : StatementTimeout(state.http, limit);
  return session;
}

pg::Command CommandOf(const RequestState& state) {
  const Shape& shape = *state.shape;
  pg::Command command{shape.sql, {}, shape.demand.prepared && !state.is_cautious};
  if (!state.sends_once) command.parameters = state.parameters;
  command.binary_times = shape.statement.shape.flat && !shape.demand.all_settings;
  return command;
}

pg::LaneStatement LaneStatementOf(const RequestState& state) {
  const Shape& shape = *state.shape;
  pg::LaneStatement statement;
  statement.settings = ObservedSettings(SettingsOf(state), shape.demand.observed);
  statement.command = CommandOf(state);
  statement.session = std::shared_ptr<const pg::SessionState>(state.shape, &*shape.demand.session);
  if (shape.request.action == Action::kUpdate) statement.locks = plan::LockedRow(shape.plan);
  if (state.fill) statement.bracket = state.config->cacheables->bracket;
  statement.valid = state.config->catalog_known;
  statement.runs_deferred = shape.demand.runs_deferred;
  return statement;
}

void AddSettingsTo(const RequestState& state, ExchangePlan& plan) {
  const Demand& demand = state.demand();
  const auto& pre_request = state.config->rest.pre_request;
  if (demand.all_settings || state.is_cautious) {
    AddSettings(SettingsOf(state), plan.exchange);
    if (pre_request) plan.Add(CallCommand(*pre_request));
  } else if (auto settings = ObservedSettings(SettingsOf(state), demand.observed)) {
    plan.Add(std::move(*settings));
  }
}

// Takes the parameters out of `state` where it sends them once.
ExchangePlan PlanExchange(RequestState& state) {
  const Shape& shape = *state.shape;
  const Demand& demand = shape.demand;
  ExchangePlan plan;
  pg::Exchange& exchange = plan.exchange;
  exchange.finish = demand.finish;
  exchange.writes = demand.writes;
  if (exchange.writes) {
    const milliseconds limit = StatementLimit(SettingsOf(state));
    plan.limited_by_request = limit.count() == 0 || WriteTimeout(state.http, milliseconds(0)) < limit;
  }
  exchange.runs_deferred = demand.runs_deferred;
  exchange.session = SessionOf(state);
  exchange.leaves_traces = demand.unclean || state.is_cautious;
  exchange.ends_session = demand.lasts;
  AddSettingsTo(state, plan);
  if (state.current) {
    const Shape& current = *state.current;
    const bool prepared = current.demand.prepared && !state.is_cautious;
    plan.current = plan.Add(pg::Command{current.sql, current.statement.query.parameters, prepared});
  }
  if (state.fill) plan.before_fill = plan.Add(state.config->cacheables->bracket->before);
  plan.main = plan.Add(CommandOf(state));
  if (state.sends_once) exchange.commands[plan.main].parameters = std::move(state.parameters);
  if (const auto& estimate = shape.statement.estimate) {
    plan.estimate = plan.Add(pg::Command{estimate->sql, estimate->parameters, false});
  }
  if (state.fill) plan.after_fill = plan.Add(state.config->cacheables->bracket->after);
  return plan;
}

// A count that is estimated is exact as long as it is small.
void TakeEstimate(Outcome& outcome, const plan::Plan& plan, int64_t estimate) {
  const bool exact = plan.count == plan::Count::kEstimated && plan.estimate_from &&
                     outcome.total.value_or(0) <= int64_t{*plan.estimate_from};
  if (!exact) outcome.total = std::max(outcome.total.value_or(0), estimate);
}

void LearnPace(RequestState& state, const pg::LaneAnswer& shared) {
  if (state.demand().sharing != Sharing::kWhenQuick) return;
  Pace& pace = state.learned->pace;
  if (shared.stopped) pace.WasStopped(Clock::now());
  if (shared.rows) pace.RanTogether(shared.part, shared.rows->bytes(), Clock::now());
}

// If-Match and If-None-Match, against the rows of `state.current`.
Result<void> CheckCurrent(const RequestState& state, const pg::Rows& rows) {
  const Shape& current = *state.current;
  Outcome outcome;
  PANDO_CHECK(ReadOutcome(rows, current.statement.shape, outcome));
  const ETag etag(current.plan.media.content_type, outcome.body);
  if (EvaluateConditions(state.http, etag.text(), outcome.page > 0) != Condition::kHolds) return PreconditionFailed();
  return {};
}

// Why a long answer could not be made says nothing about the write that it is an answer to.
Error AfterWrite(const RequestState& state, const Error& error) {
  const Demand& demand = state.demand();
  if (!demand.writes || demand.finish != pg::Finish::kCommit) return error;
  return Error(ErrorId::kWriteUnknown, "the write was done, but its response could not be made")
      .WithDetail(error.message());
}

// A read has no effect that could happen twice, so a broken connection is not the client's business; nor is it that
// another client wrote what this one writes under conditions.
bool MayRunAgain(const RequestState& state, const Error& error) {
  if (state.sends_once) return false;
  if (state.current) return error.sqlstate() == sqlstate::kSerializationFailure;
  return error.kind() == ErrorKind::kConnectionLost && state.shape->plan.read_only;
}

}  // namespace

std::optional<Database::Lane> LaneOf(const RequestState& state) {
  const Shape& shape = *state.shape;
  if (state.is_cautious || shape.statement.estimate) return std::nullopt;
  switch (shape.demand.sharing) {
    case Sharing::kNever:
      break;
    case Sharing::kWhenQuick:
      if (state.learned && state.learned->pace.MayShare(Clock::now())) return Database::Lane::kQuick;
      break;
    case Sharing::kAlways:
      return shape.plan.read_only ? Database::Lane::kKeys : Database::Lane::kWrites;
  }
  return std::nullopt;
}

Task<Result<void>> Execution::Run(RequestState& state, Executed& executed) {
  const std::optional<Database::Lane> lane = LaneOf(state);
  if (!lane) co_return co_await RunAlone(state, executed);
  pg::LaneStatement statement = LaneStatementOf(state);
  pg::Lane::Call call = deps_.database.RunShared(*lane, std::move(statement), state.http.deadline);
  // As pg::Await(), without its coroutine, which would cost each request an allocation.
  bool woken = false;
  if (!call.done()) {
    const auto [failure] = co_await call.Wait();
    woken = bool(failure);
  }
  PANDO_CO_TRY(pg::LaneAnswer shared, call.Take(woken));
  LearnPace(state, shared);
  if (!shared.rows) co_return co_await RunAlone(state, executed);
  state.bracket = std::move(shared.bracket);
  executed.rows = std::move(*shared.rows);
  if (IsLong(executed.rows)) {
    PANDO_CO_CHECK(co_await ReadLong(state, executed));
  } else {
    PANDO_CO_CHECK(ReadShort(state, executed));
  }
  if (executed.printed == Printed::kYes) {
    PANDO_CO_CHECK(CheckOutcome(executed.outcome, state.shape->request, state.shape->plan));
  }
  co_return Result<void>();
}

Task<Result<void>> Execution::RunAlone(RequestState& state, Executed& executed) {
  const Result<void> first = co_await RunOnce(state, executed);
  if (first || !MayRunAgain(state, first.error())) co_return Result<void>(first);
  executed = Executed();
  Result<void> second = co_await RunOnce(state, executed);
  const bool is_late = state.current && !second && second.error().sqlstate() == sqlstate::kSerializationFailure;
  if (is_late) co_return PreconditionFailed();
  co_return std::move(second);
}

Task<Result<void>> Execution::RunOnce(RequestState& state, Executed& executed) {
  const Demand& demand = state.demand();
  state.is_cautious = !KnowsSchema(*state.config);
  pg::SessionState wanted = SessionOf(state).value_or(pg::SessionState{});
  const pg::Purpose purpose = demand.writes ? pg::Purpose::kWrite : pg::Purpose::kRead;
  // A read by key that must not share a transaction still waits for no other kind of request.
  const bool by_key = state.is_cautious && demand.sharing == Sharing::kAlways && state.shape->plan.read_only;
  PANDO_CO_TRY(const std::unique_ptr<Session> session,
               co_await deps_.database.Open(std::move(wanted), purpose, by_key, state.http.deadline));
  // Again, because the schema may have changed while the request waited.
  state.is_cautious = !KnowsSchema(*state.config);
  if (state.is_cautious) Abandon(state.fill, Unproven::kSchema);
  ExchangePlan plan = PlanExchange(state);
  pg::Exchange exchange = std::move(plan.exchange);
  const Clock::time_point begin = Clock::now();
  Result<std::vector<pg::Rows>> ran = co_await session->Run(std::move(exchange), state.http.deadline);
  if (!ran) {
    const bool was_cancelled = demand.writes && ran.error().sqlstate() == sqlstate::kQueryCanceled;
    if (!was_cancelled || !plan.limited_by_request) co_return ran.error();
    co_return Error(ErrorId::kRequestDeadline, "nothing was written, because the time for the request was over");
  }
  if (state.learned) state.learned->pace.RanAlone(Clock::now() - begin, (*ran)[plan.main].bytes());
  co_return co_await Finish(state, *session, plan, *ran, executed);
}

// Reads the rows, checks what must hold, and ends what the exchange has left open.
Task<Result<void>> Execution::Finish(RequestState& state, Session& session, const ExchangePlan& plan,
                                     std::vector<pg::Rows>& rows, Executed& executed) {
  executed.rows = std::move(rows[plan.main]);
  if (IsLong(executed.rows)) {
    PANDO_CO_CHECK(co_await ReadLong(state, executed));
  } else {
    PANDO_CO_CHECK(ReadShort(state, executed));
  }
  if (executed.printed == Printed::kOnlyByDatabase) co_return Result<void>();
  if (plan.estimate) {
    PANDO_CO_TRY(const int64_t estimate, ReadEstimate(rows[*plan.estimate]));
    TakeEstimate(executed.outcome, state.shape->plan, estimate);
  }
  Result<void> checked;
  if (plan.current) checked = CheckCurrent(state, rows[*plan.current]);
  if (checked) checked = CheckOutcome(executed.outcome, state.shape->request, state.shape->plan);
  if (state.demand().finish == pg::Finish::kHold) {
    PANDO_CO_CHECK(co_await session.End(checked.has_value(), state.demand().writes, state.http.deadline));
  }
  PANDO_CO_CHECK(Result<void>(checked));
  if (plan.before_fill) {
    auto bracket = std::make_shared<pg::LaneBracketRows>();
    bracket->before = std::move(rows[*plan.before_fill]);
    bracket->after = std::move(rows[*plan.after_fill]);
    state.bracket = std::move(bracket);
  }
  co_return Result<void>();
}

// The rows and what they hold of the memory are lent to the worker meanwhile.
Task<Result<void>> Execution::ReadLong(RequestState& state, Executed& executed) {
  // What was held while the rows arrived was given back just now.
  MemoryCharge& memory = state.response.memory;
  memory = MemoryCharge(deps_.memory);
  memory.Hold(executed.rows.text_bytes());
  auto lent = std::make_shared<LentRows>();
  lent->rows = std::move(executed.rows);
  lent->memory = std::move(memory);
  std::function<LongAnswer()> read = [lent, shape = state.shape] { return ReadLongRows(*lent, *shape); };
  Result<LongAnswer> answer = co_await deps_.worker.Run(std::move(read), state.http.deadline);
  if (!answer) co_return AfterWrite(state, answer.error());
  if (!answer->read) co_return AfterWrite(state, answer->read.error());
  executed.rows = std::move(lent->rows);
  executed.printed = *answer->read;
  executed.outcome = std::move(answer->outcome);
  memory = std::move(lent->memory);
  memory.Hold(executed.outcome.body.size());
  NotePrinted(state, executed);
  co_return Result<void>();
}

Result<void> Execution::ReadShort(RequestState& state, Executed& executed) {
  RowKeys* const keys = state.learned ? &state.learned->row_keys : nullptr;
  PANDO_TRY(executed.printed, ReadRows(executed.rows, *state.shape, printer_, keys, executed.outcome));
  NotePrinted(state, executed);
  return {};
}

// For the way back to printing here.
void Execution::NotePrinted(const RequestState& state, const Executed& executed) const {
  if (state.print_key == 0 || state.shape->statement.shape.flat) return;
  deps_.print_memory.Printed(state.print_key, executed.outcome.page);
}

}  // namespace pando::serve
