// Comma-separated values as RFC 4180 has them; lines may end in CRLF, LF or CR.
//
// Concurrency  single-owner
// Ownership    the text outlives the reader
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pando::rest {

class CsvReader {
 public:
  enum class Ending { kField, kRecord, kMalformed };

  explicit CsvReader(std::string_view text) : text_(text) {}

  // Steps over empty lines. False at the end of the text.
  bool AtRecord();

  // Takes the next field of the record without its quotes and says what ended it; kRecord also at the end of the text.
  // kMalformed: a quote inside an unquoted field, text behind a closing quote, or no closing quote.
  // REQUIRES: AtRecord() or the previous field ended with kField
  Ending Next(std::string& field);

 private:
  Ending Quoted(std::string& field);
  Ending End();

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace pando::rest
