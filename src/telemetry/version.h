// The version of the program, as `pando version` and the metric pando_build_info tell it.
#pragma once

#include <string_view>

namespace pando::telemetry {

// The same as project(pando VERSION ...) in CMakeLists.txt; a test compares the two.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace pando::telemetry
