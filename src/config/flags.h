// Options on the command line: `--section.key=value`, `--section.key value`, and for a boolean `--section.key` alone.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/setting.h"

namespace pando::config {

struct CommandLine {
  std::vector<Setting> settings;    // in the order given; the last one of an option wins
  std::vector<std::string> others;  // every argument that is not an option of the configuration, in order
};

// Tells the options (whatever begins with two dashes and holds a dot before any '=') from the other arguments. What
// follows an argument `--` is none of ours.
//   kConfigUnknownKey  no such option; the nearest one is named       kConfigInvalid  the value is missing
Result<CommandLine> ReadFlags(const std::vector<std::string>& arguments, const std::vector<OptionRow>& rows);

}  // namespace pando::config
