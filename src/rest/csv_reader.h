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

  struct Field {
    std::string text;  // without its quotes
    bool quoted = false;
  };

  explicit CsvReader(std::string_view text) : text_(text) {}

  // False at the end of the text. Steps over empty lines first, unless they count: of one column, an empty line is a
  // record whose only field is empty.
  bool AtRecord(bool empty_lines_count = false);

  // Takes the next field of the record and says what ended it; kRecord also at the end of the text.
  // kMalformed: a quote inside an unquoted field, text behind a closing quote, or no closing quote.
  // REQUIRES: AtRecord() or the previous field ended with kField
  Ending Next(Field& field);

  // The number of the line on which the record begins, from 1. Linear in the text before it.
  size_t Line() const;

 private:
  Ending Quoted(std::string& field);
  Ending End();

  std::string_view text_;
  size_t position_ = 0;
  size_t record_ = 0;  // where the record begins
};

}  // namespace pando::rest
