#include "config/flags.h"

#include <algorithm>
#include <optional>

#include "config/unknown.h"

namespace pando::config {
namespace {

bool IsOptionFlag(const std::string& argument) {
  if (!argument.starts_with("--")) return false;
  return argument.substr(0, argument.find('=')).find('.') != std::string::npos;
}

const OptionRow* RowOf(const std::vector<OptionRow>& rows, const std::string& name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const OptionRow& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

// Whether the argument behind a flag is the flag's value. A boolean can do without one, so only a truth value is its.
bool IsValueOf(const OptionRow& row, const std::string& next) {
  if (row.is_bool) return ParseBool(Text{next}).has_value();
  return !next.starts_with("--");
}

}  // namespace

Result<CommandLine> ReadFlags(const std::vector<std::string>& arguments, const std::vector<OptionRow>& rows) {
  CommandLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      line.others.insert(line.others.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    if (!IsOptionFlag(argument)) {
      line.others.push_back(argument);
      continue;
    }
    const size_t assign = argument.find('=');
    const std::string flag = argument.substr(0, assign);
    const std::string name = flag.substr(2);
    const OptionRow* map = MapOf(rows, name);
    const OptionRow* row = map != nullptr ? map : RowOf(rows, name);
    if (row == nullptr) return UnknownKey(flag, "on the command line", FlagNames(rows));
    Setting setting{.option = row->name, .entry = {}, .value = Text{"true"}, .source = flag};
    if (map != nullptr) setting.entry = name.substr(map->name.size() + 1);
    if (assign != std::string::npos) {
      setting.value = Text{argument.substr(assign + 1)};
    } else if (i + 1 < arguments.size() && IsValueOf(*row, arguments[i + 1])) {
      setting.value = Text{arguments[++i]};
    } else if (!row->is_bool) {
      return Error(ErrorId::kConfigInvalid, flag + " needs a value").WithHint("it must be " + row->allowed);
    }
    line.settings.push_back(std::move(setting));
  }
  return line;
}

}  // namespace pando::config
