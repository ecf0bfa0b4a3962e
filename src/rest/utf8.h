// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pando::rest {

bool IsValidUtf8(std::string_view text);

inline bool IsUtf8Continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Characters (code points) of a valid text.
size_t CountUtf8Characters(std::string_view text);

// The bytes of the character that starts at `position`.
// REQUIRES: position < text.size()
std::string_view Utf8CharacterAt(std::string_view text, size_t position);

// `text` with U+FFFD in place of each byte that belongs to no character.
std::string WithValidUtf8(std::string_view text);

// The characters of a valid text that fit into `bytes_max` bytes.
std::string_view FirstCharacters(std::string_view text, size_t bytes_max);

// Appends one code point; a surrogate or one past U+10FFFF becomes U+FFFD.
void AppendUtf8(uint32_t code_point, std::string& out);

}  // namespace pando::rest
