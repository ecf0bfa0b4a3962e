#include "server/secret_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "auth/secret_text.h"
#include "base/ascii.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

// The file of a source such as "pando.toml:3"; empty when the value came from elsewhere.
std::string FileOf(const std::string& source) {
  const size_t colon = source.rfind(':');
  if (colon == std::string::npos || colon + 1 == source.size()) return {};
  const auto line = source.begin() + static_cast<ptrdiff_t>(colon) + 1;
  return std::all_of(line, source.end(), IsDigit) ? source.substr(0, colon) : std::string();
}

// What a dump masks is secret.
bool HoldsSecret(const config::Slot& slot) { return slot.Plain().find("***") != std::string::npos; }

// The options that each file holds secrets of, by the file's path.
std::map<std::string, std::string> SecretFiles(const ProgramOptions& options, const config::Registry& registry) {
  std::map<std::string, std::string> files;
  const auto add = [&files](const std::string& path, const std::string& option) {
    if (path.empty()) return;
    std::string& names = files[path];
    names += names.empty() ? option : ", " + option;
  };
  const std::optional<std::string> jwt_file = auth::SecretFile(options.auth.jwt_secret);
  add(jwt_file.value_or(""), "auth.jwt_secret");
  add(options.http.tls_key, "http.tls_key");
  for (const std::unique_ptr<config::Slot>& slot : registry.slots()) {
    const bool is_file_name = jwt_file && slot->row().name == "auth.jwt_secret";
    if (!is_file_name && HoldsSecret(*slot)) add(FileOf(slot->source()), slot->row().name);
  }
  return files;
}

}  // namespace

bool OthersMayRead(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return false;
  const mode_t forbidden = status.st_uid == 0 ? mode_t{S_IROTH} : mode_t{S_IRGRP | S_IROTH};
  return (status.st_mode & forbidden) != 0;
}

void WarnOfReadableSecrets(const ProgramOptions& options, const config::Registry& registry) {
  for (const auto& [path, names] : SecretFiles(options, registry)) {
    if (!OthersMayRead(path)) continue;
    telemetry::Log(telemetry::Level::kWarn, "secret.readable",
                   "other accounts can read the file " + path + ", which holds a secret (" + names +
                       "); make it private: chmod 600 " + path);
  }
}

}  // namespace pando::server
