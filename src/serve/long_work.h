// What takes too long for an event loop, as functions for a net::Worker: requests and answers of many bytes.
//
// Concurrency  thread-safe: pure functions of what they are given
// Internal to serve/.
#pragma once

#include <cstddef>
#include <string>

#include "base/memory_budget.h"
#include "base/result.h"
#include "http/message.h"
#include "pg/rows.h"
#include "serve/answer.h"
#include "serve/row_printer.h"
#include "serve/shape.h"

namespace pando::serve {

// About a millisecond of printing.
inline constexpr size_t kLongAnswerBytes = 256 << 10;

inline bool IsLong(const pg::Rows& rows) { return rows.text_bytes() > kLongAnswerBytes; }
// REQUIRES: not after its body was taken
inline bool IsLong(const http::Request& request) {
  const bool may_have_payload = request.method == "POST" || request.method == "PATCH" || request.method == "PUT";
  return may_have_payload && request.body.size() > MemoryBudget::kSmallBytes;
}

// The shape of a write or call, made of its body, which is taken. What the shape keeps of it are its parameters.
//   as rest::ParseRequest and plan::MakePlan
Result<Shape> MakeLongShape(http::Request& request, const Config& config, const std::string& role);

// Whether the server could print the rows as JSON.
enum class Printed {
  kYes,             // or the database had printed them
  kOnlyByDatabase,  // they hold what only the database can print: the statement must be written for it
};

// Decodes or prints the rows of an answer. `keys` as RowPrinter::Print(). `outcome` is filled for kYes.
//   kProtocol  as ReadOutcome()
Result<Printed> ReadRows(const pg::Rows& rows, const Shape& shape, RowPrinter& printer, RowKeys* keys,
                         Outcome& outcome);

// Rows that a request lends to the worker, and what it holds of the memory for them.
struct LentRows {
  pg::Rows rows;
  MemoryCharge memory;
};

// The same of many rows, by a printer of its own. They hold twice as much meanwhile: the text is about as long.
struct LongAnswer {
  Outcome outcome;
  Result<Printed> read;
};
LongAnswer ReadLongRows(LentRows& lent, const Shape& shape);

}  // namespace pando::serve
