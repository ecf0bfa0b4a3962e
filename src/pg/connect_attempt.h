// One attempt to connect: one PGconn to one address.
//
// Internal to pg/.
#pragma once

#include <map>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/connector.h"
#include "pg/conninfo.h"

namespace pando::pg {

// What libpq is told, by keyword.
using Keywords = std::map<std::string, std::string>;

// Has libpq connect to this host alone. The name stays that of certificates and password files.
Keywords ForHost(Keywords keywords, const Host& host);

//   kSqlstate             the server refused
//   kDatabaseUnreachable  it did not answer, sent no byte within two seconds, or was not done at the deadline
//   kRequestCancelled
Task<Result<Connected>> Attempt(Keywords keywords, Deadline deadline);

// The server of the connection takes no writes: it is a standby, or, for kReadWrite, its transactions read only.
bool IsReadOnly(const Connected& connected, TargetSession target);

}  // namespace pando::pg
