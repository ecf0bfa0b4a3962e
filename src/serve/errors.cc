#include "serve/errors.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "base/json_text.h"
#include "rest/utf8.h"

namespace pando::serve {
namespace {

int StatusOfKind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return 400;
    case ErrorKind::kUnauthenticated:
      return 401;
    case ErrorKind::kPermissionDenied:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kMethodNotAllowed:
      return 405;
    case ErrorKind::kNotAcceptable:
      return 406;
    case ErrorKind::kAmbiguous:
      return 300;
    case ErrorKind::kRangeNotSatisfiable:
      return 416;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kPreconditionFailed:
      return 412;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kOverloaded:
      return 503;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kConnectionLost:
      return 503;
    case ErrorKind::kDeadlineExceeded:
    case ErrorKind::kOutcomeUnknown:
      return 504;
    case ErrorKind::kDatabase:
      return 400;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

// The exact states first, then the classes (the first two characters).
int StatusOfSqlstate(const Error& error, bool anonymous) {
  const std::string& s = error.sqlstate();
  const std::string_view cls = std::string_view(s).substr(0, 2);
  if (s == "42501") return anonymous ? 401 : 403;
  if (s == "42883") return error.message().starts_with("function xmlagg(") ? 406 : 404;
  if (s == "42P01") return 404;
  if (s == "42P17") return 500;
  // What was asked for cannot be done with these values or this object as it is: the caller's business.
  if (s == "21000" || s == "55000" || s == "54000") return 400;
  if (s == "22023") {
    const bool unknown_role = error.message().starts_with("role ") && error.message().ends_with("does not exist");
    return unknown_role ? 401 : 400;
  }
  if (s == "23001" || s == "23503" || s == "23505" || s == "23P01") return 409;
  if (s == "25006") return 405;
  if (s == "53400") return 500;
  if (s == "57P01") return 503;
  if (s == "P0001") return 400;
  if (cls == "08" || cls == "53") return 503;
  if (cls == "0L" || cls == "0P" || cls == "28") return 403;
  for (const char* internal :
       {"09", "25", "2D", "38", "39", "3B", "40", "54", "55", "57", "58", "F0", "HV", "P0", "XX"}) {
    if (cls == internal) return 500;
  }
  return 400;
}

// RAISE SQLSTATE 'PTnnn': the status is nnn.
int StatusOfRaisedPt(const std::string& sqlstate) {
  int status = 0;
  const char* end = sqlstate.data() + sqlstate.size();
  auto [at, failure] = std::from_chars(sqlstate.data() + 2, end, status);
  return failure == std::errc() && at == end && status >= 200 && status <= 599 ? status : 500;
}

std::string Body(std::string_view code, const std::optional<std::string>& detail, bool detail_is_json,
                 const std::optional<std::string>& hint, std::string_view message, bool minimal) {
  std::string body = "{\"code\":";
  // What the client sent may be repeated, and a header may hold bytes that are no text.
  const auto append = [&body](std::string_view text) { AppendJsonString(body, rest::WithValidUtf8(text)); };
  append(code);
  const auto field = [&](const char* name, const std::optional<std::string>& value, bool is_json) {
    body += std::string(",\"") + name + "\":";
    if (!value) {
      body += "null";
    } else if (is_json) {
      body += *value;
    } else {
      append(*value);
    }
  };
  if (!minimal) {
    field("details", detail, detail_is_json);
    field("hint", hint, false);
  }
  body += ",\"message\":";
  append(message);
  return body + "}";
}

http::Response Respond(int status, std::string_view code, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers.Add("Content-Type", "application/json; charset=utf-8");
  // A cache may keep 404 and its like on its own account (RFC 9110, 15.1), though the next request may well succeed.
  response.headers.Add("Cache-Control", "no-store");
  response.headers.Add("Proxy-Status", {"pando; error=", code});
  response.error_code = code;
  return response;
}

// ---- RAISE SQLSTATE 'PGRST': message and detail are JSON that say everything.

struct RaisedError {
  int status = 500;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string code, message;
  std::optional<std::string> details, hint;
};

std::optional<std::string> TextField(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (!value || value->is_null()) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  return boost::json::serialize(*value);
}

bool ParseRaisedMessage(const std::string& text, RaisedError& raised) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse(text, failure);
  if (failure || !value.is_object()) return false;
  const auto& object = value.get_object();
  auto code = TextField(object, "code"), message = TextField(object, "message");
  if (!code || !message) return false;
  raised.code = *code;
  raised.message = *message;
  raised.details = TextField(object, "details");
  raised.hint = TextField(object, "hint");
  return true;
}

bool ParseRaisedDetail(const std::string& text, RaisedError& raised) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse(text, failure);
  if (failure || !value.is_object()) return false;
  const auto& object = value.get_object();
  const auto* status = object.if_contains("status");
  const auto* headers = object.if_contains("headers");
  if (!status || !status->is_int64() || !headers || !headers->is_object()) return false;
  if (status->get_int64() < 200 || status->get_int64() > 599) return false;
  raised.status = static_cast<int>(status->get_int64());
  if (auto reason = TextField(object, "status_text")) raised.reason = *reason;
  for (const auto& [name, header] : headers->get_object()) {
    if (!header.is_string()) return false;
    raised.headers.emplace_back(std::string(name), std::string(header.get_string()));
  }
  return true;
}

