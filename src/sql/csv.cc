#include "sql/csv.h"

#include "sql/sources.h"

namespace pando::sql {
namespace {

// Blanks at the ends and a byte order mark would be lost to some readers.
bool NeedsQuotes(const std::string& name) {
  return name.empty() || name.find_first_of(",\"\r\n") != std::string::npos || name.front() == ' ' ||
         name.back() == ' ' || name.starts_with("\xEF\xBB\xBF");
}

std::string HeaderLine(const std::vector<std::string>& keys) {
  std::string line;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) line += ',';
    if (!NeedsQuotes(keys[i])) {
      line += keys[i];
      continue;
    }
    line += '"';
    for (char c : keys[i]) line += c == '"' ? "\"\"" : std::string(1, c);
    line += '"';
  }
  return line;
}

// PostgreSQL prints a row as (field,field), quoted where RFC 4180 wants it and with quotes doubled; but backslashes are
// doubled, too. A row of one field at a time, so that no text can be taken for two. By the column's own collation,
// 'null' may equal 'NULL'; a row's text has none of its columns' collations.
void WriteField(Writer& out, const std::string& column) {
  out << "CASE pg_catalog.format('%s', ";
  out.Column(kRows, column) << R"() COLLATE pg_catalog."C" WHEN 'NULL' THEN '"NULL"' ELSE )"
                               "pg_catalog.replace(pg_catalog.left(pg_catalog.substr(ROW(";
  out.Column(kRows, column) << R"()::pg_catalog.text, 2), -1), '\\', '\') END)";
}

// A function takes 100 arguments at most, and a chain of || is as deep as it is long: so several are an array.
void WriteLine(Writer& out, size_t columns) {
  if (columns > 1) out << "pg_catalog.array_to_string(ARRAY[";
  for (size_t i = 1; i <= columns; ++i) {
    if (i > 1) out << ", ";
    WriteField(out, std::to_string(i));
  }
  if (columns > 1) out << "], ',')";
}

}  // namespace

void WriteCsv(Writer& out, const std::vector<std::string>& keys) {
  if (keys.size() == 1) out << "pg_catalog.regexp_replace(";
  out.Value(HeaderLine(keys)) << "::pg_catalog.text";
  if (!keys.empty()) {
    out << " || coalesce(pg_catalog.string_agg(E'\\n' || ";
    WriteLine(out, keys.size());
    out << ", ''), '')";
  }
  if (keys.size() == 1) out << ", E'\\n$', E'\\n\\n')";
}

}  // namespace pando::sql
