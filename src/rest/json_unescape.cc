#include "rest/json_unescape.h"

#include <charconv>
#include <cstdint>

#include "rest/utf8.h"

namespace pando::rest {
namespace {

// The four digits after \u, or nothing that could be a surrogate if they are not there.
uint32_t HexAt(std::string_view raw, size_t position) {
  uint32_t unit = 0;
  if (position + 4 <= raw.size()) std::from_chars(raw.data() + position, raw.data() + position + 4, unit, 16);
  return unit;
}

// Decodes \uXXXX at `position` of its backslash, and the second half of a pair. Returns the position behind.
size_t AppendUnicodeEscape(std::string_view raw, size_t position, std::string& out) {
  const uint32_t unit = HexAt(raw, position + 2);
  const bool high = unit >= 0xD800 && unit <= 0xDBFF;
  const uint32_t next = high && raw.substr(position + 6, 2) == "\\u" ? HexAt(raw, position + 8) : 0;
  if (next >= 0xDC00 && next <= 0xDFFF) {
    AppendUtf8(0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00), out);
    return position + 12;
  }
  AppendUtf8(unit, out);
  return position + 6;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // the quote, the backslash and the slash stand for themselves
  }
}

}  // namespace

std::string UnescapeJsonString(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      text += raw[i++];
    } else if (raw[i + 1] == 'u' && i + 6 <= raw.size()) {
      i = AppendUnicodeEscape(raw, i, text);
    } else {
      text += SimpleEscape(raw[i + 1]);
      i += 2;
    }
  }
  return text;
}

}  // namespace pando::rest
