// The effective configuration, printed: every option with its value and where it came from. Secrets, the entries of
// tables and passwords in URIs appear as "***".
//
// Concurrency  as the Registry
#pragma once

#include <string>

#include "config/registry.h"

namespace pando::config {

// A TOML file that would give these values (but for what is masked); a comment names the source of each.
std::string DumpToml(const Registry& registry);

// {"http.listen":{"value":["0.0.0.0:8080"],"source":"default"},...}
std::string DumpJson(const Registry& registry);

}  // namespace pando::config
