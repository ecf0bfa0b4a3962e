#include "serve/root.h"

#include <algorithm>
#include <charconv>

#include "catalog/function.h"
#include "catalog/snapshot.h"
#include "rest/media_type.h"

namespace pando::serve {

using rest::MediaType;

constexpr const char* kOpenApi = "application/openapi+json";
constexpr const char* kOpenApi31 = "application/vnd.oai.openapi+json";

Result<OpenApiVersion> ChooseOpenApi(const std::vector<MediaType>& accept) {
  for (const MediaType& type : accept) {
    switch (type.kind) {
      case MediaType::Kind::kAny:
      case MediaType::Kind::kJson:
      case MediaType::Kind::kOpenApi:
        return OpenApiVersion::k2_0;
      default:
        break;
    }
    if (type.name == "application/*") return OpenApiVersion::k2_0;
    if (type.name != kOpenApi31) continue;
    const bool is_2 = type.original.find("version=2") != std::string::npos;
    return is_2 ? OpenApiVersion::k2_0 : OpenApiVersion::k3_1;
  }
  return rest::NoMediaType(accept);
}

std::string OpenApiContentType(OpenApiVersion version) {
  if (version == OpenApiVersion::k3_1) return std::string(kOpenApi31) + "; version=3.1; charset=utf-8";
  return std::string(kOpenApi) + "; charset=utf-8";
}

Result<std::string> TurnIntoCall(rest::Request& request, const std::string& name, const catalog::Catalog& catalog,
                                 const std::string& role) {
  const auto served = std::find_if(request.accept.begin(), request.accept.end(), [](const MediaType& type) {
    return type.kind == MediaType::Kind::kAny || type.kind == MediaType::Kind::kJson ||
           type.kind == MediaType::Kind::kOpenApi;
  });
  if (served == request.accept.end()) return rest::NoMediaType(request.accept);
  const std::vector<const catalog::Function*> overloads = catalog.FunctionsNamed(request.schema, name, role);
  const bool is_typed = !overloads.empty() && overloads.front()->media_type == kOpenApi;
  const bool as_json = served->kind == MediaType::Kind::kJson || (served->kind == MediaType::Kind::kAny && !is_typed);
  request.action = rest::Action::kCall;
  request.resource = rest::Resource::kFunction;
  request.name = name;
  request.accept = rest::ParseAccept(is_typed ? kOpenApi : "application/json");
  return as_json ? std::string("application/json; charset=utf-8") : OpenApiContentType(OpenApiVersion::k2_0);
}

std::vector<catalog::Oid> ExtensionFunctionsFor(const catalog::Catalog& catalog, const std::string& schema,
                                                const std::string& role) {
  std::vector<catalog::Oid> oids;
  for (const catalog::Function& function : catalog.snapshot().functions) {
    if (function.audience.is_everyone() || function.name.schema != schema) continue;
    if (function.audience.Includes(role)) oids.push_back(function.oid);
  }
  std::sort(oids.begin(), oids.end());
  return oids;
}

std::vector<catalog::Oid> ReadAccessible(const pg::Rows& rows) {
  std::vector<catalog::Oid> oids;
  for (int i = 0; i < rows.size(); ++i) {
    const std::string_view text = rows.Get(i, 0).value_or("");
    catalog::Oid oid = 0;
    std::from_chars(text.data(), text.data() + text.size(), oid);
    oids.push_back(oid);
  }
  std::sort(oids.begin(), oids.end());
  return oids;
}

}  // namespace pando::serve
