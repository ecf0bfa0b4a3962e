#include "catalog/observed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace pando::catalog {
namespace {

constexpr std::array<std::pair<std::string_view, Observed>, 7> kByName = {{
    {"request.jwt.claims", Observed::kClaims},
    {"request.method", Observed::kMethod},
    {"request.path", Observed::kPath},
    {"request.headers", Observed::kHeaders},
    {"request.cookies", Observed::kCookies},
    {"role", Observed::kIdentity},
    {"search_path", Observed::kIdentity},
}};

}  // namespace

Observed ObservedByName(std::string_view setting) {
  const std::string name = ToLower(setting);
  if (name.starts_with("app.settings.")) return Observed::kAppSettings;
  // What PostgREST made before version 9, and nobody makes here: unset for everyone.
  for (const std::string_view unset : {"request.jwt.claim.", "request.header.", "request.cookie."}) {
    if (name.starts_with(unset)) return Observed::kNothing;
  }
  if (name == "request.jwt.claim") return Observed::kNothing;
  const auto known =
      std::find_if(kByName.begin(), kByName.end(), [&](const auto& entry) { return entry.first == name; });
  return known == kByName.end() ? Observed::kOther : known->second;
}

}  // namespace pando::catalog
