#include "serve/cors.h"

#include <algorithm>

namespace pando::serve {
namespace {

// What a page may read beside what every page may. The first line is PostgREST's; the others are what our answers, and
// gateways and functions before and behind them, say beside it.
constexpr std::string_view kExposed =
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, "
    "Range-Unit, ETag, Pando-Position, X-Request-Id, Preference-Applied, Proxy-Status, Cache-Status, Retry-After, "
    "RateLimit, RateLimit-Policy, Content-Disposition, Allow, Content-Profile, Server-Timing, Warning, "
    "WWW-Authenticate";

constexpr std::string_view kExpose = "Access-Control-Expose-Headers";

// "*" without a list of origins; else the origin itself, with credentials, when it is on the list.
bool AddAllowOrigin(const http::Request& request, const RestOptions& options, http::Response& response) {
  const auto origin = request.headers.Find("origin");
  const auto& allowed = options.cors_allowed_origins;
  if (allowed.empty()) {
    response.headers.Set("Access-Control-Allow-Origin", "*");
    return true;
  }
  if (!origin || std::find(allowed.begin(), allowed.end(), *origin) == allowed.end()) return false;
  response.headers.Set("Access-Control-Allow-Origin", *origin);
  response.headers.Set("Access-Control-Allow-Credentials", "true");
  return true;
}

void AddExposed(const RestOptions& options, http::Response& response) {
  std::string exposed(kExposed);
  if (options.trace_header) exposed += ", " + *options.trace_header;
  // A function may show fields of its own.
  if (const auto own = response.headers.Find(kExpose); own && !own->empty()) exposed += ", " + std::string(*own);
  response.headers.Set(kExpose, exposed);
}

}  // namespace

bool AnswerPreflight(const http::Request& request, const RestOptions& options, http::Response& response) {
  const bool is_preflight = request.headers.Find("origin") && request.method == "OPTIONS" &&
                            request.headers.Find("access-control-request-method");
  if (!is_preflight) return false;
  if (!AddAllowOrigin(request, options, response)) return true;
  response.headers.Add("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD");
  std::string allowed = "Authorization";
  if (auto asked = request.headers.Find("access-control-request-headers"); asked && !asked->empty()) {
    allowed += ", " + std::string(*asked);
  }
  allowed += ", Accept, Accept-Language, Content-Language";
  response.headers.Add("Access-Control-Allow-Headers", allowed);
  response.headers.Add("Access-Control-Max-Age", "86400");
  return true;
}

void AddCorsHeaders(const http::Request& request, const RestOptions& options, http::Response& response) {
  const auto origin = request.headers.Find("origin");
  if (!origin && request.method != "OPTIONS") return;
  if (!AddAllowOrigin(request, options, response) || !origin) return;
  AddExposed(options, response);
}

void AddCorsHeadersToRefusal(const http::Request* request, const RestOptions& options, http::Response& response) {
  static const http::Request kUnknown;
  if (AddAllowOrigin(request ? *request : kUnknown, options, response)) AddExposed(options, response);
}

}  // namespace pando::serve
