// SQLSTATE: PostgreSQL's five-character error codes (PostgreSQL documentation, appendix A). The first two are the
// class.
//
// Concurrency  immutable
#pragma once

#include <string_view>

namespace pando::pgtypes {

// True when `sqlstate` is of the class `two` ("23": integrity constraint violation).
constexpr bool InClass(std::string_view sqlstate, std::string_view two) {
  return sqlstate.size() == 5 && sqlstate.substr(0, 2) == two;
}

namespace sqlstate {

// Classes.
inline constexpr std::string_view kClassConnection = "08";
inline constexpr std::string_view kClassDataException = "22";
inline constexpr std::string_view kClassIntegrity = "23";
inline constexpr std::string_view kClassAuthorization = "28";
inline constexpr std::string_view kClassTransactionRollback = "40";
inline constexpr std::string_view kClassResources = "53";
inline constexpr std::string_view kClassLimits = "54";
inline constexpr std::string_view kClassIntervention = "57";

inline constexpr std::string_view kFeatureNotSupported = "0A000";
inline constexpr std::string_view kDivisionByZero = "22012";
inline constexpr std::string_view kCharacterNotInRepertoire = "22021";
inline constexpr std::string_view kInvalidParameterValue = "22023";
inline constexpr std::string_view kInvalidTextRepresentation = "22P02";
inline constexpr std::string_view kNotNullViolation = "23502";
inline constexpr std::string_view kForeignKeyViolation = "23503";
inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kCheckViolation = "23514";
inline constexpr std::string_view kActiveTransaction = "25001";
inline constexpr std::string_view kReadOnlyTransaction = "25006";
inline constexpr std::string_view kInFailedTransaction = "25P02";
inline constexpr std::string_view kInvalidStatementName = "26000";
inline constexpr std::string_view kInvalidPassword = "28P01";
inline constexpr std::string_view kInvalidCatalogName = "3D000";
inline constexpr std::string_view kSerializationFailure = "40001";
inline constexpr std::string_view kDeadlockDetected = "40P01";
inline constexpr std::string_view kInsufficientPrivilege = "42501";
inline constexpr std::string_view kSyntaxError = "42601";
inline constexpr std::string_view kUndefinedColumn = "42703";
inline constexpr std::string_view kUndefinedFunction = "42883";
inline constexpr std::string_view kUndefinedTable = "42P01";
inline constexpr std::string_view kTooManyConnections = "53300";
inline constexpr std::string_view kProgramLimitExceeded = "54000";
inline constexpr std::string_view kStatementTooComplex = "54001";
inline constexpr std::string_view kQueryCanceled = "57014";
inline constexpr std::string_view kAdminShutdown = "57P01";
inline constexpr std::string_view kCrashShutdown = "57P02";
inline constexpr std::string_view kCannotConnectNow = "57P03";
inline constexpr std::string_view kRaiseException = "P0001";

}  // namespace sqlstate
}  // namespace pando::pgtypes
