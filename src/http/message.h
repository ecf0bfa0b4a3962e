// One HTTP exchange as values: what the server parsed, and what a handler answers.
//
// Concurrency  single-owner
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"

namespace pando::http {

// Header fields in the order of the wire; names compare without regard to case (RFC 9110, 5.1). A linear search: a
// request has a dozen.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  // The first field of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::vector<std::string_view> FindAll(std::string_view name) const;
  void Add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all fields of that name by one.
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  void Reserve(size_t count) { fields_.reserve(count); }
  void Clear() { fields_.clear(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

struct Request {
  std::string method;  // as sent: methods are case-sensitive
  std::string target;  // as sent: "/path?query", not decoded
  Headers headers;
  std::string body;            // whole, decoded from chunks; at most http.body_bytes_max
  std::string id;              // X-Request-Id as sent (if it is 1 to 128 printable characters), else made here
  std::string remote_address;  // the peer's IP address, without the port
  bool is_tls = false;
  Deadline deadline;  // http.request_timeout after the header was complete
  Clock::time_point received_at;

  // The target up to '?', and what follows it (empty when there is none).
  std::string_view path() const;
  std::string_view query() const;
};

struct Response {
  int status = 200;
  std::string reason;  // empty: the standard phrase of the status
  // Content-Length, Date, Server, Connection and X-Request-Id are the connection's to write.
  Headers headers;
  std::string body;  // never sent for HEAD, 204 and 304
  // An answer that is ready: field lines, each with its CRLF, and what is sent for `body`. They point into what `ready`
  // keeps alive; null: there is none.
  std::shared_ptr<const void> ready;
  std::string_view ready_header, ready_body;
  // Whether Content-Length is written; PostgREST leaves it out on HEAD and 204, and so does the connection by itself.
  bool close = false;  // ask for the connection to be closed after this answer
  // For the observer of exchanges, not for the client: the resource that answered (empty when none did), as whom, and
  // the code of the error that the body tells.
  std::string route, role, error_code;

  std::string_view sent_body() const { return ready ? ready_body : std::string_view(body); }
};

}  // namespace pando::http
