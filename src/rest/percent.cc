#include "rest/percent.h"

#include "base/ascii.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
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
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsSpace) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
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
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

}  // namespace pando::rest
