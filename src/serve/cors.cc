#include "serve/cors.h"

#include <algorithm>

namespace pando::serve {
namespace {

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
  response.headers.Set("Access-Control-Expose-Headers",
                       "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, "
                       "Transfer-Encoding, Range-Unit");
}

}  // namespace pando::serve
