#include <cstdio>

#include "cli/commands.h"
#include "telemetry/version.h"

namespace pando::cli {

void AddVersionCommand(Command program) {
  Command command = program.Add("version", "Print the version");
  command.Run([] {
    std::printf("pando %s\n", std::string(telemetry::kVersion).c_str());
    return kSuccess;
  });
}

}  // namespace pando::cli
