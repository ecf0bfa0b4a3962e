// What every subcommand shares: the program's options, where their values come from, and how errors are told.
//
// Concurrency  single-owner: the main thread
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/registry.h"
#include "server/program_options.h"

namespace pando::cli {

// Exit statuses. Asking wrongly is told apart from failing, as shells do.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;

// Read when there is one and --config names no other.
inline constexpr const char* kDefaultConfigFile = "pando.toml";

class Context {
 public:
  Context() { options.AddTo(registry); }

  // The file, environment and flags as they are now.
  //   kConfigInvalid  --config names a file that is not there
  Result<config::Sources> ReadSources() const;

  // Gives the options their values; warnings go to standard error.
  //   as config::Registry::Load
  Result<void> Load();

  server::ProgramOptions options;
  config::Registry registry;
  std::string config_file;             // --config; empty: kDefaultConfigFile if there is one
  std::vector<config::Setting> flags;  // --section.key, as given
};

// Tells standard error what went wrong, on one line; answers `status`.
int Fail(const Error& error, int status = kFailure);

}  // namespace pando::cli
