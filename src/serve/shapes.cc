#include "serve/shapes.h"

#include <functional>
#include <numeric>
#include <utility>

#include "net/sleep.h"
#include "serve/http_caching.h"
#include "serve/long_work.h"

namespace pando::serve {
namespace {

using rest::Action;

size_t BytesOf(const std::vector<sql::Parameter>& parameters) {
  return std::accumulate(parameters.begin(), parameters.end(), size_t{0},
                         [](size_t sum, const sql::Parameter& one) { return sum + (one ? one->size() : 0); });
}

// Which writes look at what there is, for If-Match: not inserts, nor calls.
bool IsWriteOfResource(Action action) {
  return action == Action::kUpdate || action == Action::kDelete || action == Action::kPut;
}

// A write under conditions reads what there is, and is undone when that is not what it must be. Both see one snapshot,
// and what another client changed since fails (40001) rather than be overwritten.
Result<void> AddConditions(RequestState& state, Shape& shape) {
  if (!IsWriteOfResource(shape.request.action) || !IsConditional(state.http)) return {};
  PANDO_TRY(rest::Request request, ParseCurrent(state.http, shape.request, *state.config));
  PANDO_TRY(Shape current, MakeShape(std::move(request), *state.config, state.role(), Printer::kDatabase));
  state.current = std::make_unique<Shape>(std::move(current));
  Demand& demand = shape.demand;
  demand.all_settings = demand.repeatable_read = true;
  demand.session.reset();
  demand.sharing = Sharing::kNever;
  demand.unclean = demand.unclean || state.current->demand.unclean;
  demand.lasts = demand.lasts || state.current->demand.lasts;
  if (demand.finish == pg::Finish::kCommit) demand.finish = pg::Finish::kHold;
  return {};
}

}  // namespace

bool Shapes::Recall(RequestState& state) {
  if (!Cut(state)) return false;
  std::optional<ShapeCache::Recalled> recalled = cache_.Recall(cut_);
  if (recalled && IsLeftToDatabase(state, *recalled->shape)) {
    cut_.LeaveToDatabase();
    recalled = cache_.Recall(cut_);
  }
  if (!recalled) return false;
  state.shape = std::move(recalled->shape);
  state.learned = std::move(recalled->learned);
  state.parameters = std::move(recalled->parameters);
  state.canonical = std::move(recalled->canonical);
  return true;
}

// Fills `cut_`. False: no shape of such a request is remembered.
bool Shapes::Cut(const RequestState& state) {
  if (!state.is_get && state.http.headers.Find("content-encoding")) return false;  // may have to be refused
  // The shapes are those of the configuration in force.
  return state.config == config_ && ShapeCache::Cut(state.http, state.config->rest.prefix, state.role(), cut_);
}

// The server is to print the rows of `shape`, and could not lately.
bool Shapes::IsLeftToDatabase(RequestState& state, const Shape& shape) const {
  state.print_key = shape.print_key;
  return shape.statement.shape.flat && deps_.print_memory.DatabasePrints(shape.print_key);
}

Result<void> Shapes::Make(RequestState& state, rest::Request request) {
  const Config& config = *state.config;
  PANDO_TRY(Shape shape, MakeShape(std::move(request), config, state.role(), Printer::kServer));
  const bool is_left = IsLeftToDatabase(state, shape);
  if (is_left) {
    PANDO_TRY(shape, MakeShape(std::move(shape.request), config, state.role(), Printer::kDatabase));
  }
  PANDO_CHECK(AddConditions(state, shape));
  if (Cut(state)) {
    if (is_left) cut_.LeaveToDatabase();
    cache_.Remember(cut_, state.http, config, state.role());
  }
  state.Take(std::move(shape));
  return {};
}

Task<Result<void>> Shapes::MakeLong(RequestState& state) {
  std::string body = std::move(state.http.body);
  state.http.body = std::string();
  const size_t body_bytes = body.size();
  auto request = std::make_shared<http::Request>(state.http);
  request->body = std::move(body);
  std::function<Result<Shape>()> make = [request = std::move(request), config = state.config, role = state.role()] {
    return MakeLongShape(*request, *config, role);
  };
  PANDO_CO_TRY(Result<Shape> made, co_await deps_.worker.Run(std::move(make), state.http.deadline));
  PANDO_CO_TRY(Shape shape, std::move(made));
  PANDO_CO_CHECK(AddConditions(state, shape));
  state.Take(std::move(shape));
  state.made_by_worker = true;
  co_return co_await HoldParameters(state, body_bytes);
}

// The connection has counted the body, twice.
Task<Result<void>> Shapes::HoldParameters(RequestState& state, size_t body_bytes) const {
  const size_t bytes = BytesOf(state.parameters);
  state.sends_once = !state.current && bytes > MemoryBudget::kSmallBytes;
  if (bytes <= body_bytes) co_return Result<void>();
  state.memory = MemoryCharge(deps_.memory);
  co_return co_await net::WaitForRoom(state.memory, 2 * (bytes - body_bytes), state.http.deadline);
}

Result<void> Shapes::MakeForDatabase(RequestState& state) {
  deps_.print_memory.Failed(state.print_key);
  PANDO_TRY(rest::Request request, ParseHttp(state.http, state.http.query(), *state.config));
  PANDO_TRY(Shape shape, MakeShape(std::move(request), *state.config, state.role(), Printer::kDatabase));
  state.Take(std::move(shape));
  return {};
}

}  // namespace pando::serve
