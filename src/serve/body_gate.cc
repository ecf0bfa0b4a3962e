#include "serve/body_gate.h"

#include <memory>
#include <string>
#include <utility>

#include "serve/missing_grant.h"
#include "serve/settings.h"
#include "sql/accessible.h"

namespace pando::serve {

using rest::Action;

namespace {

Error Denied(std::string_view what, const plan::Named& named) {
  std::string message = "permission denied for ";
  const catalog::QualifiedName& name = named.relation ? named.relation->name : named.functions.front()->name;
  if (what == sql::kForbiddenSchema) {
    message.append("schema ").append(name.schema);
  } else {
    message.append(named.relation ? WordsFor(named.relation->kind) : "function ").append(name.name);
  }
  return Error::FromDatabase("42501", std::move(message));
}

}  // namespace

Task<Result<void>> BodyGate::Admit(RequestState& state) {
  PANDO_CO_TRY(const rest::Request request, ParseHead(state.http, *state.config));
  if (!rest::HasPayload(request)) {
    co_return Error(ErrorId::kHttpBodyTooLarge, "a " + request.method + " of this resource takes no body");
  }
  if (!state.config->catalog) co_return NotLoaded();
  PANDO_CO_TRY(state.named, plan::FindNamed(request, *state.config->catalog, state.role()));
  state.response.route = (state.named->relation ? "" : "rpc/") + request.name;
  co_return co_await CheckPrivilege(state, request, *state.named);
}

Task<Result<void>> BodyGate::CheckPrivilege(const RequestState& state, const rest::Request& request,
                                            const plan::Named& named) {
  const Config& config = *state.config;
  if (config.rest.pre_request) co_return Result<void>();
  sql::Query query = named.relation
                         ? sql::WriteForbidden(*named.relation, request.action == Action::kUpdate ? "UPDATE" : "INSERT")
                         : sql::WriteForbidden(named.functions);
  const RoleSettings& settings = config.roles.Of(state.role());
  pg::LaneStatement question;
  question.command = pg::Command{std::move(query.sql), std::move(query.parameters)};
  question.session = std::make_shared<const pg::SessionState>(
      pg::SessionState{state.role(), SearchPath(request.schema, config.rest.extra_search_path),
                       settings.statement_timeout, settings.kept});
  pg::Lane::Call call = database_.RunShared(Database::Lane::kKeys, std::move(question), state.http.deadline);
  PANDO_CO_TRY(const pg::LaneAnswer answer, co_await pg::Await(call));
  // No answer: the statement itself will say.
  if (!answer.rows || answer.rows->size() != 1) co_return Result<void>();
  if (const auto what = answer.rows->Get(0, 0)) co_return Denied(*what, named);
  co_return Result<void>();
}

}  // namespace pando::serve
