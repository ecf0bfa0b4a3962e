// What PostgreSQL and libpq report, as an Error.
//
// Internal to pg/.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "pg/message.h"

namespace pando::pg {

// A refusal: SQLSTATE, message, detail, hint, and whether a function raised it.
Error ErrorOfFields(const ErrorFields& fields);

// The server ends the connection after this error (shutdown, pg_terminate_backend).
bool EndsConnection(const ErrorFields& fields);

// The refusal in a PGRES_FATAL_ERROR. Without a SQLSTATE libpq itself made it, because the connection broke:
// kDatabaseConnectionLost.
Error ErrorOfResult(const PGresult* result);

// kDatabaseConnectionLost with libpq's words.
Error ConnectionLost(const PGconn* connection);

// Why connecting failed: kSqlstate when a server refused, kDatabaseUnreachable when none answered or it cannot take
// connections now (it starts or stops). REQUIRES: the verbosity was PQERRORS_VERBOSE, which is where the SQLSTATE of a
// refused connection is found in libpq 15.
Error ConnectError(const PGconn* connection);

// The text part of ConnectError.
Error ConnectErrorOfMessage(std::string_view message, bool needs_password);

}  // namespace pando::pg
