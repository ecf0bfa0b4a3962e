#include "rest/preferences.h"

#include <algorithm>
#include <charconv>

#include "rest/ascii.h"

namespace pando::rest {
namespace {

template <class T>
void SetFirst(std::optional<T>& slot, T value) {
  if (!slot) slot = std::move(value);
}

bool SetReturn(std::string_view value, Preferences& out) {
  if (value == "representation") return SetFirst(out.return_, PreferReturn::kRepresentation), true;
  if (value == "minimal") return SetFirst(out.return_, PreferReturn::kMinimal), true;
  if (value == "headers-only") return SetFirst(out.return_, PreferReturn::kHeadersOnly), true;
  return false;
}

bool SetCount(std::string_view value, Preferences& out) {
  if (value == "exact") return SetFirst(out.count, PreferCount::kExact), true;
  if (value == "planned") return SetFirst(out.count, PreferCount::kPlanned), true;
  if (value == "estimated") return SetFirst(out.count, PreferCount::kEstimated), true;
  return false;
}

bool SetResolution(std::string_view value, Preferences& out) {
  if (value == "merge-duplicates") return SetFirst(out.resolution, PreferResolution::kMergeDuplicates), true;
  if (value == "ignore-duplicates") return SetFirst(out.resolution, PreferResolution::kIgnoreDuplicates), true;
  return false;
}

bool SetMissing(std::string_view value, Preferences& out) {
  if (value == "default") return SetFirst(out.missing, PreferMissing::kDefault), true;
  if (value == "null") return SetFirst(out.missing, PreferMissing::kNull), true;
  return false;
}

bool SetHandling(std::string_view value, Preferences& out) {
  if (value == "strict") return SetFirst(out.handling, PreferHandling::kStrict), true;
  if (value == "lenient") return SetFirst(out.handling, PreferHandling::kLenient), true;
  return false;
}

bool SetTx(std::string_view value, Preferences& out) {
  if (value == "commit") return SetFirst(out.tx, PreferTx::kCommit), true;
  if (value == "rollback") return SetFirst(out.tx, PreferTx::kRollback), true;
  return false;
}

bool SetMaxAffected(std::string_view value, Preferences& out) {
  int64_t rows = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), rows);
  if (error != std::errc() || end != value.data() + value.size() || rows < 0) return false;
  return SetFirst(out.max_affected, rows), true;
}

bool SetTimezone(std::string_view value, Preferences& out) {
  return SetFirst(out.timezone, std::string(value)), true;
}

// False if the preference or its value is unknown.
bool Apply(std::string_view preference, bool tx_override_allowed, Preferences& out) {
  const size_t equals = preference.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = preference.substr(0, equals);
  const std::string_view value = preference.substr(equals + 1);
  if (name == "return") return SetReturn(value, out);
  if (name == "count") return SetCount(value, out);
  if (name == "resolution") return SetResolution(value, out);
  if (name == "missing") return SetMissing(value, out);
  if (name == "handling") return SetHandling(value, out);
  if (name == "max-affected") return SetMaxAffected(value, out);
  if (name == "timezone") return SetTimezone(value, out);
  return name == "tx" && tx_override_allowed && SetTx(value, out);
}

}  // namespace

Preferences ParsePreferences(const std::vector<std::string_view>& headers, bool tx_override_allowed) {
  Preferences preferences;
  for (std::string_view header : headers) {
    while (!header.empty()) {
      const size_t end = std::min(header.find(','), header.size());
      const std::string_view preference = Trimmed(header.substr(0, end));
      header.remove_prefix(std::min(end + 1, header.size()));
      if (preference.empty()) continue;
      if (!Apply(preference, tx_override_allowed, preferences)) preferences.invalid.emplace_back(preference);
    }
  }
  return preferences;
}

}  // namespace pando::rest
