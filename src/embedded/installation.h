// The PostgreSQL server that is installed on this machine.
//
// Concurrency  pure functions that look at the file system; block the caller
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "embedded/account.h"

namespace pando::embedded {

inline constexpr int kMajorMin = 14;
inline constexpr int kMajorMax = 18;

struct Installation {
  std::filesystem::path bin;  // holds postgres and initdb
  int major = 0;
};

// 15 of "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"; nullopt when it is no such line.
std::optional<int> ParseServerVersion(const std::string& line);

// The server of major version `wanted`, or the newest of those supported. Looks in `bin` alone when it is not empty;
// else in the folders of the distributions, on PATH, and where pg_config points.
//   kEmbeddedNotInstalled  none is there, or none of version `wanted`
Result<Installation> FindInstallation(const std::filesystem::path& bin, std::optional<int> wanted,
                                      const Account& account);

}  // namespace pando::embedded
