// The error for a name that no option has, in each of the spellings an option has.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/setting.h"

namespace pando::config {

std::vector<std::string> OptionNames(const std::vector<OptionRow>& rows);    // http.listen
std::vector<std::string> FlagNames(const std::vector<OptionRow>& rows);      // --http.listen
std::vector<std::string> VariableNames(const std::vector<OptionRow>& rows);  // PANDO_HTTP_LISTEN

// kConfigUnknownKey: `name` is no option, `where` it was written, and the nearest of `known`.
Error UnknownKey(const std::string& name, const std::string& where, const std::vector<std::string>& known);

}  // namespace pando::config
