// How the database names what it holds: by number, and by schema and name.
//
// Concurrency  immutable
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pando::catalog {

using Oid = uint32_t;

struct QualifiedName {
  std::string schema;
  std::string name;
  friend auto operator<=>(const QualifiedName&, const QualifiedName&) = default;
};

// Of a name in PostgreSQL (NAMEDATALEN - 1); it cuts longer ones.
inline constexpr size_t kNameBytesMax = 63;

// Whether one of `names` is it, alone or behind its schema and a point.
bool IsNamed(const QualifiedName& name, const std::vector<std::string>& names);

// Lets a map with std::string keys be searched by std::string_view.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace pando::catalog
