// Writes JSON strings. What builds more than a few of them, or reads JSON, uses Boost.JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pando {

// `text` (UTF-8) as a JSON string with its quotes (RFC 8259, section 7), escaped as PostgreSQL's escape_json does: what
// must be, and nothing else.
std::string JsonString(std::string_view text);
// The same, appended.
void AppendJsonString(std::string& out, std::string_view text);
// The same, written to `to`; returns its end. REQUIRES: JsonStringSizeMax(text) bytes of room.
char* WriteJsonString(char* to, std::string_view text);
// What one byte may become: \u001f.
inline constexpr size_t kJsonEscapeMax = 6;
// Of a long text its true size, so that nobody makes room for six times of it.
size_t JsonStringSizeMax(std::string_view text);

}  // namespace pando
