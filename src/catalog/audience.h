// An Audience is the set of roles to which the API shows a function.
//
// A function of the application is shown to every role: whether a caller may execute it is for the database to say. A
// function of an extension is shown only to the roles that were granted EXECUTE on it by name, and to those that
// inherit the privilege from such a role. PostgreSQL grants EXECUTE on every new function to PUBLIC, so that `CREATE
// EXTENSION` alone would put each function of the extension into the API.
//
// Concurrency  immutable once it is part of a Catalog
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace pando::catalog {

class Audience {
 public:
  using Roles = std::set<std::string, std::less<>>;

  // Every role.
  Audience() = default;
  // These roles alone; none when `roles` is empty. REQUIRES: not null
  explicit Audience(std::shared_ptr<const Roles> roles) : roles_(std::move(roles)) {}

  bool is_everyone() const { return roles_ == nullptr; }
  bool is_empty() const { return roles_ && roles_->empty(); }
  bool Includes(std::string_view role) const { return !roles_ || roles_->contains(role); }
  // For functions that share a name: the roles of both.
  void Add(const Audience& other) {
    if (!roles_) return;
    if (!other.roles_) {
      roles_ = nullptr;
      return;
    }
    auto both = std::make_shared<Roles>(*roles_);
    both->insert(other.roles_->begin(), other.roles_->end());
    roles_ = std::move(both);
  }

 private:
  std::shared_ptr<const Roles> roles_;  // null: every role
};

}  // namespace pando::catalog
