#include "rest/csv_reader.h"

#include <algorithm>

namespace pando::rest {

bool CsvReader::AtRecord() {
  while (position_ < text_.size() && (text_[position_] == '\n' || text_[position_] == '\r')) ++position_;
  return position_ < text_.size();
}

CsvReader::Ending CsvReader::Next(std::string& field) {
  field.clear();
  if (position_ < text_.size() && text_[position_] == '"') return Quoted(field);
  const size_t stop = std::min(text_.find_first_of(",\"\r\n", position_), text_.size());
  field = text_.substr(position_, stop - position_);
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
