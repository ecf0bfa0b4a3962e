#include "serve/error_answers.h"

#include "serve/errors.h"
#include "serve/meant_path.h"
#include "serve/missing_grant.h"
#include "telemetry/log.h"

namespace pando::serve {
namespace {

void LogFailure(const Error& error, const std::string& request_id) {
  if (!telemetry::LogEnabled(telemetry::Level::kWarn)) return;
  const std::string text = error.ToString();
  const std::string where = error.where();
  telemetry::Log(telemetry::Level::kWarn, "request.failed", text, {{"request_id", request_id}, {"where", where}});
}

}  // namespace

void ErrorAnswers::Render(RequestState& state, const Error& error) {
  const bool anonymous = !state.principal || state.principal->has_anonymous_role;
  const std::string& verbosity = state.config->rest.client_error_verbosity;
  const ErrorContext context{anonymous, verbosity == "minimal", verbosity == "postgrest"};
  state.response = RenderError(WithHints(state, error), context);
  if (state.response.status >= 500) LogFailure(error, state.http.id);
}

Error ErrorAnswers::WithHints(const RequestState& state, const Error& error) {
  const Config& config = *state.config;
  if (error.id() == ErrorId::kInvalidPath) {
    const std::string& schema = SchemaNamed(state.http, config);
    return WithMeantPath(error, {state.http.path(), config.rest.prefix, schema, config.catalog.get()});
  }
  if (error.hint() || !state.principal) return error;
  const std::string& schema = state.shape ? state.shape->request.schema : config.rest.schemas.front();
  const plan::Plan* const plan = state.shape ? &state.shape->plan : nullptr;
  const auto missing = MissingPrivilege(error, {state.role(), schema, config.catalog.get(), plan, state.http.method});
  if (!missing) return error;
  LogMissing(state, *missing);
  return config.rest.client_error_verbosity == "verbose" ? error.WithHint(*missing) : error;
}

// Once for each privilege: callers may ask for it again and again.
void ErrorAnswers::LogMissing(const RequestState& state, const std::string& missing) {
  if (told_.size() >= kToldMax || !told_.insert(missing).second) return;
  const std::string text = "the database denied a request; if the role is meant to do this: " + missing;
  telemetry::Log(telemetry::Level::kInfo, "request.denied", text,
                 {{"request_id", state.http.id}, {"role", state.role()}});
}

}  // namespace pando::serve
