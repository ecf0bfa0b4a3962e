#include "pg/quote.h"

#include <string>
#include <string_view>

namespace pando::pg {
namespace {

// PostgreSQL has no text with a zero byte, and libpq would end the statement there: it is left out.
std::string Quote(std::string_view text, char quote, bool double_backslashes) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == '\0') continue;
    if (c == quote || (double_backslashes && c == '\\')) out += c;
    out += c;
  }
  out += quote;
  return out;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) { return Quote(name, '"', false); }

std::string QuoteLiteral(std::string_view text) {
  // The E form means the same whatever standard_conforming_strings is.
  if (text.find('\\') == std::string_view::npos) return Quote(text, '\'', false);
  return " E" + Quote(text, '\'', true);
}

}  // namespace pando::pg
