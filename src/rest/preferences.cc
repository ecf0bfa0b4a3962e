#include "rest/preferences.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace pando::rest {
namespace {

template <class T>
using Values = std::initializer_list<std::pair<std::string_view, T>>;

// Sets `slot` unless an earlier preference did. False if `value` is not among the known ones.
template <class T>
bool SetFirst(std::string_view value, Values<T> known, std::optional<T>& slot) {
  const auto* found = std::find_if(known.begin(), known.end(), [value](const auto& it) { return it.first == value; });
  if (found == known.end()) return false;
  if (!slot) slot = found->second;
  return true;
}

bool SetMaxAffected(std::string_view value, Preferences& out) {
  int64_t rows = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), rows);
  if (error != std::errc() || end != value.data() + value.size() || rows < 0) return false;
  if (!out.max_affected) out.max_affected = rows;
  return true;
}

bool SetWait(std::string_view value, Preferences& out) {
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  if (!out.wait_seconds) out.wait_seconds = seconds;
  return true;
}

bool SetTimezone(std::string_view value, Preferences& out) {
  if (!out.timezone) out.timezone = value;
  return true;
}

// False if the preference or its value is unknown.
bool Apply(std::string_view name, std::string_view value, bool tx_override_allowed, Preferences& out) {
  if (name == "return") {
    return SetFirst<PreferReturn>(value,
                                  {{"representation", PreferReturn::kRepresentation},
                                   {"minimal", PreferReturn::kMinimal},
                                   {"headers-only", PreferReturn::kHeadersOnly}},
                                  out.return_);
  }
  if (name == "count") {
    return SetFirst<PreferCount>(
        value,
        {{"exact", PreferCount::kExact}, {"planned", PreferCount::kPlanned}, {"estimated", PreferCount::kEstimated}},
        out.count);
  }
  if (name == "resolution") {
    return SetFirst<PreferResolution>(value,
                                      {{"merge-duplicates", PreferResolution::kMergeDuplicates},
                                       {"ignore-duplicates", PreferResolution::kIgnoreDuplicates}},
                                      out.resolution);
  }
  if (name == "missing") {
    return SetFirst<PreferMissing>(value, {{"default", PreferMissing::kDefault}, {"null", PreferMissing::kNull}},
                                   out.missing);
  }
  if (name == "handling") {
    return SetFirst<PreferHandling>(value, {{"strict", PreferHandling::kStrict}, {"lenient", PreferHandling::kLenient}},
                                    out.handling);
  }
  if (name == "tx" && tx_override_allowed) {
    return SetFirst<PreferTx>(value, {{"commit", PreferTx::kCommit}, {"rollback", PreferTx::kRollback}}, out.tx);
  }
  if (name == "max-affected") return SetMaxAffected(value, out);
  if (name == "wait") return SetWait(value, out);
  if (name == "timezone") return SetTimezone(value, out);
  return false;
}

void AddPreference(std::string_view preference, bool tx_override_allowed, Preferences& out) {
  if (preference.empty()) return;
  const size_t equals = std::min(preference.find('='), preference.size());
  // RFC 7240 section 2: names in any letter case, blanks around the sign.
  const std::string name = ToLower(Trimmed(preference.substr(0, equals)));
  const std::string_view value = Trimmed(preference.substr(std::min(equals + 1, preference.size())));
  const bool known = equals < preference.size() && Apply(name, value, tx_override_allowed, out);
  if (!known) out.invalid.emplace_back(preference);
}

}  // namespace

Preferences ParsePreferences(const std::vector<std::string_view>& headers, bool tx_override_allowed) {
  Preferences preferences;
  for (std::string_view header : headers) {
    while (!header.empty()) {
      const size_t end = std::min(header.find(','), header.size());
      AddPreference(Trimmed(header.substr(0, end)), tx_override_allowed, preferences);
      header.remove_prefix(std::min(end + 1, header.size()));
    }
  }
  return preferences;
}

}  // namespace pando::rest
