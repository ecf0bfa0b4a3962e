// The messages of PostgreSQL's protocol 3.0 (PostgreSQL documentation 55.7): the ones we send, and taking apart what
// the server sends.
//
// Concurrency  single-owner
// Internal to pg/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_buffer.h"
#include "pg/exchange.h"
#include "pg/rows.h"

namespace pando::pg {

// Messages on their way to the server.
class Outbox {
 public:
  // An empty name is the unnamed statement. No text holds a zero byte.
  void Parse(std::string_view name, std::string_view sql);
  void DescribeStatement(std::string_view name);
  void DescribePortal();
  // `columns` says which come in binary; null: all as text. REQUIRES: at most 65535 parameters.
  void Bind(std::string_view name, const std::vector<Parameter>& parameters, const RowColumns* columns);
  void Execute();
  void Sync();
  void Query(std::string_view sql);
  void CopyFail(std::string_view reason);

  std::string_view unsent() const { return std::string_view(bytes_).substr(sent_); }
  void MarkSent(size_t bytes);
  void Drop();

 private:
  size_t Begin(char type);
  void End(size_t begin);
  void Text(std::string_view text);
  void Name(char type, char kind, std::string_view name);

  std::string bytes_;
  size_t sent_ = 0;
};

struct Message {
  char type = 0;
  std::string_view body;
};

// Bytes from the server, until they are whole messages.
class Inbox {
 public:
  // nullopt: not all of it has come, or it is broken(). Valid until the next Space().
  std::optional<Message> Next();
  // A message gave a length that none can have.
  bool broken() const { return broken_; }

  // Bytes of the message that has begun to come, once its length is known; else what has come of it.
  size_t message_bytes() const;
  // Makes room for all of that message.
  void Reserve();
  // Where the next bytes go; at least one. Gives back what a large message took, when nothing of it is left.
  std::span<char> Space();
  void MarkFilled(size_t bytes) { buffer_.Commit(bytes); }
  // Gives back what a large message took. REQUIRES: no message is in use
  void Shrink();

 private:
  InputBuffer buffer_;  // of what has not been handed out
  bool broken_ = false;
};

// An ErrorResponse (55.8). What it does not hold is empty.
struct ErrorFields {
  std::string_view severity;
  std::string_view sqlstate;
  std::string_view message;
  std::string_view detail;
  std::string_view hint;
  std::string_view context;   // the functions in which it was raised, and what they ran
  std::string_view position;  // in the statement's text, in characters from 1
  std::string_view routine;   // of PostgreSQL's source
};
ErrorFields ReadErrorFields(std::string_view body);

// A RowDescription's columns, in text format. nullopt: malformed.
std::optional<RowColumns> ReadColumns(std::string_view body);

// The number at the end of a CommandComplete ("INSERT 0 5"); 0 when there is none.
int64_t ReadAffected(std::string_view body);

}  // namespace pando::pg
