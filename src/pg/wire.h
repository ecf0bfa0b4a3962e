// A Wire is the conversation with one server process in PostgreSQL's protocol 3.0 (PostgreSQL documentation 55), over a
// connection that libpq has opened: libpq knows how to find a server and to be let in, and from then on this speaks.
//
// Concurrency  single-owner; never waits
// Bounds       what has been queued and not sent, and one message of the server; at most kNotificationsMax
// Internal to pg/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/error.h"
#include "pg/message.h"
#include "pg/notification.h"
#include "pg/pq.h"
#include "pg/transport.h"

namespace pando::pg {

class Wire {
 public:
  // Those that nobody has taken; of more the oldest go.
  static constexpr size_t kNotificationsMax = 1000;

  // REQUIRES: connected, and without GSSAPI encryption
  explicit Wire(PqConnectionHandle handle);
  // Over a socket whose conversation has begun otherwise, and which outlives it: for tests.
  explicit Wire(int socket);

  int socket() const { return socket_; }
  Outbox& out() { return out_; }

  // Sends what it can. False while something is left.
  bool Flush();
  // Takes what has come. False when nothing comes any more.
  bool Receive();
  // What the message that has begun to come takes, as a message and as the rows that are made of it.
  size_t bytes_wanted() const { return inbox_.message_bytes() * 2; }
  // Makes room for it at once.
  void Reserve() { inbox_.Reserve(); }
  // There is something to Receive() that the socket will not announce.
  bool HasBufferedInput() const { return transport_.HasBufferedInput(); }

  // The next message that is an answer: notices, notifications and settings are taken aside. nullopt: it has not come,
  // or nothing more can be read(). Valid until Receive().
  std::optional<Message> Next();
  bool readable() const { return !inbox_.broken(); }
  // Nothing that was queued was given up because the connection failed.
  bool all_sent() const { return !dropped_unsent_ && out_.unsent().empty(); }
  // Gives large buffers back. REQUIRES: nothing is owed
  void Shrink() { inbox_.Shrink(); }

  // As the last ReadyForQuery said.
  bool in_transaction() const { return status_ != 'I'; }
  // The server is a standby, as it said when the conversation began.
  bool in_standby() const { return in_standby_; }
  // It was promoted since.
  bool is_promoted() const { return is_promoted_; }
  // A commit did not wait any longer for the standby that was to confirm it. False again after Forget...().
  bool commit_unconfirmed() const { return commit_unconfirmed_; }
  void ForgetUnconfirmed() { commit_unconfirmed_ = false; }
  // The session's TimeZone is Coordinated Universal Time.
  bool in_utc() const { return in_utc_; }
  std::optional<Notification> TakeNotification();

  // Why it has ended: kDatabaseConnectionLost.
  Error Lost() const;

 private:
  void TakeSetting(std::string_view body);
  void TakeNotice(std::string_view body);
  void TakeNotification(std::string_view body);

  const PqConnectionHandle handle_;  // null: the socket is somebody else's
  const int socket_;
  Transport transport_;
  Outbox out_;
  Inbox inbox_;
  char status_ = 'I';
  bool in_utc_ = false;
  bool in_standby_ = false;
  bool is_promoted_ = false;
  bool commit_unconfirmed_ = false;
  bool dropped_unsent_ = false;
  std::deque<Notification> notifications_;
};

}  // namespace pando::pg
