// The migrations of an application: files named 0001_create_orders.sql (four digits or more) or
// 20260131120000_create_orders.sql, applied in the order of their numbers.
//
// Concurrency  pure functions on the file system; block the caller
// Bounds       10,000 files of 64 MiB
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/statements.h"

namespace pando::migrate {

struct Migration {
  int64_t version = 0;
  std::string name;      // "create_orders"
  std::string file;      // "0001_create_orders.sql"
  std::string checksum;  // SHA-256 in hex, of the text
  // With CR LF as LF and without a byte order mark: a checkout or an editor of another system changes nothing.
  std::string text;
  bool transaction = true;  // false when its first line is "-- pando: no-transaction"
};

// In order of version. A folder that does not exist holds no migrations; files that do not end in .sql are passed over.
//   kMigrationInvalid  a .sql file of another name, two of one version, one that controls its own transaction or copies
//                      from standard input, that cannot be read, or that is not in UTF-8
Result<std::vector<Migration>> ReadMigrations(const std::filesystem::path& folder);

// Makes the next file, numbered as the others are, with a comment at its head, and returns its path.
//   kMigrationInvalid  no letter or digit in `name`, or the file cannot be written
Result<std::filesystem::path> NewMigration(const std::filesystem::path& folder, const std::string& name);

}  // namespace pando::migrate
