#include "admin/handler.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/json_text.h"
#include "telemetry/metrics.h"

namespace pando::admin {
namespace {

using Weight = Check::Weight;

http::Response Make(int status, std::string_view type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.Add("Content-Type", type);
  // Health and metrics are of the moment; the rest is nobody's to keep.
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

http::Response MakeJson(int status, std::string body) { return Make(status, "application/json", std::move(body)); }

std::string JsonOrNull(const std::optional<std::string>& text) { return text ? JsonString(*text) : "null"; }

// {"ready":false,"degraded":["changes"],"checks":[{"name":"catalog","ok":false,"detail":"not loaded yet"}]}
http::Response AnswerReadiness(const std::vector<Check>& checks) {
  const bool ready = std::all_of(checks.begin(), checks.end(),
                                 [](const Check& check) { return check.ok || check.weight == Weight::kDegrades; });
  std::string degraded, body;
  for (const Check& check : checks) {
    if (!check.ok && check.weight == Weight::kDegrades)
      degraded += (degraded.empty() ? "" : ",") + JsonString(check.name);
    body += (body.empty() ? "{\"name\":" : ",{\"name\":") + JsonString(check.name);
    body += std::string(",\"ok\":") + (check.ok ? "true" : "false");
    if (!check.detail.empty()) body += ",\"detail\":" + JsonString(check.detail);
    body += '}';
  }
  return MakeJson(ready ? 200 : 503, std::string("{\"ready\":") + (ready ? "true" : "false") + ",\"degraded\":[" +
                                         degraded + "],\"checks\":[" + body + "]}");
}

}  // namespace

http::Response RenderError(int status, const Error& error) {
  const std::string detail = error.detail_is_json() && error.detail() ? *error.detail() : JsonOrNull(error.detail());
  return MakeJson(status, "{\"code\":" + JsonString(error.code()) + ",\"message\":" + JsonString(error.message()) +
                              ",\"details\":" + detail + ",\"hint\":" + JsonOrNull(error.hint()) + "}");
}

http::Response AnswerCache(std::string report) {
  if (!report.empty()) return MakeJson(200, std::move(report));
  return RenderError(404, Error(ErrorId::kInvalidPath, "there is no cache").WithHint("set cache.url"));
}

http::Response Answer(const http::Request& request, const Sources& sources) {
  const std::string_view path = request.path();
  const bool is_known =
      path == "/livez" || path == "/readyz" || path == "/metrics" || path == "/config" || path == "/cache";
  if (!is_known) {
    const Error error(ErrorId::kInvalidPath, "the admin port has no such path");
    return RenderError(404, error.WithHint("the paths are /livez, /readyz, /metrics, /config and /cache"));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response refusal =
        RenderError(405, Error(ErrorId::kUnsupportedMethod, "the admin port answers GET and HEAD only"));
    refusal.headers.Add("Allow", "GET, HEAD");
    return refusal;
  }
  if (path == "/livez") return MakeJson(200, "{\"live\":true}");
  if (path == "/readyz") return AnswerReadiness(sources.readiness());
  if (path == "/metrics") return Make(200, telemetry::kMetricsContentType, sources.metrics());
  if (path == "/cache") return AnswerCache(sources.cache());
  return MakeJson(200, sources.config());
}

bool NeedsControl(const http::Request& request) {
  const std::string_view path = request.path();
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  return is_read && (path == "/metrics" || path == "/config" || path == "/cache");
}

}  // namespace pando::admin
