// Follows the database's changes for the serving process: installs what that needs, keeps the publication in step with
// the schema, and streams. A change of the schema that comes through the stream has the catalog loaded again.
//
// Concurrency  executor-bound (the control loop)
// Ownership    co_await Stop() before destroying it
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "changes/change_stream.h"
#include "changes/publication.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/connection.h"

namespace pando::server {

struct ChangeTrackingOptions {
  pg::ConnectOptions connect;  // to the primary, as a role that may replicate and owns the tables
  std::vector<std::string> schemas;
  milliseconds connect_timeout = std::chrono::seconds(10);
};

class ChangeTracking : private changes::ChangeSink {
 public:
  ChangeTracking(net::Executor executor, ChangeTrackingOptions options, std::function<void()> on_schema_change);

  // Goes on until Stop(), through whatever happens to the database. What keeps it from beginning is logged once.
  void Start();
  // The schema may be another: the publication is looked at again, soon. `schemas` are those exposed now.
  void Republish(std::vector<std::string> schemas);
  Task<void> Stop();

  const changes::ChangeStream& stream() const { return stream_; }
  // Tables that are published, and that are not though they are exposed. Thread-safe.
  uint64_t published() const { return published_.load(std::memory_order_relaxed); }
  uint64_t unpublished() const { return unpublished_.load(std::memory_order_relaxed); }

 private:
  void OnStart(const changes::StreamOrigin& origin) override;
  void OnTransaction(const changes::Transaction& transaction) override;
  void OnBreak(const Error& why) override;

  Task<void> PublishUntilCurrent();
  Task<Result<void>> PublishOnce();
  void Take(const changes::Publication& publication);
  void Tell(const Error& why);

  const net::Executor executor_;
  ChangeTrackingOptions options_;
  const std::function<void()> on_schema_change_;
  changes::ChangeStream stream_;
  net::TaskGroup tasks_;
  pgtypes::Oid epoch_ = 0;        // the table in which DDL is noted
  std::string told_;              // what keeps it from publishing, the last time it was logged
  std::string told_unpublished_;  // tables
  bool publishing_ = false;       // PublishUntilCurrent() runs
  bool again_ = false;            // and must once more
  bool installed_ = false;
  bool streaming_ = false;  // stream_ was started
  bool stopping_ = false;
  std::atomic<uint64_t> published_{0}, unpublished_{0};
};

}  // namespace pando::server
