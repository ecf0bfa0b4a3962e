#include "pg/wire.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/byte_reader.h"

namespace pando::pg {

namespace {

constexpr std::string_view kNamesOfUtc[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu"};

bool IsUtc(std::string_view zone) {
  return std::find(std::begin(kNamesOfUtc), std::end(kNamesOfUtc), zone) != std::end(kNamesOfUtc);
}

// What a server says of itself since PostgreSQL 14 (20.11.3, "Preset Options").
constexpr const char* kInHotStandby = "in_hot_standby";
constexpr std::string_view kOn = "on";

// Where a commit waits for a standby (syncrep.c). The text of its notices is translated, and this is not.
constexpr std::string_view kWaitForStandby = "SyncRepWaitForLSN";

void* TlsOf(PGconn* connection) { return PQsslInUse(connection) != 0 ? PQsslStruct(connection, "OpenSSL") : nullptr; }

}  // namespace

Wire::Wire(PqConnectionHandle handle)
    : handle_(std::move(handle)), socket_(PQsocket(handle_.get())), transport_(socket_, TlsOf(handle_.get())) {
  // Has libpq take what came behind the greeting.
  PQisBusy(handle_.get());
  const char* zone = PQparameterStatus(handle_.get(), "TimeZone");
  in_utc_ = zone && IsUtc(zone);
  const char* standby = PQparameterStatus(handle_.get(), kInHotStandby);
  in_standby_ = standby && standby == kOn;
}

Wire::Wire(int socket) : socket_(socket), transport_(socket_, nullptr) {}

bool Wire::Flush() {
  while (!out_.unsent().empty()) {
    const size_t taken = transport_.Write(out_.unsent());
    if (taken > 0) {
      out_.MarkSent(taken);
      continue;
    }
    if (!transport_.failed()) return false;
    // What the server has said before it went is still to be read.
    dropped_unsent_ = true;
    out_.Drop();
  }
  return true;
}

bool Wire::Receive() {
  const std::span<char> space = inbox_.Space();
  const size_t bytes = transport_.Read(space.data(), space.size());
  inbox_.MarkFilled(bytes);
  return bytes > 0 || !transport_.failed();
}

std::optional<Message> Wire::Next() {
  while (std::optional<Message> message = inbox_.Next()) {
    switch (message->type) {
      case 'N':
        TakeNotice(message->body);
        break;
      case 'S':
        TakeSetting(message->body);
        break;
      case 'A':
        TakeNotification(message->body);
        break;
      case 'Z':
        status_ = message->body.empty() ? 'E' : message->body.front();
        return message;
      default:
        return message;
    }
  }
  return std::nullopt;
}

void Wire::TakeSetting(std::string_view body) {
  ByteReader in(body);
  const std::string_view name = in.Text();
  const std::string_view value = in.Text();
  if (name == "TimeZone") in_utc_ = IsUtc(value);
  if (name == kInHotStandby && (value == kOn) != in_standby_) is_promoted_ = true;
}

void Wire::TakeNotice(std::string_view body) {
  if (ReadErrorFields(body).routine == kWaitForStandby) commit_unconfirmed_ = true;
}

void Wire::TakeNotification(std::string_view body) {
  ByteReader in(body);
  in.Int32();  // the sender's process
  const std::string_view channel = in.Text();
  const std::string_view payload = in.Text();
  if (!in.ok()) return;
  if (notifications_.size() == kNotificationsMax) notifications_.pop_front();
  notifications_.push_back(Notification{std::string(channel), std::string(payload)});
}

std::optional<Notification> Wire::TakeNotification() {
  if (notifications_.empty()) return std::nullopt;
  Notification first = std::move(notifications_.front());
  notifications_.pop_front();
  return first;
}

Error Wire::Lost() const {
  return Error(ErrorId::kDatabaseConnectionLost,
               transport_.failed() ? transport_.reason() : "the server closed the connection");
}

}  // namespace pando::pg
