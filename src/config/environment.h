// Options in the environment: PANDO_SECTION_KEY, and for an entry of a table PANDO_SECTION_KEY_ENTRY, whose name is
// taken in lower case.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/setting.h"

namespace pando::config {

using Environment = std::vector<std::pair<std::string, std::string>>;  // name, value

// The variables of this process.
// REQUIRES: nothing changes the environment meanwhile (it is read once, before threads start).
Environment ProcessEnvironment();

// The PANDO_ variables among them; the others are left alone.
//   kConfigUnknownKey  a PANDO_ variable that no option has; the nearest one is named
Result<std::vector<Setting>> ReadEnvironment(const Environment& environment, const std::vector<OptionRow>& rows);

}  // namespace pando::config
