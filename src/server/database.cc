#include "server/database.h"

#include "embedded/secret.h"
#include "pg/connect_options.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

void HearClusterEvent(const embedded::ClusterEvent& event, StopRequest* stop) {
  using Kind = embedded::ClusterEvent::Kind;
  switch (event.kind) {
    case Kind::kExited:
      telemetry::Log(telemetry::Level::kError, "embedded.exited",
                     "the embedded PostgreSQL " + event.description +
                         "; its supervisor starts it again. The log of PostgreSQL may say why");
      break;
    case Kind::kRestarted:
      telemetry::Log(telemetry::Level::kInfo, "embedded.restarted", "the embedded PostgreSQL runs again");
      break;
    case Kind::kLost:
      telemetry::Log(
          telemetry::Level::kError, "embedded.lost",
          "the embedded PostgreSQL is gone for good, so Pando ends; start Pando again, or let a service manager do it");
      if (stop) stop->Ask(Error(ErrorId::kEmbeddedStart, "the embedded PostgreSQL " + event.description));
      break;
  }
}

Result<void> CheckUrl(const std::string& option, const std::string& url) {
  const Result<void> checked = pg::CheckUri(url);
  if (checked) return {};
  Error error(ErrorId::kConfigInvalid, option + ": " + checked.error().message());
  return checked.error().hint() ? error.WithHint(*checked.error().hint()) : error;
}

}  // namespace

std::filesystem::path SecretFolder(const std::filesystem::path& data_folder) {
  return data_folder.string() + ".secret";
}

std::optional<std::filesystem::path> EmbeddedFolder(const std::string& url) {
  if (!url.starts_with(kEmbeddedScheme)) return std::nullopt;
  return std::filesystem::path(url.substr(kEmbeddedScheme.size()));
}

Result<Database> Database::Open(const ProgramOptions& options, StopRequest* stop) {
  Database database;
  database.jwt_secret_ = options.auth.jwt_secret;
  const auto folder = EmbeddedFolder(options.database.url);
  if (!options.changes.url.empty()) PANDO_CHECK(CheckUrl("changes.url", options.changes.url));
  if (!folder) {
    PANDO_CHECK(CheckUrl("database.url", options.database.url));
    database.login_uri_ = database.owner_uri_ = options.database.url;
    database.changes_uri_ = options.changes.url.empty() ? options.database.url : options.changes.url;
    return database;
  }
  embedded::ClusterOptions cluster;
  cluster.data_folder = *folder;
  cluster.options = options.embedded;
  cluster.on_event = [stop](const embedded::ClusterEvent& event) { HearClusterEvent(event, stop); };
  if (stop) cluster.stop = [stop] { return stop->asked(); };
  PANDO_TRY(database.cluster_, embedded::Cluster::Start(std::move(cluster)));
  database.login_uri_ = database.cluster_->uri(embedded::kLoginRole);
  database.owner_uri_ = database.cluster_->uri(embedded::kOwnerRole);
  database.changes_uri_ = database.cluster_->uri(embedded::kSuperuser);
  if (database.jwt_secret_.empty()) {
    const std::filesystem::path folder_of_secret = SecretFolder(database.cluster_->data_folder());
    PANDO_TRY(database.jwt_secret_, embedded::LoadOrCreateSecret(folder_of_secret));
  }
  return database;
}

void Database::Close(milliseconds grace) {
  if (cluster_) cluster_->Stop(grace);
}

}  // namespace pando::server
