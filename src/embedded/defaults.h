// The options of the embedded PostgreSQL, and where it lives when they say nothing.
//
// Concurrency  immutable
#pragma once

#include <chrono>
#include <string>

#include "base/option.h"

namespace pando::embedded {

using std::chrono::milliseconds;

inline constexpr const char* kRootDataFolder = "/var/lib/pando/postgres";
inline constexpr const char* kRootSocketFolder = "/run/pando";
inline constexpr const char* kDataFolder = "data/postgres";  // of everybody else, in the working folder

struct EmbeddedOptions {
  std::string socket_folder;  // empty: chosen
  std::string account = "postgres";
  std::string bin_folder;  // empty: found
  milliseconds start_timeout = std::chrono::seconds(60);
  milliseconds stop_grace = std::chrono::seconds(10);
};

template <class Visitor>
void Describe(Visitor& visit, EmbeddedOptions& o) {
  visit.Option("embedded.socket_folder", o.socket_folder, Reload::kRestart,
               "Folder of the embedded PostgreSQL's Unix socket, at most 93 bytes long. Empty means /run/pando when "
               "Pando is root, else a folder below the data folder.");
  visit.Option(
      "embedded.account", o.account, Reload::kRestart,
      "Account that the embedded PostgreSQL runs as when Pando is root. Otherwise it runs as Pando's own account.");
  visit.Option("embedded.bin_folder", o.bin_folder, Reload::kRestart,
               "Folder of the programs postgres and initdb. Empty means the newest version that fits the data.");
  visit.Option("embedded.start_timeout", o.start_timeout,
               Range<milliseconds>{std::chrono::seconds(1), std::chrono::hours(1)}, Reload::kRestart,
               "Longest time for the embedded PostgreSQL to be ready. After a crash PostgreSQL first replays its log, "
               "which can take long.");
  visit.Option("embedded.stop_grace", o.stop_grace, Range<milliseconds>{milliseconds(0), std::chrono::minutes(10)},
               Reload::kRestart,
               "Time that the embedded PostgreSQL has to write its checkpoint when Pando stops. After that it stops at "
               "once, and replays its log at the next start.");
}

}  // namespace pando::embedded
