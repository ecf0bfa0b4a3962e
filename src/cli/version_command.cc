#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "telemetry/version.h"

namespace pando::cli {

void AddVersionCommand(CLI::App& app, Actions& actions) {
  const CLI::App* command = app.add_subcommand("version", "Print the version");
  actions[command] = [] {
    std::printf("pando %s\n", std::string(telemetry::kVersion).c_str());
    return kSuccess;
  };
}

}  // namespace pando::cli
