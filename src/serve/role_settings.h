// What ALTER ROLE ... SET says of a caller's role, and how much of it a connection may keep from one request to the
// next.
//
// Concurrency  pure functions
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/snapshot.h"
#include "pg/exchange.h"

namespace pando::serve {

struct RoleSettings {
  // The limit that holds for the role's statements: its own, else that of the login role; 0: none.
  milliseconds statement_timeout{0};
  // Those that change what a statement costs or how long it waits, and never what it gives. Null: none.
  std::shared_ptr<const pg::SessionSettings> kept;
  // There are others, which are made for each transaction by itself.
  bool has_others = false;
};
RoleSettings RoleSettingsOf(const catalog::Snapshot& schema, const std::string& role);

// Those of all roles, worked out once for a catalog. Immutable.
class SettingsOfRoles {
 public:
  SettingsOfRoles() = default;
  explicit SettingsOfRoles(const catalog::Snapshot& schema);
  const RoleSettings& Of(const std::string& role) const;

 private:
  std::map<std::string, RoleSettings> own_;  // of those that have any
  RoleSettings others_;
};

// "3s", "1.5 min", "250": as PostgreSQL reads a time whose unit is milliseconds (documentation, 20.1.1); 0 stays 0, and
// what is less than one millisecond becomes one. nullopt: it is none.
std::optional<milliseconds> ParseTimeout(std::string_view text);

}  // namespace pando::serve
