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

namespace {

// Options of earlier versions, with what to write now.
struct Gone {
  std::string_view name;
  std::string_view hint;
};
constexpr Gone kGone[] = {
    {"rest.prepared_statements",
     "write database.pooler = \"transaction\" behind a pooler that lends transactions; else remove the option"},
    {"database.channel_enabled",
     "write database.pooler = \"transaction\" behind a pooler that lends transactions; else remove the option"},
};

std::optional<std::string> GoneHint(const std::string& name) {
  for (const Gone& gone : kGone) {
    const std::string option(gone.name);
    if (name == option || name == "--" + option || name == VariableOf(option)) return std::string(gone.hint);
  }
  return std::nullopt;
}

}  // namespace

Error UnknownKey(const std::string& name, const std::string& where, const std::vector<std::string>& known) {
  const Error error = Error(ErrorId::kConfigUnknownKey, "there is no option \"" + name + "\"").WithDetail(where);
  std::optional<std::string> hint = GoneHint(name);
  if (!hint) hint = NearestHint(name, known);
  return error.WithHint(hint ? *hint : "`pando serve --help` lists all options");
}

}  // namespace pando::config
