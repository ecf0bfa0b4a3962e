// A Scenario is what a TOML file says of a run: where to, what, how it arrives. docs/reference/benchmark.md describes
// the file; a name that is not known is an error that tells the nearest one.
//
// Concurrency  single-owner
// Bounds       a file has at most 1 MiB
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "bench/schedule.h"
#include "bench/workload.h"

namespace pando::bench {

struct Scenario {
  std::string name;
  std::string url;  // the base of the paths
  std::optional<int64_t> seed;
  uint32_t connections = 64;
  uint32_t threads = 1;
  Arrivals arrivals = Arrivals::kPoisson;
  milliseconds timeout{10'000};  // of one request, from being sent
  milliseconds slo{50};          // what the 99th percentile of the response time should not exceed
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Parameter> parameters;
  std::vector<RequestSpec> requests;
  std::vector<Phase> phases;
};

inline constexpr uint32_t kConnectionsMax = 60'000;
inline constexpr uint32_t kThreadsMax = 256;
inline constexpr double kRateMax = 10'000'000;

//   kConfigInvalid     not TOML, a value of the wrong type or out of range, with file and line
//   kConfigUnknownKey  a name that nothing here has; the nearest one is named
Result<Scenario> ParseScenario(std::string_view text, const std::string& name);
Result<Scenario> ReadScenario(const std::string& path);

}  // namespace pando::bench
