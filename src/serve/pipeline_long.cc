// How a Pipeline serves requests and answers of many bytes: who may not send a body is told so before it is read, and
// what is linear in it runs on the worker.
#include <functional>
#include <memory>
#include <numeric>
#include <utility>

#include "net/sleep.h"
#include "serve/cors.h"
#include "serve/errors.h"
#include "serve/long_work.h"
#include "serve/pipeline_work.h"
#include "serve/settings.h"
#include "sql/accessible.h"

namespace pando::serve {

using rest::Action;

namespace {

// PostgreSQL's words for what a grant speaks of (aclcheck_error).
std::string_view KindOf(const catalog::Relation& relation) {
  switch (relation.kind) {
    case catalog::Relation::Kind::kView:
      return "view ";
    case catalog::Relation::Kind::kMaterializedView:
      return "materialized view ";
    case catalog::Relation::Kind::kForeignTable:
      return "foreign table ";
    default:
      return "table ";
  }
}

Error Denied(std::string_view what, const plan::Named& named) {
  std::string message = "permission denied for ";
  const catalog::QualifiedName& name = named.relation ? named.relation->name : named.functions.front()->name;
  if (what == sql::kForbiddenSchema) {
    message.append("schema ").append(name.schema);
  } else {
    message.append(named.relation ? KindOf(*named.relation) : "function ").append(name.name);
  }
  return Error::FromDatabase("42501", std::move(message));
}

size_t BytesOf(const std::vector<sql::Parameter>& parameters) {
  return std::accumulate(parameters.begin(), parameters.end(), size_t{0},
                         [](size_t sum, const sql::Parameter& one) { return sum + (one ? one->size() : 0); });
}

}  // namespace

Task<bool> Pipeline::AdmitBody(http::Request& request, http::Response& response) {
  Work work(request, response, config_, Timing(config_->rest.server_timing_enabled));
  const Result<void> admitted = co_await MayBring(work);
  if (admitted) co_return true;
  std::string route = std::move(response.route);
  AnswerError(work, admitted.error());
  response.route = std::move(route);
  if (work.principal) response.role = work.role();
  Finish(request, work.config->rest, work.timing, response);
  AddCorsHeaders(request, work.config->rest, response);
  co_return false;
}

Task<Result<void>> Pipeline::MayBring(Work& work) {
  PANDO_CO_TRY(work.principal, Authenticate(work.http));
  work.timing.Mark(Phase::kJwt);
  PANDO_CO_TRY(const rest::Request request, ParseHead(work.http, *work.config));
  if (!rest::HasPayload(request)) {
    co_return Error(ErrorId::kHttpBodyTooLarge, "a " + request.method + " of this resource takes no body");
  }
  if (!work.config->catalog) co_return NotLoaded();
  PANDO_CO_TRY(const plan::Named named, plan::FindNamed(request, *work.config->catalog, work.role()));
  work.response.route = (named.relation ? "" : "rpc/") + request.name;
  co_return co_await CheckPrivilege(work, request, named);
}

Task<Result<void>> Pipeline::CheckPrivilege(const Work& work, const rest::Request& request, const plan::Named& named) {
  const Config& config = *work.config;
  if (config.rest.pre_request) co_return Result<void>();
  sql::Query query = named.relation
                         ? sql::WriteForbidden(*named.relation, request.action == Action::kUpdate ? "UPDATE" : "INSERT")
                         : sql::WriteForbidden(named.functions);
  const RoleSettings& settings = config.roles.Of(work.role());
  pg::LaneStatement question;
  question.command = pg::Command{std::move(query.sql), std::move(query.parameters)};
  question.session = std::make_shared<const pg::SessionState>(
      pg::SessionState{work.role(), SearchPath(request.schema, config.rest.extra_search_path),
                       settings.statement_timeout, settings.kept});
  PANDO_CO_TRY(const pg::LaneAnswer answer, co_await deps_.key_lane.Execute(std::move(question), work.http.deadline));
  // No answer: the statement itself will say.
  if (!answer.rows || answer.rows->size() != 1) co_return Result<void>();
  if (const auto what = answer.rows->Get(0, 0)) co_return Denied(*what, named);
  co_return Result<void>();
}

// Parsed, planned and written on the worker.
Task<Result<void>> Pipeline::ServeLong(Work& work) {
  if (!work.config->catalog) co_return NotLoaded();
  std::string body = std::move(work.http.body);
  work.http.body = std::string();
  const size_t body_bytes = body.size();
  auto request = std::make_shared<http::Request>(work.http);
  request->body = std::move(body);
  std::function<Result<Shape>()> make = [request = std::move(request), config = work.config, role = work.role()] {
    return MakeLongShape(*request, *config, role);
  };
  PANDO_CO_TRY(Result<Shape> made, co_await deps_.worker.Run(std::move(make), work.http.deadline));
  PANDO_CO_TRY(Shape shape, std::move(made));
  work.timing.Mark(Phase::kParse);
  if (IsWriteOfResource(shape.request.action) && IsConditional(work.http)) PANDO_CO_CHECK(ReadCurrent(work, shape));
  work.Take(std::move(shape));
  PANDO_CO_CHECK(co_await HoldParameters(work, body_bytes));
  Result<void> served = co_await ServeShape(work);
  // The worker has made the parameters, and they are gone.
  deps_.worker.ReturnMemory();
  co_return std::move(served);
}

// The connection has counted the body, twice.
Task<Result<void>> Pipeline::HoldParameters(Work& work, size_t body_bytes) const {
  const size_t bytes = BytesOf(work.parameters);
  work.sends_once = !work.current && bytes > MemoryBudget::kSmallBytes;
  if (bytes <= body_bytes) co_return Result<void>();
  work.memory = MemoryCharge(deps_.memory);
  co_return co_await net::WaitForRoom(work.memory, 2 * (bytes - body_bytes), work.http.deadline);
}

// As Read(), of many bytes. The rows and their charge are lent to the worker meanwhile.
Task<Result<void>> Pipeline::ReadLong(Work& work, pg::Rows& rows, Outcome& outcome) {
  // What was held while they arrived was given back just now.
  MemoryCharge& memory = work.response.memory;
  memory = MemoryCharge(deps_.memory);
  memory.Hold(rows.text_bytes());
  auto lent = std::make_shared<LentRows>();
  lent->rows = std::move(rows);
  lent->memory = std::move(memory);
  std::function<LongAnswer()> read = [lent, shape = work.shape] { return ReadLongRows(*lent, *shape); };
  PANDO_CO_TRY(LongAnswer answer, co_await deps_.worker.Run(std::move(read), work.http.deadline));
  rows = std::move(lent->rows);
  memory = std::move(lent->memory);
  outcome = std::move(answer.outcome);
  work.print_here = answer.print_here;
  memory.Hold(outcome.body.size());
  if (answer.read) NotePrinted(work, outcome);
  co_return std::move(answer.read);
}

}  // namespace pando::serve
