// What stands between this process and PostgreSQL, and for how long it lends a server connection.
//
// A pooler (PgBouncer, Supavisor, Odyssey) lends its server connections to many clients. What a client has set on one,
// the next client finds there, unless both know of each other.
#pragma once

#include <cstdint>

namespace pando::pg {

enum class Pooler : uint8_t {
  // Nothing. Opening a connection proves it: the process that the connection's cancel key names is the one that runs
  // its statements (PostgreSQL documentation 55.2.1, BackendKeyData).
  kNone,
  // It lends a server connection until the client leaves. Each exchange proves that the session is still its own.
  kSession,
  // It lends a server connection for one transaction. All that an exchange needs is set inside its transaction and
  // ends with it; no statement has a name; nothing but the application's name is in the start-up packet.
  kTransaction,
};

}  // namespace pando::pg
