#include "config/unknown.h"

#include "config/nearest.h"

namespace pando::config {

std::vector<std::string> OptionNames(const std::vector<OptionRow>& rows) {
  std::vector<std::string> names;
  for (const OptionRow& row : rows) names.push_back(row.name);
  return names;
}

std::vector<std::string> FlagNames(const std::vector<OptionRow>& rows) {
  std::vector<std::string> names;
  for (const OptionRow& row : rows) names.push_back("--" + row.name);
  return names;
}

std::vector<std::string> VariableNames(const std::vector<OptionRow>& rows) {
  std::vector<std::string> names;
  for (const OptionRow& row : rows) names.push_back(VariableOf(row.name));
  return names;
}

Error UnknownKey(const std::string& name, const std::string& where, const std::vector<std::string>& known) {
  const Error error = Error(ErrorId::kConfigUnknownKey, "there is no option \"" + name + "\"").WithDetail(where);
  const std::optional<std::string> hint = NearestHint(name, known);
  return error.WithHint(hint ? *hint : "`pando serve --help` lists all options");
}

}  // namespace pando::config
