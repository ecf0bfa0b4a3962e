#include "config/setting.h"

#include <cctype>

namespace pando::config {

std::string VariableOf(const std::string& option) {
  std::string variable = "PANDO_";
  for (const char c : option) {
    variable += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

const OptionRow* MapOf(const std::vector<OptionRow>& rows, const std::string& name) {
  for (const OptionRow& row : rows) {
    if (row.is_map && name.size() > row.name.size() + 1 && name.starts_with(row.name + ".")) return &row;
  }
  return nullptr;
}

}  // namespace pando::config
