// An Error is an expected failure as a value: flat, immutable, cheap to copy (one pointer), asked questions rather than
// caught by type. What can go wrong is listed once, in base/error_table.h.
//
//   return Error(ErrorId::kPoolOverloaded, "16 of 16 connections are busy and 256 requests wait")
//       .WithHint("raise database.connections_max");
//
// Messages begin lower case (where the REST API does not prescribe a text), carry no full stop, and never hold secrets
// or row data.
//
// Concurrency  immutable
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error_table.h"

namespace pando {

// The caller's line, taken as a default argument. std::source_location would do, but clang 14 has none here.
struct SourceLocation {
  static constexpr SourceLocation Current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
  const char* file;
  int line;
};

class Error {
 public:
  Error(ErrorId id, std::string message, SourceLocation where = SourceLocation::Current());

  // A refusal by PostgreSQL: code() is `sqlstate`, kind() is kDatabase.
  static Error FromDatabase(std::string sqlstate, std::string message,
                            SourceLocation where = SourceLocation::Current());

  Error WithDetail(std::string detail) const;
  // The detail is JSON text and is rendered as it is (PGRST201 lists candidates).
  Error WithDetailJson(std::string detail) const;
  Error WithHint(std::string hint) const;
  // Where in what the client sent: "line 3 ...". For errors whose body the REST API prescribes; it is shown in the log,
  // and to clients as `details` of Proxy-Status (RFC 9209, section 2.1.4).
  // REQUIRES: printable ASCII without quotes and backslashes
  Error WithPlace(std::string place) const;
  // PostgreSQL raised it in a function or trigger that the statement ran, not in the statement itself.
  Error WithinRoutine() const;

  ErrorKind kind() const;
  ErrorId id() const;
  // What a client sees as "code": the SQLSTATE of a database error, else the id's code.
  std::string_view code() const;
  const std::string& message() const;
  const std::optional<std::string>& detail() const;
  bool detail_is_json() const;
  const std::optional<std::string>& hint() const;
  // Empty unless WithPlace() was called.
  const std::string& place() const;
  bool within_routine() const;
  // Empty unless PostgreSQL said it.
  const std::string& sqlstate() const;
  // "pg/pool.cc:118": the line of ours that raised it; for the log, never for a client.
  std::string where() const;

  // One line for the log and for start-up messages: "PANDO4001: message, place (detail); hint".
  std::string ToString() const;

 private:
  struct Data;
  explicit Error(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<Data> Copy() const;

  std::shared_ptr<const Data> data_;  // constant after construction, never null
};

}  // namespace pando
