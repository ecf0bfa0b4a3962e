#include "rest/csv_reader.h"

#include <algorithm>

namespace pando::rest {

bool CsvReader::AtRecord(bool empty_lines_count) {
  const auto at_break = [&] { return text_[position_] == '\n' || text_[position_] == '\r'; };
  while (!empty_lines_count && position_ < text_.size() && at_break()) ++position_;
  record_ = position_;
  return position_ < text_.size();
}

size_t CsvReader::Line() const {
  size_t line = 1;
  for (size_t i = 0; i < record_; ++i) {
    const bool ends_crlf = text_[i] == '\r' && i + 1 < text_.size() && text_[i + 1] == '\n';
    line += text_[i] == '\n' || (text_[i] == '\r' && !ends_crlf);
  }
  return line;
}

CsvReader::Ending CsvReader::Next(Field& field) {
  field.text.clear();
  field.quoted = position_ < text_.size() && text_[position_] == '"';
  if (field.quoted) return Quoted(field.text);
  const size_t stop = std::min(text_.find_first_of(",\"\r\n", position_), text_.size());
  field.text = text_.substr(position_, stop - position_);
  position_ = stop;
  return End();
}

CsvReader::Ending CsvReader::Quoted(std::string& field) {
  ++position_;
  for (;;) {
    const size_t quote = text_.find('"', position_);
    if (quote == std::string_view::npos) return Ending::kMalformed;
    field += text_.substr(position_, quote - position_);
    position_ = quote + 1;
    if (position_ >= text_.size() || text_[position_] != '"') return End();
    field += '"';
    ++position_;
  }
}

// What stands behind a field.
CsvReader::Ending CsvReader::End() {
  if (position_ >= text_.size()) return Ending::kRecord;
  const char c = text_[position_];
  if (c != ',' && c != '\n' && c != '\r') return Ending::kMalformed;
  ++position_;
  if (c == ',') return Ending::kField;
  if (c == '\r' && position_ < text_.size() && text_[position_] == '\n') ++position_;
  return Ending::kRecord;
}

}  // namespace pando::rest
