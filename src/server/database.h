// The database that the process serves: the private one that it starts itself, or one that runs elsewhere.
//
// Concurrency  Open() and Close() block, for before and after the event loops
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "embedded/cluster.h"
#include "server/program_options.h"
#include "server/stop_request.h"

namespace pando::server {

inline constexpr std::string_view kEmbeddedScheme = "embedded:";

class Database {
 public:
  // Starts the embedded PostgreSQL when database.url says so; makes the JWT secret on first use, when none is set.
  // `stop`, which outlives the Database, ends the start; and it is asked to end the process when the embedded
  // PostgreSQL is gone for good: the next start finds the data folder free, and clears up. Null: a command, which ends
  // anyway.
  //   as embedded::Cluster::Start; kConfigInvalid: database.url or changes.url
  static Result<Database> Open(const ProgramOptions& options, StopRequest* stop = nullptr);
  void Close(milliseconds grace);

  bool is_embedded() const { return cluster_ != nullptr; }
  // As the role that serves requests / that runs migrations and owns what they make.
  const std::string& login_uri() const { return login_uri_; }
  const std::string& owner_uri() const { return owner_uri_; }
  // As a role that may follow its changes: of the embedded one the superuser.
  const std::string& changes_uri() const { return changes_uri_; }
  // auth.jwt_secret, or the embedded one.
  const Secret& jwt_secret() const { return jwt_secret_; }

 private:
  std::unique_ptr<embedded::Cluster> cluster_;
  std::string login_uri_, owner_uri_, changes_uri_;
  Secret jwt_secret_;
};

// Where the embedded JWT secret of a data folder lies: beside it and not in it, which belongs to PostgreSQL's account.
std::filesystem::path SecretFolder(const std::filesystem::path& data_folder);

// The data folder that "embedded:FOLDER" names; nullopt when the URL is a PostgreSQL one. An empty path: the default.
std::optional<std::filesystem::path> EmbeddedFolder(const std::string& url);

}  // namespace pando::server
