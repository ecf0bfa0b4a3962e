// Types with their labels and representations.
//
// Concurrency  immutable after construction
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/relation.h"
#include "introspect/footprint_graph.h"
#include "introspect/queries.h"

namespace pando::introspect {

class TypeRecords {
 public:
  TypeRecords(const Answers& answers, const FootprintGraph& footprints);

  // nullptr when it was not loaded.
  const catalog::Type* Find(Oid oid) const;
  // The type below all domains; `oid` itself when it is none.
  Oid BaseOf(Oid oid) const;
  // The name of a domain that is a media type ("text/plain", "*/*"), in lower case; nullopt for every other type.
  std::optional<std::string> MediaTypeOf(Oid oid) const;

  std::vector<catalog::Type> Take() && { return std::move(types_); }

 private:
  catalog::Type* Find(Oid oid);

  std::vector<catalog::Type> types_;
  std::unordered_map<Oid, size_t> position_of_;
};

// Of the form type/subtype with the characters that media types are made of, or "*/*".
bool IsMediaType(std::string_view name);

}  // namespace pando::introspect
