// The options of migrations.
//
// Concurrency  immutable
#pragma once

#include <string>

#include "base/option.h"

namespace pando::migrate {

struct MigrateOptions {
  std::string folder = "migrations";
};

template <class Visitor>
void Describe(Visitor& visit, MigrateOptions& o) {
  visit.Option("migrate.folder", o.folder, Reload::kRestart,
               "Folder of the application's migrations, files named such as 0001_create_orders.sql. A folder that does "
               "not exist holds no migrations.");
}

}  // namespace pando::migrate
