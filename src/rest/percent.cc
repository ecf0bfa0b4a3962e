#include "rest/percent.h"

#include "base/ascii.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

// RFC 3986, 2.3.
bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

Error InvalidEscape(size_t position) {
  return Error(ErrorId::kQueryParse, "invalid percent-encoding in the URL")
      .WithDetail("\"%\" is not followed by two hexadecimal digits at byte " + std::to_string(position + 1) +
                  " of a name or value")
      .WithHint("write a literal percent sign as %25");
}

}  // namespace

Result<void> AppendPercentDecoded(std::string_view text, Plus plus, std::string& out) {
  const size_t start = out.size();
  const auto is_plain = [plus](char c) { return c != '%' && (c != '+' || plus != Plus::kIsSpace); };
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t begin = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out.append(text, begin, i - begin);
    if (i == text.size()) break;
    if (text[i] == '+') {
      out += ' ';
    } else {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) return InvalidEscape(i);
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  const std::string_view decoded = std::string_view(out).substr(start);
  if (decoded.find('\0') != std::string_view::npos) {
    return Error(ErrorId::kQueryParse, "the URL holds a NUL character")
        .WithDetail("PostgreSQL's text type cannot represent it");
  }
  if (!IsValidUtf8(decoded)) return Error(ErrorId::kQueryParse, "the URL is not valid UTF-8 after decoding");
  return {};
}

void AppendPercentEncoded(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t begin = i;
    while (i < text.size() && IsUnreserved(text[i])) ++i;
    out.append(text, begin, i - begin);
    if (i == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

}  // namespace pando::rest
