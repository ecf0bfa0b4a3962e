#include "serve/root_handler.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "serve/http_caching.h"
#include "serve/root.h"
#include "serve/settings.h"
#include "sql/accessible.h"

namespace pando::serve {

Task<Result<void>> RootHandler::Serve(RequestState& state, const rest::Request& request) {
  if (state.config->rest.openapi_mode == "disabled") {
    co_return Error(ErrorId::kOpenApiDisabled, "Root endpoint metadata is disabled");
  }
  PANDO_CO_TRY(const OpenApiVersion version, ChooseOpenApi(request.accept));
  state.timing.Mark(Phase::kPlan);
  OpenApiDocuments::Key key{state.config, request.schema, version, std::nullopt,
                            ExtensionFunctionsFor(*state.config->catalog, request.schema, state.role())};
  if (state.config->rest.openapi_mode == "follow-privileges") {
    PANDO_CO_TRY(key.accessible, co_await QueryAccessible(state, request));
  }
  state.timing.Mark(Phase::kTransaction);
  http::Response& response = state.response;
  response.headers.Add("Content-Type", OpenApiContentType(version));
  AddVary(response);
  if (request.schema_negotiated) response.headers.Add("Content-Profile", request.schema);
  OpenApiDocuments::Document document = deps_.documents.Find(key);
  if (!document) {
    // By value: the work may outlive a caller that goes away. Of callers who wait for one document the first writes it.
    std::function<OpenApiDocuments::Document()> write = [documents = &deps_.documents, key = std::move(key)] {
      return documents->FindOrWrite(key);
    };
    PANDO_CO_TRY(document, co_await deps_.worker.Run(std::move(write), state.http.deadline));
  }
  response.ready_body = *document;
  response.ready = std::move(document);
  co_return Result<void>();
}

Task<Result<std::vector<catalog::Oid>>> RootHandler::QueryAccessible(const RequestState& state,
                                                                     const rest::Request& request) {
  const Config& config = *state.config;
  sql::Query query = sql::WriteAccessible(request.schema);
  pg::Exchange exchange;
  pg::SessionState session;
  if (config.rest.pre_request) {
    // It may refuse the caller or change the role.
    AddSettings({state.http, request, *state.principal, config.rest, *config.catalog, nullptr, /*read_only=*/true},
                exchange);
    exchange.leaves_traces = true;
    exchange.commands.push_back(CallCommand(*config.rest.pre_request));
  } else {
    const RoleSettings& settings = config.roles.Of(state.role());
    session = pg::SessionState{state.role(), SearchPath(request.schema, config.rest.extra_search_path),
                               StatementTimeout(state.http, settings.statement_timeout), settings.kept};
    exchange.session = session;
  }
  exchange.commands.push_back(pg::Command{query.sql, query.parameters});
  PANDO_CO_TRY(const std::unique_ptr<Session> opened,
               co_await deps_.database.Open(std::move(session), pg::Purpose::kRead, false, state.http.deadline));
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await opened->Run(std::move(exchange), state.http.deadline));
  co_return ReadAccessible(rows.back());
}

}  // namespace pando::serve
