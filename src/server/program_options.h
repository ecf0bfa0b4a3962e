// Every option of the program, in the order in which --help and the reference page show them.
#pragma once

#include "admin/options.h"
#include "auth/verifier.h"
#include "config/registry.h"
#include "embedded/defaults.h"
#include "http/server.h"
#include "migrate/options.h"
#include "serve/options.h"
#include "server/options.h"
#include "telemetry/options.h"

namespace pando::server {

struct ProgramOptions {
  http::ServerOptions http;
  admin::AdminOptions admin;
  DatabaseOptions database;
  ChangesOptions changes;
  CacheOptions cache;
  embedded::EmbeddedOptions embedded;
  migrate::MigrateOptions migrate;
  serve::RestOptions rest;
  auth::AuthOptions auth;
  telemetry::LogOptions log;
  ProcessOptions process;

  void AddTo(config::Registry& registry) {
    registry.Add(http);
    registry.Add(admin);
    registry.Add(database);
    registry.Add(changes);
    registry.Add(cache);
    registry.Add(embedded);
    registry.Add(migrate);
    registry.Add(rest);
    registry.Add(auth);
    registry.Add(log);
    registry.Add(process);
  }
};

}  // namespace pando::server
