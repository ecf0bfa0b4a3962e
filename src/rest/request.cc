#include "rest/request.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "rest/honoured.h"
#include "rest/payload.h"
#include "rest/preferences.h"
#include "rest/query_parser.h"
#include "rest/target.h"
#include "rest/windows.h"

namespace pando::rest {
namespace {

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

std::vector<std::string_view> Headers(const RawRequest& raw, std::string_view name) {
  PANDO_ASSERT(!IsRead(raw.method) || std::find(kReadHeaders.begin(), kReadHeaders.end(), name) != kReadHeaders.end());
  return raw.headers ? raw.headers(name) : std::vector<std::string_view>();
}

std::optional<std::string_view> FirstHeader(const RawRequest& raw, std::string_view name) {
  const std::vector<std::string_view> values = Headers(raw, name);
  if (values.empty()) return std::nullopt;
  return values.front();
}

// Several fields of one name mean the same as one with their values joined by commas (RFC 9110 section 5.3).
std::vector<MediaType> Accepted(const RawRequest& raw) {
  const std::vector<std::string_view> values = Headers(raw, "Accept");
  if (values.size() <= 1) return ParseAccept(values.empty() ? std::string_view() : values.front());
  std::string joined;
  for (const std::string_view value : values) {
    if (!joined.empty()) joined += ',';
    joined += value;
  }
  return ParseAccept(joined);
}

bool IsWrite(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "PUT" || method == "DELETE";
}

Error UnknownSchema(std::string_view schema, const std::vector<std::string>& exposed) {
  std::string list;
  for (const std::string& name : exposed) {
    if (!list.empty()) list += ", ";
    list += name;
  }
  return Error(ErrorId::kUnknownSchema, "Invalid schema: " + std::string(schema))
      .WithHint("Only the following schemas are exposed: " + list);
}

// A write would else go to the first schema.
Error WrongProfile(std::string_view method, std::string_view schema) {
  return Error(ErrorId::kNotHonoured, "Accept-Profile does not choose the schema of " + std::string(method))
      .WithHint("Send \"Content-Profile: " + std::string(schema) + "\".");
}

std::optional<std::string_view> ProfileOf(const RawRequest& raw) {
  return FirstHeader(raw, IsWrite(raw.method) ? "Content-Profile" : "Accept-Profile");
}

// The profile that the method's own header names, else the first exposed schema.
Result<void> ChooseSchema(const RawRequest& raw, const ParseOptions& options, Request& request) {
  const std::optional<std::string_view> profile = ProfileOf(raw);
  if (profile && std::find(options.schemas.begin(), options.schemas.end(), *profile) == options.schemas.end()) {
    return UnknownSchema(*profile, options.schemas);
  }
  request.schema = profile ? std::string(*profile) : options.schemas.front();
  if (!profile && IsWrite(raw.method)) {
    const std::optional<std::string_view> other = FirstHeader(raw, "Accept-Profile");
    if (other && *other != request.schema) return WrongProfile(raw.method, *other);
  }
  request.schema_negotiated = profile.has_value() || options.schemas.size() > 1;
  return {};
}

// The Range header speaks of the answer to a GET (RFC 9110 section 14.2) and of nothing else. The rows that a PATCH or
// DELETE touches are not its business, and a client that sends it there believes they are.
Result<std::optional<std::string_view>> RangeOf(const RawRequest& raw) {
  std::optional<std::string_view> range;
  const bool is_write_of_rows = raw.method == "PATCH" || raw.method == "DELETE";
  if (raw.method != "GET" && !is_write_of_rows) return range;
  const std::vector<std::string_view> values = Headers(raw, "Range");
  if (values.size() > 1) return Error(ErrorId::kNotHonoured, "the Range header is given more than once");
  if (values.empty()) return range;
  if (is_write_of_rows) {
    return Error(ErrorId::kNotHonoured,
                 "the Range header does not choose which rows " + std::string(raw.method) + " writes")
        .WithHint("Choose the rows by filters, such as id=in.(1,2).");
  }
  range = values.front();
  return range;
}

// PATCH, PUT and DELETE look at what is there before they write. POST makes something, or calls a function.
Result<void> CheckConditions(const RawRequest& raw) {
  if (raw.method != "POST") return {};
  for (const char* name : {"If-Match", "If-None-Match"}) {
    if (Headers(raw, name).empty()) continue;
    return Error(ErrorId::kNotHonoured, std::string(name) + " does not decide whether POST writes")
        .WithHint("Send conditions with PATCH, PUT or DELETE.");
  }
  return {};
}

Result<void> ReadQuery(const RawRequest& raw, const ParseOptions& options, Request& request) {
  const QueryContext context{
      .arguments_allowed = request.resource == Resource::kFunction && raw.method != "POST",
      .nesting_max = options.nesting_max,
  };
  PANDO_TRY(ParsedQuery parsed, ParseQuery(raw.query, context));
  request.query = std::move(parsed.query);
  PANDO_TRY(const std::optional<std::string_view> range, RangeOf(raw));
  PANDO_TRY(request.query.windows, MergeWindows(parsed.windows, range));
  const std::vector<At<Window>>& windows = request.query.windows;
  if (request.action == Action::kPut && !windows.empty() && windows.front().path.empty()) {
    return Error(ErrorId::kPutRange, "limit/offset querystring parameters are not allowed for PUT");
  }
  return {};
}

// Bodies are read as they are (RFC 9110 section 8.4).
Result<void> CheckCoding(const RawRequest& raw) {
  for (const std::string_view value : Headers(raw, "Content-Encoding")) {
    for (size_t at = 0; at <= value.size();) {
      const size_t end = std::min(value.find(',', at), value.size());
      const std::string coding = ToLower(Trimmed(value.substr(at, end - at)));
      at = end + 1;
      if (coding.empty() || coding == "identity") continue;
      return Error(ErrorId::kContentCoding, "request bodies with Content-Encoding: " + coding + " are not supported")
          .WithHint("Send the body uncompressed, without Content-Encoding.");
    }
  }
  return {};
}

Result<void> ReadPayload(const RawRequest& raw, const ParseOptions& options, Request& request) {
  if (!HasPayload(request)) return {};
  PANDO_CHECK(CheckCoding(raw));
  if (raw.body_is_awaited) return {};
  const PayloadContext context{
      .for_function = request.resource == Resource::kFunction,
      .columns_given = request.query.columns.has_value(),
      .json_nesting_max = options.json_nesting_max,
  };
  const std::string_view content_type = FirstHeader(raw, "Content-Type").value_or(std::string_view());
  PANDO_TRY(request.payload, ParsePayload(content_type, raw.body, context));
  return {};
}

}  // namespace

bool HasPayload(const Request& request) {
  switch (request.action) {
    case Action::kInsert:
    case Action::kPut:
    case Action::kUpdate:
      return true;
    case Action::kCall:
      return request.method == "POST";
    default:
      return false;
  }
}

const std::string& SchemaNamed(const RawRequest& raw, const std::vector<std::string>& schemas) {
  const std::optional<std::string_view> profile = ProfileOf(raw);
  const auto named = profile ? std::find(schemas.begin(), schemas.end(), *profile) : schemas.end();
  return named == schemas.end() ? schemas.front() : *named;
}

Result<Request> ParseRequest(const RawRequest& raw, const ParseOptions& options) {
  PANDO_ASSERT(!options.schemas.empty());
  Request request;
  PANDO_TRY(Target target, ParseTarget(raw.path, options.prefix));
  request.resource = target.resource;
  request.name = std::move(target.name);
  request.path = std::move(target.path);
  request.method = raw.method;
  request.head = raw.method == "HEAD";
  PANDO_CHECK(ChooseSchema(raw, options, request));
  PANDO_TRY(request.action, ParseAction(request.resource, raw.method));
  PANDO_CHECK(CheckConditions(raw));
  PANDO_CHECK(ReadQuery(raw, options, request));
  request.preferences = ParsePreferences(Headers(raw, "Prefer"), options.tx_override_allowed);
  request.accept = Accepted(raw);
  if (!raw.of_write) PANDO_CHECK(CheckHonoured(request));
  PANDO_CHECK(ReadPayload(raw, options, request));
  return request;
}

}  // namespace pando::rest
