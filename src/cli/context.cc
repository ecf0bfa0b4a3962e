#include "cli/context.h"

#include <cstdio>
#include <filesystem>

#include "config/environment.h"

namespace pando::cli {

Result<config::Sources> Context::ReadSources() const {
  config::Sources sources;
  std::error_code ignored;
  if (!config_file.empty()) {
    sources.file = config_file;
  } else if (std::filesystem::exists(kDefaultConfigFile, ignored)) {
    sources.file = kDefaultConfigFile;
  }
  sources.environment = config::ProcessEnvironment();
  sources.flags = flags;
  return sources;
}

Result<void> Context::Load() {
  PANDO_TRY(const config::Sources sources, ReadSources());
  PANDO_TRY(const config::LoadReport report, registry.Load(sources));
  for (const std::string& warning : report.warnings) std::fprintf(stderr, "pando: warning: %s\n", warning.c_str());
  return {};
}

int Fail(const Error& error, int status) {
  std::fprintf(stderr, "pando: %s\n", error.ToString().c_str());
  return status;
}

}  // namespace pando::cli
