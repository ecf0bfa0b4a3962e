// A ReplicationSession is a connection in logical replication mode (PostgreSQL's manual, "Streaming Replication
// Protocol"): commands first, then, once Start() has been answered, a stream of frames that does not end by itself.
//
// Concurrency  executor-bound; one call at a time
// Ownership    single-owner
// Bounds       libpq holds one frame and what the socket's buffer had; the server waits when nobody reads
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/connect_options.h"
#include "pg/rows.h"

namespace pando::pg {

// What the server sends while it streams: a piece of the decoding plugin's output, or a sign of life.
struct ReplicationFrame {
  bool is_data = false;
  uint64_t server_lsn = 0;    // how far the server has read its log
  bool reply_wanted = false;  // of a sign of life: at once, or the server gives the connection up
  std::string_view data;      // valid until the next call
};

class ReplicationSession {
 public:
  //   as Connection::Open; kSqlstate 42501 when the role may not replicate
  static Task<Result<std::unique_ptr<ReplicationSession>>> Open(ConnectOptions options, Deadline deadline);
  virtual ~ReplicationSession() = default;

  // One command of the replication protocol, or one SQL statement; its rows. After a deadline or a cancellation the
  // session is of no use any more.
  //   kSqlstate, kDatabaseConnectionLost, kRequestDeadline, kRequestCancelled
  // REQUIRES: not streaming
  virtual Task<Result<Rows>> Run(std::string command, Deadline deadline) = 0;

  // START_REPLICATION ...: from here on Receive() and Confirm() alone.
  //   as Run()
  virtual Task<Result<void>> Start(std::string command, Deadline deadline) = 0;

  // The next frame.
  //   kRequestDeadline  none came; call again    kRequestCancelled    kSqlstate, kDatabaseConnectionLost  it has ended
  // REQUIRES: streaming
  virtual Task<Result<ReplicationFrame>> Receive(Deadline deadline) = 0;

  // Everything before `lsn` is not needed again: the server may drop its log up to there. Does not wait.
  //   kDatabaseConnectionLost
  // REQUIRES: streaming
  virtual Result<void> Confirm(uint64_t lsn) = 0;
};

}  // namespace pando::pg
