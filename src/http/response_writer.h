// A Response as bytes of HTTP/1.1.
//
// Concurrency  executor-bound
#pragma once

#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/text_buffer.h"
#include "http/message.h"

namespace pando::http {

// What a response needs to know of its request and connection.
struct Exchanged {
  std::string_view request_id;
  bool is_head = false;
  bool close = false;          // say Connection: close
  bool keep_alive_10 = false;  // say Connection: keep-alive, which HTTP/1.0 needs
};

class ResponseWriter {
 public:
  // `product` is the value of the Server header.
  explicit ResponseWriter(std::string_view product);

  // Appends status line and header to `out`. Fields that are the connection's to write are left out: they may come from
  // SQL.
  // REQUIRES: 200 <= response.status <= 999.
  void AppendHeader(TextBuffer& out, const Response& response, const Exchanged& exchanged);

  // Whether a body goes with it (RFC 9112, 6.3).
  static bool SendsBody(const Response& response, bool is_head);

 private:
  std::string_view StandardFields();

  const std::string server_field_;
  std::time_t date_second_ = 0;
  std::string standard_fields_;  // Date of date_second_, and Server
};

// Fields as lines, without those that are the connection's to write: those that have one of the names, and the others.
struct FieldLines {
  std::string apart, others;
};
FieldLines WriteFields(const Headers& headers, std::initializer_list<std::string_view> apart);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::string HttpDate(std::time_t second);

}  // namespace pando::http
