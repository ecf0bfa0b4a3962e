// The inventory of errors: one id each, one row each in error_table.cc. Ids are stable and never reused; where the REST
// API defines a code (PGRST116), the id is that one. docs/reference/errors.md is printed from this table.
//
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pando {

// What a caller can do about it. Code decides on these, never on ids or texts.
enum class ErrorKind : uint8_t {
  kInvalidArgument,   // the input is wrong; sending it again will not help
  kUnauthenticated,   // who are you?
  kPermissionDenied,  // known, but not allowed
  kNotFound,          // no such thing
  kMethodNotAllowed,  // the thing is there, the verb is not
  kNotAcceptable,     // cannot be answered in the form asked for
  kAmbiguous,         // several things fit; say which
  kRangeNotSatisfiable,
  kTooLarge,            // past a limit on size
  kConflict,            // the state of the data forbids it
  kPreconditionFailed,  // not what the caller said it must be
  kOverloaded,          // too much at the moment; try again later
  kUnavailable,         // a part is away; try again later
  kConnectionLost,      // was under way when the connection broke, and has had no effect
  kDeadlineExceeded,    // took longer than allowed
  kOutcomeUnknown,      // may have had its effect, or may have it yet
  kDatabase,            // PostgreSQL refused; sqlstate() says why
  kInternal,            // our fault
};

std::string_view ToString(ErrorKind kind);

enum class ErrorId : uint16_t {
  // The REST API's own codes.
  kDatabaseUnreachable,     // PGRST000
  kDatabaseConnectionLost,  // PGRST001
  kCatalogNotLoaded,        // PGRST002
  kPoolTimeout,             // PGRST003
  kQueryParse,              // PGRST100
  kFunctionMethod,          // PGRST101
  kInvalidBody,             // PGRST102
  kInvalidRange,            // PGRST103
  kPutFilters,              // PGRST105
  kUnknownSchema,           // PGRST106
  kNoMediaType,             // PGRST107
  kNotEmbedded,             // PGRST108
  kResponseHeadersSetting,  // PGRST111
  kResponseStatusSetting,   // PGRST112
  kPutRange,                // PGRST114
  kPutKeyMismatch,          // PGRST115
  kNotSingular,             // PGRST116
  kUnsupportedMethod,       // PGRST117
  kRelatedOrderToMany,      // PGRST118
  kMalformedRaise,          // PGRST121
  kInvalidPreferences,      // PGRST122
  kAggregatesDisabled,      // PGRST123
  kMaxAffectedExceeded,     // PGRST124
  kInvalidPath,             // PGRST125
  kOpenApiDisabled,         // PGRST126
  kNotImplemented,          // PGRST127
  kMaxAffectedScalar,       // PGRST128
  kNoRelationship,          // PGRST200
  kAmbiguousRelationship,   // PGRST201
  kFunctionNotFound,        // PGRST202
  kAmbiguousFunction,       // PGRST203
  kColumnNotFound,          // PGRST204
  kRelationNotFound,        // PGRST205
  kNoJwtSecret,             // PGRST300
  kInvalidJwt,              // PGRST301
  kAnonymousDisabled,       // PGRST302
  kInvalidClaims,           // PGRST303
  kRestInternal,            // PGRSTX00
  // PostgreSQL's: code() is the SQLSTATE.
  kSqlstate,
  // Ours. 1xxx configuration and start, 2xxx HTTP, 3xxx embedded PostgreSQL and migrations, 4xxx database access,
  // 9xxx bugs.
  kConfigInvalid,         // PANDO1001
  kConfigUnknownKey,      // PANDO1002
  kStartFailed,           // PANDO1003
  kHttpMalformed,         // PANDO2001
  kHttpHeaderTooLarge,    // PANDO2002
  kHttpBodyTooLarge,      // PANDO2003
  kHttpUriTooLong,        // PANDO2004
  kHttpTimeout,           // PANDO2005
  kHttpLengthRequired,    // PANDO2006
  kHttpUnsupported,       // PANDO2007
  kHttpOverloaded,        // PANDO2008
  kNetwork,               // PANDO2009
  kTls,                   // PANDO2010
  kPreconditionFailed,    // PANDO2011
  kNotHonoured,           // PANDO2012
  kHttpAnswerTooLarge,    // PANDO2013
  kContentCoding,         // PANDO2014
  kNotWritten,            // PANDO2015
  kEmbeddedNotInstalled,  // PANDO3001
  kEmbeddedInUse,         // PANDO3002
  kEmbeddedVersion,       // PANDO3003
  kEmbeddedStart,         // PANDO3004
  kMigrationInvalid,      // PANDO3005
  kMigrationFailed,       // PANDO3006
  kPoolOverloaded,        // PANDO4001
  kRequestDeadline,       // PANDO4002
  kRequestCancelled,      // PANDO4003
  kDraining,              // PANDO4004
  kProtocol,              // PANDO4005
  kIntrospection,         // PANDO4006
  kPooler,                // PANDO4007
  kWriteUnknown,          // PANDO4008
  kStandbyAwaited,        // PANDO4009
  kStandby,               // PANDO4010
  kInternalBug,           // PANDO9000
};

struct ErrorRow {
  ErrorId id;
  std::string_view code;  // what clients and dashboards see
  ErrorKind kind;
  std::string_view title;  // what is the case in general, for the reference page
};

const ErrorRow& RowOf(ErrorId id);
std::span<const ErrorRow> AllErrors();

}  // namespace pando
