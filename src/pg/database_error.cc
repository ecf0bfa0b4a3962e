#include "pg/database_error.h"

#include <algorithm>
#include <optional>

#include "pgtypes/sqlstate.h"

namespace pando::pg {
namespace {

namespace sqlstate = pgtypes::sqlstate;

std::string_view Field(const PGresult* result, int code) {
  const char* value = PQresultErrorField(result, code);
  return value ? value : "";
}

std::string FirstLine(std::string_view text) {
  const size_t end = text.find('\n');
  return std::string(text.substr(0, end));
}

struct Refusal {
  std::string sqlstate;
  std::string message;
};

bool IsSqlstate(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// Finds the last "FATAL:  28P01: password authentication failed" (the severity may be translated). With several hosts
// the message has a line for each; the last is the one that decided.
std::optional<Refusal> FindRefusal(std::string_view message) {
  constexpr std::string_view kBefore = ":  ";
  for (size_t at = message.rfind(kBefore); at != std::string_view::npos && at > 0;
       at = message.rfind(kBefore, at - 1)) {
    std::string_view rest = message.substr(at + kBefore.size());
    if (rest.size() > 7 && rest.substr(5, 2) == ": " && IsSqlstate(rest.substr(0, 5))) {
      return Refusal{std::string(rest.substr(0, 5)), FirstLine(rest.substr(7))};
    }
  }
  return std::nullopt;
}

// PostgreSQL repeats a value that it cannot read, whatever its length.
std::string Shown(std::string_view text) {
  constexpr size_t kShownBytesMax = 64 << 10;
  if (text.size() <= kShownBytesMax) return std::string(text);
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // within a character
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

Error ErrorOfFields(const ErrorFields& fields) {
  Error error = Error::FromDatabase(std::string(fields.sqlstate), Shown(fields.message));
  if (!fields.detail.empty()) error = error.WithDetail(Shown(fields.detail));
  if (!fields.hint.empty()) error = error.WithHint(Shown(fields.hint));
  return fields.context.empty() ? error : error.WithinRoutine();
}

bool EndsConnection(const ErrorFields& fields) {
  return fields.severity == "FATAL" || fields.severity == "PANIC" || fields.sqlstate == sqlstate::kAdminShutdown ||
         fields.sqlstate == sqlstate::kCrashShutdown || fields.sqlstate == sqlstate::kCannotConnectNow;
}

Error ErrorOfResult(const PGresult* result) {
  ErrorFields fields;
  fields.sqlstate = Field(result, PG_DIAG_SQLSTATE);
  if (fields.sqlstate.empty()) {
    return Error(ErrorId::kDatabaseConnectionLost, FirstLine(PQresultErrorMessage(result)));
  }
  fields.message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  fields.detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  fields.hint = Field(result, PG_DIAG_MESSAGE_HINT);
  fields.context = Field(result, PG_DIAG_CONTEXT);
  return ErrorOfFields(fields);
}

Error ConnectionLost(const PGconn* connection) {
  std::string reason = FirstLine(PQerrorMessage(connection));
  if (reason.empty()) reason = "the server closed the connection";
  return Error(ErrorId::kDatabaseConnectionLost, std::move(reason));
}

Error ConnectError(const PGconn* connection) {
  return ConnectErrorOfMessage(PQerrorMessage(connection), PQconnectionNeedsPassword(connection) != 0);
}

Error ConnectErrorOfMessage(std::string_view message, bool needs_password) {
  if (std::optional<Refusal> refusal = FindRefusal(message)) {
    if (!pgtypes::InClass(refusal->sqlstate, sqlstate::kClassIntervention)) {
      return Error::FromDatabase(std::move(refusal->sqlstate), std::move(refusal->message));
    }
    return Error(ErrorId::kDatabaseUnreachable, std::move(refusal->message));
  }
  if (needs_password) {
    return Error::FromDatabase(std::string(sqlstate::kInvalidPassword),
                               "the server asks for a password and none is set");
  }
  return Error(ErrorId::kDatabaseUnreachable, FirstLine(message));
}

}  // namespace pando::pg
