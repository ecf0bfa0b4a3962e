#include "base/error_table.h"

#include <array>

#include "base/assert.h"

namespace pando {
namespace {

// In the order of ErrorId: RowOf() indexes. A row is added at the end of its group, and never removed.
constexpr auto kRows = std::to_array<ErrorRow>({
    {ErrorId::kDatabaseUnreachable, "PGRST000", ErrorKind::kUnavailable, "the database cannot be reached"},
    {ErrorId::kDatabaseConnectionLost, "PGRST001", ErrorKind::kConnectionLost,
     "the connection to the database broke while the request was under way"},
    {ErrorId::kCatalogNotLoaded, "PGRST002", ErrorKind::kUnavailable, "the schema of the database is not loaded yet"},
    {ErrorId::kPoolTimeout, "PGRST003", ErrorKind::kDeadlineExceeded, "no database connection became free in time"},
    {ErrorId::kQueryParse, "PGRST100", ErrorKind::kInvalidArgument, "the query string cannot be parsed"},
    {ErrorId::kFunctionMethod, "PGRST101", ErrorKind::kMethodNotAllowed, "functions answer GET, HEAD and POST only"},
    {ErrorId::kInvalidBody, "PGRST102", ErrorKind::kInvalidArgument,
     "the request body is invalid, or of a type that is not accepted"},
    {ErrorId::kInvalidRange, "PGRST103", ErrorKind::kRangeNotSatisfiable, "the requested range cannot be satisfied"},
    {ErrorId::kPutFilters, "PGRST105", ErrorKind::kMethodNotAllowed,
     "PUT needs exactly the primary key columns as eq filters"},
    {ErrorId::kUnknownSchema, "PGRST106", ErrorKind::kNotAcceptable, "the schema is not exposed"},
    {ErrorId::kNoMediaType, "PGRST107", ErrorKind::kNotAcceptable, "none of the accepted media types can be produced"},
    {ErrorId::kNotEmbedded, "PGRST108", ErrorKind::kInvalidArgument,
     "a filter, order or limit names a resource that is not embedded"},
    {ErrorId::kResponseHeadersSetting, "PGRST111", ErrorKind::kInternal,
     "the setting response.headers is not a JSON array of single-key objects"},
    {ErrorId::kResponseStatusSetting, "PGRST112", ErrorKind::kInternal,
     "the setting response.status is not an HTTP status"},
    {ErrorId::kPutRange, "PGRST114", ErrorKind::kInvalidArgument, "limit and offset are not allowed with PUT"},
    {ErrorId::kPutKeyMismatch, "PGRST115", ErrorKind::kInvalidArgument,
     "the primary key in the body differs from that in the URL"},
    {ErrorId::kNotSingular, "PGRST116", ErrorKind::kNotAcceptable,
     "a single object was asked for, and the result is not exactly one row"},
    {ErrorId::kUnsupportedMethod, "PGRST117", ErrorKind::kMethodNotAllowed, "the method is not supported"},
    {ErrorId::kRelatedOrderToMany, "PGRST118", ErrorKind::kInvalidArgument,
     "rows cannot be ordered by a column of a to-many embed"},
    {ErrorId::kMalformedRaise, "PGRST121", ErrorKind::kInternal,
     "a function raised SQLSTATE PGRST with a message or detail that cannot be parsed"},
    {ErrorId::kInvalidPreferences, "PGRST122", ErrorKind::kInvalidArgument,
     "strict handling was asked for, and a preference is not known"},
    {ErrorId::kAggregatesDisabled, "PGRST123", ErrorKind::kInvalidArgument, "aggregate functions are not enabled"},
    {ErrorId::kMaxAffectedExceeded, "PGRST124", ErrorKind::kInvalidArgument,
     "more rows would be affected than the max-affected preference allows"},
    {ErrorId::kInvalidPath, "PGRST125", ErrorKind::kNotFound, "the path names no resource"},
    {ErrorId::kOpenApiDisabled, "PGRST126", ErrorKind::kNotFound, "the root endpoint is disabled"},
    {ErrorId::kNotImplemented, "PGRST127", ErrorKind::kInvalidArgument, "the feature is not implemented"},
    {ErrorId::kMaxAffectedScalar, "PGRST128", ErrorKind::kInvalidArgument,
     "max-affected needs a function that returns a set"},
    {ErrorId::kNoRelationship, "PGRST200", ErrorKind::kInvalidArgument,
     "no relationship between the two resources is known"},
    {ErrorId::kAmbiguousRelationship, "PGRST201", ErrorKind::kAmbiguous,
     "several relationships between the two resources fit"},
    {ErrorId::kFunctionNotFound, "PGRST202", ErrorKind::kNotFound, "no function of that name takes these arguments"},
    {ErrorId::kAmbiguousFunction, "PGRST203", ErrorKind::kAmbiguous,
     "several functions of that name take these arguments"},
    {ErrorId::kColumnNotFound, "PGRST204", ErrorKind::kInvalidArgument,
     "a column of the body or of columns= is not known"},
    {ErrorId::kRelationNotFound, "PGRST205", ErrorKind::kNotFound, "no table or view of that name is exposed"},
    {ErrorId::kNoJwtSecret, "PGRST300", ErrorKind::kInternal,
     "a token was sent, and no secret to verify it is configured"},
    {ErrorId::kInvalidJwt, "PGRST301", ErrorKind::kUnauthenticated, "the token cannot be decoded or verified"},
    {ErrorId::kAnonymousDisabled, "PGRST302", ErrorKind::kUnauthenticated,
     "no token was sent, and anonymous access is disabled"},
    {ErrorId::kInvalidClaims, "PGRST303", ErrorKind::kUnauthenticated, "the token's claims are not valid"},
    {ErrorId::kRestInternal, "PGRSTX00", ErrorKind::kInternal, "an internal error of the REST layer"},
    {ErrorId::kSqlstate, "SQLSTATE", ErrorKind::kDatabase, "PostgreSQL refused; the code is its SQLSTATE"},
    {ErrorId::kConfigInvalid, "PANDO1001", ErrorKind::kInvalidArgument, "an option has a value that is not allowed"},
    {ErrorId::kConfigUnknownKey, "PANDO1002", ErrorKind::kInvalidArgument, "an option of that name does not exist"},
    {ErrorId::kStartFailed, "PANDO1003", ErrorKind::kUnavailable, "Pando could not start"},
    {ErrorId::kHttpMalformed, "PANDO2001", ErrorKind::kInvalidArgument, "the request is not valid HTTP"},
    {ErrorId::kHttpHeaderTooLarge, "PANDO2002", ErrorKind::kTooLarge,
     "the request header is larger than http.header_bytes_max"},
    {ErrorId::kHttpBodyTooLarge, "PANDO2003", ErrorKind::kTooLarge,
     "the request body is larger than http.body_bytes_max"},
    {ErrorId::kHttpUriTooLong, "PANDO2004", ErrorKind::kTooLarge, "the request target is too long"},
    {ErrorId::kHttpTimeout, "PANDO2005", ErrorKind::kDeadlineExceeded, "the request did not arrive in time"},
    {ErrorId::kHttpLengthRequired, "PANDO2006", ErrorKind::kInvalidArgument, "the request needs a Content-Length"},
    {ErrorId::kHttpUnsupported, "PANDO2007", ErrorKind::kInvalidArgument,
     "the request uses a feature of HTTP that is not supported"},
    {ErrorId::kHttpOverloaded, "PANDO2008", ErrorKind::kOverloaded,
     "the server has too many connections or requests, or too little memory for bodies; try again later"},
    {ErrorId::kNetwork, "PANDO2009", ErrorKind::kUnavailable, "a network operation failed"},
    {ErrorId::kTls, "PANDO2010", ErrorKind::kInvalidArgument,
     "a TLS certificate or key cannot be used, or a TLS handshake failed"},
    {ErrorId::kPreconditionFailed, "PANDO2011", ErrorKind::kPreconditionFailed,
     "the resource does not meet the condition of If-Match or If-None-Match"},
    {ErrorId::kNotHonoured, "PANDO2012", ErrorKind::kInvalidArgument,
     "a parameter or header has no effect on this kind of request, and is refused rather than ignored"},
    {ErrorId::kHttpAnswerTooLarge, "PANDO2013", ErrorKind::kInternal,
     "the response is larger than http.memory_max allows"},
    {ErrorId::kContentCoding, "PANDO2014", ErrorKind::kInvalidArgument,
     "the request body is compressed, which is not supported"},
    {ErrorId::kNotWritten, "PANDO2015", ErrorKind::kConflict,
     "no row was written, because a trigger or rule of the table suppressed the write"},
    {ErrorId::kEmbeddedNotInstalled, "PANDO3001", ErrorKind::kNotFound, "no PostgreSQL server is installed"},
    {ErrorId::kEmbeddedInUse, "PANDO3002", ErrorKind::kConflict, "the data folder is in use by another Pando"},
    {ErrorId::kEmbeddedVersion, "PANDO3003", ErrorKind::kConflict,
     "the data folder belongs to another major version of PostgreSQL"},
    {ErrorId::kEmbeddedStart, "PANDO3004", ErrorKind::kUnavailable, "the embedded PostgreSQL did not start"},
    {ErrorId::kMigrationInvalid, "PANDO3005", ErrorKind::kConflict, "the migrations do not match what was applied"},
    {ErrorId::kMigrationFailed, "PANDO3006", ErrorKind::kDatabase, "a migration failed and was rolled back"},
    {ErrorId::kPoolOverloaded, "PANDO4001", ErrorKind::kOverloaded,
     "all database connections are busy, and database.waiters_max requests wait for one"},
    {ErrorId::kRequestDeadline, "PANDO4002", ErrorKind::kDeadlineExceeded,
     "the request took longer than allowed, and was cancelled"},
    {ErrorId::kRequestCancelled, "PANDO4003", ErrorKind::kDeadlineExceeded,
     "the client left, and the request was cancelled"},
    {ErrorId::kDraining, "PANDO4004", ErrorKind::kUnavailable, "the server is shutting down"},
    {ErrorId::kProtocol, "PANDO4005", ErrorKind::kInternal, "the database answered in an unexpected way"},
    {ErrorId::kIntrospection, "PANDO4006", ErrorKind::kUnavailable, "the schema of the database could not be read"},
    {ErrorId::kPooler, "PANDO4007", ErrorKind::kUnavailable,
     "a pooler before the database does not work as database.pooler says"},
    {ErrorId::kWriteUnknown, "PANDO4008", ErrorKind::kOutcomeUnknown,
     "it is not known whether the write was done: read the data before you write again"},
    {ErrorId::kStandbyAwaited, "PANDO4009", ErrorKind::kUnavailable,
     "nothing was written: commits wait for a synchronous standby of the database"},
    {ErrorId::kStandby, "PANDO4010", ErrorKind::kUnavailable,
     "nothing was written: the database server that answers is a standby"},
    {ErrorId::kInternalBug, "PANDO9000", ErrorKind::kInternal,
     "a fault in Pando; the log has the cause under the request id"},
});

constexpr bool InOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].id != static_cast<ErrorId>(i)) return false;
  }
  return true;
}
static_assert(InOrder());
static_assert(kRows.size() == static_cast<size_t>(ErrorId::kInternalBug) + 1);

}  // namespace

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid argument";
    case ErrorKind::kUnauthenticated:
      return "unauthenticated";
    case ErrorKind::kPermissionDenied:
      return "permission denied";
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kMethodNotAllowed:
      return "method not allowed";
    case ErrorKind::kNotAcceptable:
      return "not acceptable";
    case ErrorKind::kAmbiguous:
      return "ambiguous";
    case ErrorKind::kRangeNotSatisfiable:
      return "range not satisfiable";
    case ErrorKind::kTooLarge:
      return "too large";
    case ErrorKind::kPreconditionFailed:
      return "precondition failed";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kOverloaded:
      return "overloaded";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kConnectionLost:
      return "connection lost";
    case ErrorKind::kDeadlineExceeded:
      return "deadline exceeded";
    case ErrorKind::kOutcomeUnknown:
      return "outcome unknown";
    case ErrorKind::kDatabase:
      return "database";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "unknown";
}

const ErrorRow& RowOf(ErrorId id) {
  PANDO_ASSERT(static_cast<size_t>(id) < kRows.size());
  return kRows[static_cast<size_t>(id)];
}

std::span<const ErrorRow> AllErrors() { return kRows; }

}  // namespace pando
