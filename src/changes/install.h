// Installs in the database what the change stream follows beside the tables: the publication, and the epoch, a table in
// which event triggers note each change of the schema. It is published like the others, so that whoever reads the
// stream knows from which transaction on the schema is another.
//
// The triggers never fail a user's statement and never wait for anybody. They also take a table out of the publication
// when it loses its replica identity, in the same transaction: else the user's next UPDATE of it would fail.
//
// Concurrency  executor-bound; several servers may install at the same time
#pragma once

#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::pg {
class Connection;
}

namespace pando::changes {

inline constexpr std::string_view kPublication = "pando";
inline constexpr std::string_view kSchema = "pando_changes";
inline constexpr std::string_view kEpochTable = "epoch";

struct Installed {
  // Event triggers need a superuser (or what a managed database has in its place). Without them changes of the schema
  // do not come through the stream.
  bool triggers = false;
  // Random, made once in the database, and the same for all of its servers; only the owner of the schema may read it.
  // Empty: this role may not.
  std::string secret;
};

// Brings the database up to this version's state; does nothing when that, or a later one, is there already.
//   kSqlstate  42501: the role may not create a schema or a publication
Task<Result<Installed>> Install(pg::Connection& connection, Deadline deadline);

}  // namespace pando::changes
