// One run of `pando bench`: scenario and options in, summary and files out. For the command line: it blocks and prints.
//
// Concurrency  single-owner: the main thread
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace pando::bench {

// What the command line says; what is empty or 0 is left to the scenario, and then to its defaults.
struct BenchOptions {
  std::string scenario;  // path of the TOML file; empty: GET of `url`
  std::string url;
  std::string rate;      // requests a second: one plateau instead of the scenario's phases; where the search begins
  std::string duration;  // of that plateau: "10s"
  std::string arrivals;  // "constant" or "poisson"
  std::string slo;       // "50ms"
  std::string timeout;
  int64_t connections = 0;
  int64_t threads = 0;
  int64_t seed = -1;  // -1: a random one, which is printed
  bool find_knee = false;
  bool no_overload = false;
  bool insecure = false;
  std::string json_file, csv_file;
};

//   kConfigInvalid, kConfigUnknownKey  as ParseScenario() and ParseUrl(), or an option that cannot be read
//   kNetwork, kTls                     no connection could be made
//   kStartFailed                       a file cannot be written
Result<void> RunBench(const BenchOptions& options);

}  // namespace pando::bench
