// The private PostgreSQL that one box starts with: a Cluster finds the installed server, initialises the data folder if
// need be, runs the server as a child on a Unix socket without any TCP port, and prepares the database "pando".
//
//   Pando ── pipe ── supervisor (a fork of Pando, one thread) ── postmaster ── backends
//
// When Pando ends, however it ends, the supervisor stops the postmaster: fast, after 10 s at once. The next start waits
// for that. When the postmaster ends by itself, the supervisor starts it again.
//
// Concurrency  Start() and Stop() block, for before and after the event loops; the rest is thread-safe
// Ownership    single-owner; the destructor stops what still runs, with the grace of the options
#pragma once

#include <sys/types.h>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "embedded/defaults.h"
#include "embedded/stop_check.h"

namespace pando::embedded {

inline constexpr std::string_view kDatabase = "pando";
inline constexpr std::string_view kSuperuser = "postgres";
inline constexpr std::string_view kOwnerRole = "pando_owner";    // runs migrations
inline constexpr std::string_view kLoginRole = "authenticator";  // serves requests
inline constexpr std::string_view kAnonymousRole = "anon";
inline constexpr std::string_view kAuthenticatedRole = "authenticated";
inline constexpr std::string_view kServiceRole = "service_role";  // bypasses row-level security

struct ClusterEvent {
  enum class Kind {
    kExited,     // the server ended by itself and will be started again
    kRestarted,  // it was started again
    kLost,       // it ended too often, or its supervisor was killed: running() is false for good, see Stop()
  };
  Kind kind;
  std::string description;  // for the log: "ended with status 1", "was killed by signal 9"
};

struct ClusterOptions {
  // Empty: /var/lib/pando/postgres as root, else data/postgres in the working folder.
  std::filesystem::path data_folder;
  EmbeddedOptions options;
  // Called on a thread of the Cluster's; must not call Stop() or destroy it. Not called for what Stop() causes.
  std::function<void(const ClusterEvent&)> on_event;
  StopCheck stop;
};

class Cluster {
 public:
  // Returns when the server answers and its roles and database are there; about 0.2 s on a data folder that was stopped
  // well, 3 s for a new one.
  //   kEmbeddedNotInstalled  no server of PostgreSQL 14 to 18, or none that fits the data
  //   kEmbeddedInUse         another Pando (or a server that no Pando runs) uses the data folder; named by its pid
  //   kEmbeddedVersion       the data was made by a version that is not installed
  //   kEmbeddedStart         everything else: unreachable or unwritable folder, full disk, initdb, the server itself;
  //                          with what the server wrote; and options.stop, which leaves no server behind
  static Result<std::unique_ptr<Cluster>> Start(ClusterOptions options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Stops the server: fast, after `grace` at once (the next start then replays the log). One whose supervisor was
  // killed is on its way out, by the kernel's signal (supervisor_process.h): waits for that, and ends what is left of
  // it. Safe to call twice.
  void Stop(milliseconds grace);

  // The server is there, or will be in a moment.
  bool running() const;
  // Of the postmaster; 0 while there is none.
  pid_t pid() const;

  // Connects as `role` to `database`, for pg::ConnectOptions::uri and for psql.
  std::string uri(std::string_view role, std::string_view database = kDatabase) const;

  const std::filesystem::path& data_folder() const;
  const std::filesystem::path& socket_folder() const;
  int server_major() const;

 private:
  struct State;
  explicit Cluster(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace pando::embedded
