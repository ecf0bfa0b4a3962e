// Base64 as tokens and keys use it (RFC 4648 section 5).
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pando::auth {

// The URL alphabet without padding, as RFC 7515 demands. nullopt for any other character, an impossible length, or
// bits set beyond the last byte: each byte string has exactly one text.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// What people paste into a configuration: either alphabet, padded or not, white space ignored.
std::optional<std::string> DecodeBase64Lenient(std::string_view text);

std::string EncodeBase64Url(std::string_view bytes);

}  // namespace pando::auth