// What libpq says of a connection names host, port, socket, role and database. Clients learn that a connection failed;
// the log has the rest. A statement may fail that way too (foreign tables): its detail is libpq's.
Error WithoutAddresses(const Error& error) {
  if (error.sqlstate().starts_with("08")) return Error::FromDatabase(error.sqlstate(), error.message());
  const bool tells = error.kind() == ErrorKind::kUnavailable || error.kind() == ErrorKind::kConnectionLost;
  // The message for a catalog that is not loaded is a fixed text.
  if (!tells || error.id() == ErrorId::kCatalogNotLoaded) return error;
  return Error(error.id(), std::string(RowOf(error.id()).title));
}

Error MalformedRaise(std::string details, std::string hint) {
  return Error(ErrorId::kMalformedRaise, "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error")
      .WithDetail(std::move(details))
      .WithHint(std::move(hint));
}

http::Response RenderRaised(const Error& error, bool minimal) {
  RaisedError raised;
  if (!ParseRaisedMessage(error.message(), raised)) {
    return RenderErrorWithStatus(
        500,
        MalformedRaise("Invalid JSON value for MESSAGE: '" + error.message() + "'",
                       "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: "
                       "'details', 'hint'."),
        minimal);
  }
  const std::string hint =
      "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.";
  if (!error.detail()) {
    return RenderErrorWithStatus(500, MalformedRaise("DETAIL is missing in the RAISE statement", hint), minimal);
  }
  if (!ParseRaisedDetail(*error.detail(), raised)) {
    return RenderErrorWithStatus(500, MalformedRaise("Invalid JSON value for DETAIL: '" + *error.detail() + "'", hint),
                                 minimal);
  }
  http::Response response = Respond(raised.status, raised.code,
                                    Body(raised.code, raised.details, false, raised.hint, raised.message, minimal));
  response.reason = raised.reason;
  for (const auto& [name, value] : raised.headers) {
    if (http::IsFieldName(name)) response.headers.Set(name, value);
  }
  return response;
}

}  // namespace

int HttpStatusOf(const Error& error, bool anonymous) {
  if (error.kind() != ErrorKind::kDatabase) {
    if (error.id() == ErrorId::kHttpUriTooLong) return 414;
    return error.id() == ErrorId::kContentCoding ? 415 : StatusOfKind(error.kind());
  }
  if (error.sqlstate().starts_with("PT")) return StatusOfRaisedPt(error.sqlstate());
  return StatusOfSqlstate(error, anonymous);
}

http::Response RenderErrorWithStatus(int status, const Error& error, bool minimal) {
  http::Response response =
      Respond(status, error.code(),
              Body(error.code(), error.detail(), error.detail_is_json(), error.hint(), error.message(), minimal));
  if (!error.place().empty()) {
    response.headers.Set("Proxy-Status",
                         "pando; error=" + std::string(error.code()) + "; details=\"" + error.place() + "\"");
  }
  if (status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

http::Response RenderError(const Error& error, const ErrorContext& context) {
  if (error.sqlstate() == "PGRST") return RenderRaised(error, context.minimal);
  const bool is_of_subquery = error.sqlstate() == "21000" && error.message().find("subquery") != std::string::npos;
  const int status = is_of_subquery && context.as_postgrest ? 500 : HttpStatusOf(error, context.anonymous);
  http::Response response = RenderErrorWithStatus(status, WithoutAddresses(error), context.minimal);
  // What would be taken (RFC 9110, 15.5.16).
  if (error.id() == ErrorId::kContentCoding) response.headers.Add("Accept-Encoding", "identity");
  if (error.sqlstate().starts_with("PT")) response.reason = error.message();
  if (error.id() == ErrorId::kInvalidJwt || error.id() == ErrorId::kInvalidClaims) {
    std::string description;
    for (char c : error.message()) description += c == '"' ? '\'' : c;
    response.headers.Add("WWW-Authenticate",
                         {"Bearer error=\"invalid_token\", error_description=\"", description, "\""});
  } else if (response.status == 401 && (error.id() == ErrorId::kAnonymousDisabled || error.sqlstate() == "42501")) {
    response.headers.Add("WWW-Authenticate", "Bearer");
  }
  return response;
}

}  // namespace pando::serve
