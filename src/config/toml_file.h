// Options in a TOML file: `[section]` and `key = value`.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/setting.h"

namespace pando::config {

// The values of the file at `path`, each with its line; a file holds at most 1 MiB.
//   kConfigInvalid     the file cannot be read, is too large, or is not TOML (with line and column)
//   kConfigUnknownKey  a key or section that no option has; the nearest one is named
Result<std::vector<Setting>> ReadTomlFile(const std::string& path, const std::vector<OptionRow>& rows);

// The same of a text; `name` stands for the file in messages and sources.
Result<std::vector<Setting>> ParseToml(std::string_view text, const std::string& name,
                                       const std::vector<OptionRow>& rows);

}  // namespace pando::config
