#include "serve/root.h"

#include <charconv>

#include "rest/media_type.h"

namespace pando::serve {

using rest::MediaType;

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
    if (type.name != kOpenApi31) continue;
    const bool is_2 = type.original.find("version=2") != std::string::npos;
    return is_2 ? OpenApiVersion::k2_0 : OpenApiVersion::k3_1;
  }
  return rest::NoMediaType(accept);
}

std::string OpenApiContentType(OpenApiVersion version) {
  if (version == OpenApiVersion::k3_1) return std::string(kOpenApi31) + "; version=3.1; charset=utf-8";
  return "application/openapi+json; charset=utf-8";
}

bool TurnIntoCall(rest::Request& request, const std::string& name) {
  request.action = rest::Action::kCall;
  request.resource = rest::Resource::kFunction;
  request.name = name;
  const bool is_openapi = request.accept.front().kind == MediaType::Kind::kOpenApi;
  for (MediaType& type : request.accept) {
    if (type.kind == MediaType::Kind::kOpenApi) type.kind = MediaType::Kind::kJson;
  }
  return is_openapi;
}

std::unordered_set<catalog::Oid> ReadAccessible(const pg::Rows& rows) {
  std::unordered_set<catalog::Oid> oids;
  for (int i = 0; i < rows.size(); ++i) {
    const std::string_view text = rows.Get(i, 0).value_or("");
    catalog::Oid oid = 0;
    std::from_chars(text.data(), text.data() + text.size(), oid);
    oids.insert(oid);
  }
  return oids;
}

}  // namespace pando::serve
