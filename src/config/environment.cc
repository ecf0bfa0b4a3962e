#include "config/environment.h"

#include <unistd.h>

#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "config/unknown.h"

namespace pando::config {
namespace {

std::optional<Setting> SettingOf(const std::string& variable, const std::string& value,
                                 const std::vector<OptionRow>& rows) {
  for (const OptionRow& row : rows) {
    if (VariableOf(row.name) == variable) {
      return Setting{.option = row.name, .entry = {}, .value = Text{value}, .source = variable};
    }
  }
  // Only when no option has the whole name: it may look like an entry of a table.
  for (const OptionRow& row : rows) {
    const std::string prefix = VariableOf(row.name) + "_";
    if (row.is_map && variable.size() > prefix.size() && variable.starts_with(prefix)) {
      const std::string entry = ToLower(std::string_view(variable).substr(prefix.size()));
      return Setting{.option = row.name, .entry = entry, .value = Text{value}, .source = variable};
    }
  }
  return std::nullopt;
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view variable(*at);
    const size_t assign = variable.find('=');
    if (assign == std::string_view::npos) continue;
    environment.emplace_back(variable.substr(0, assign), variable.substr(assign + 1));
  }
  return environment;
}

Result<std::vector<Setting>> ReadEnvironment(const Environment& environment, const std::vector<OptionRow>& rows) {
  std::vector<Setting> settings;
  for (const auto& [variable, value] : environment) {
    if (!variable.starts_with("PANDO_")) continue;
    std::optional<Setting> setting = SettingOf(variable, value, rows);
    if (!setting) return UnknownKey(variable, "in the environment", VariableNames(rows));
    settings.push_back(std::move(*setting));
  }
  return settings;
}

}  // namespace pando::config
