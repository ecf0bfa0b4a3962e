#include "serve/openapi_parts.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "catalog/snapshot.h"
#include "serve/openapi_schema.h"
#include "telemetry/version.h"

namespace pando::serve {

namespace json = boost::json;

namespace {

constexpr const char* kDefaultTitle = "REST API";
constexpr const char* kDefaultDescription = "The relations and functions that the database schema offers";
constexpr const char* kReference = "https://postgrest.org/en/stable/references/api.html";

bool IsAccessible(const OpenApiInput& input, catalog::Oid oid) {
  return !input.accessible || input.accessible->contains(oid);
}

}  // namespace

bool IsShown(const OpenApiInput& input, const catalog::Relation& relation) {
  return relation.name.schema == input.schema && IsAccessible(input, relation.oid);
}

bool IsShown(const OpenApiInput& input, const catalog::Function& function) {
  const bool is_exposed = function.audience.is_everyone() || input.extension_functions.contains(function.oid);
  return function.name.schema == input.schema && is_exposed && IsAccessible(input, function.oid);
}

json::array Strings(std::initializer_list<const char*> texts) {
  json::array array;
  for (const char* text : texts) array.emplace_back(text);
  return array;
}

json::object DocumentInfo(const OpenApiInput& input) {
  const auto& comments = input.catalog.snapshot().schema_comments;
  const auto found = comments.find(input.schema);
  const Summary about = found == comments.end() ? Summary() : SplitComment(found->second);
  return {{"title", about.summary.empty() ? kDefaultTitle : about.summary},
          {"description", about.description.empty() ? kDefaultDescription : about.description},
          {"version", telemetry::kVersion}};
}

json::object ExternalDocs() {
  return {{"description", "PostgREST's documentation of this kind of API"}, {"url", kReference}};
}

ApiAddress AddressOf(const RestOptions& options) {
  ApiAddress address;
  address.path = options.prefix;
  if (options.openapi_server_proxy_uri) {
    if (const auto uri = boost::urls::parse_uri(*options.openapi_server_proxy_uri)) {
      const bool is_https = uri->scheme() == "https";
      address.scheme = is_https ? "https" : "http";
      address.host = std::string(uri->encoded_host()) + ":" +
                     (uri->has_port() ? std::string(uri->port()) : std::string(is_https ? "443" : "80"));
      address.path = std::string(uri->encoded_path());
      while (address.path.size() > 1 && address.path.ends_with('/')) address.path.pop_back();
    }
  }
  if (address.path.empty()) address.path = "/";
  return address;
}

void Describe(json::object& operation, const std::optional<std::string>& comment) {
  const Summary about = SplitComment(comment);
  if (!about.summary.empty()) operation["summary"] = about.summary;
  if (!about.description.empty()) operation["description"] = about.description;
}

}  // namespace pando::serve
