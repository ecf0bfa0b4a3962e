// Which functions belong to extensions, and to which roles they are shown (catalog/audience.h).
//
// Concurrency  immutable after construction
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "catalog/audience.h"
#include "catalog/names.h"
#include "introspect/queries.h"

namespace pando::introspect {

class ExtensionFunctions {
 public:
  explicit ExtensionFunctions(const Answers& answers);

  // Every role for a function that belongs to no extension.
  catalog::Audience AudienceOf(catalog::Oid function) const;
  // Those that can be called with one argument, by name: the roles to which any of that name is shown.
  std::map<std::string, catalog::Audience, std::less<>> OfOneArgument() const { return of_one_argument_; }

 private:
  std::unordered_map<catalog::Oid, catalog::Audience> audiences_;
  std::map<std::string, catalog::Audience, std::less<>> of_one_argument_;
};

}  // namespace pando::introspect
