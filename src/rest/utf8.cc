#include "rest/utf8.h"

#include <algorithm>
#include <cstring>

namespace pando::rest {
namespace {

// The length of the multi-byte character at `at`, or 0 if it is malformed.
size_t MultiByteLength(const unsigned char* at, const unsigned char* end) {
  const unsigned char lead = at[0];
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || static_cast<size_t>(end - at) < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
  const bool surrogate = lead == 0xED && at[1] >= 0xA0;
  const bool too_large = lead == 0xF4 && at[1] >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    // Most texts are ASCII: eight bytes at a time while no high bit is set.
    uint64_t word = 0;
    while (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080ULL) != 0) break;
      at += 8;
    }
    if (at == end) break;
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const size_t length = MultiByteLength(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string WithValidUtf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (IsValidUtf8(text)) return std::string(text);
  std::string valid;
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    const size_t length = *at < 0x80 ? 1 : MultiByteLength(at, end);
    if (length == 0) {
      valid += kReplacement;
    } else {
      valid.append(reinterpret_cast<const char*>(at), length);
    }
    at += std::max<size_t>(length, 1);
  }
  return valid;
}

size_t CountUtf8Characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !IsUtf8Continuation(byte); }));
}

std::string_view FirstCharacters(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && IsUtf8Continuation(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string_view Utf8CharacterAt(std::string_view text, size_t position) {
  size_t end = position + 1;
  while (end < text.size() && IsUtf8Continuation(text[end])) ++end;
  return text.substr(position, end - position);
}

void AppendUtf8(uint32_t code_point, std::string& out) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) code_point = 0xFFFD;
  const auto append = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | (code_point >> 6));
    append(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    append(0xE0 | (code_point >> 12));
    append(0x80 | ((code_point >> 6) & 0x3F));
    append(0x80 | (code_point & 0x3F));
  } else {
    append(0xF0 | (code_point >> 18));
    append(0x80 | ((code_point >> 12) & 0x3F));
    append(0x80 | ((code_point >> 6) & 0x3F));
    append(0x80 | (code_point & 0x3F));
  }
}

}  // namespace pando::rest
