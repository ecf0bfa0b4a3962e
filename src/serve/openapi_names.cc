#include "serve/openapi_names.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rest/query_parser.h"

namespace pando::serve {
namespace {

constexpr char kUpperHex[] = "0123456789ABCDEF";
// What a path segment and a fragment hold beside letters and digits: pchar of RFC 3986, 3.3.
constexpr std::string_view kSegmentSigns = "-._~!$&'()*+,;=:@";

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool IsSegmentCharacter(char c) { return IsLetterOrDigit(c) || kSegmentSigns.find(c) != std::string_view::npos; }

void AppendEscaped(std::string& out, char mark, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += {mark, kUpperHex[byte >> 4], kUpperHex[byte & 15]};
}

bool IsUpperHex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

// "_20" is what a space becomes: a name that holds it already needs its underscore escaped.
bool LooksEscaped(std::string_view text) {
  return text.size() >= 3 && text[0] == '_' && IsUpperHex(text[1]) && IsUpperHex(text[2]);
}

// Parts are joined by full stops, so that those within a part are marked.
std::string WithMarkedStops(std::string_view part) {
  std::string marked;
  for (const char c : part) {
    if (c == '.' || c == '!') marked += '!';
    marked += c;
  }
  return marked;
}

}  // namespace

boost::json::object Ref(std::string_view place, std::string_view name) {
  std::string pointer = "#/" + std::string(place) + "/";
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else if (IsSegmentCharacter(c)) {
      pointer += c;
    } else {
      AppendEscaped(pointer, '%', c);
    }
  }
  return {{"$ref", pointer}};
}

std::string PathOf(std::string_view before, std::string_view name) {
  std::string path(before);
  for (const char c : name) {
    const bool stays = IsSegmentCharacter(c) || static_cast<unsigned char>(c) >= 0x80;
    if (stays) {
      path += c;
    } else {
      AppendEscaped(path, '%', c);
    }
  }
  return path;
}

std::string FilterName(std::string_view column) {
  const bool is_word = std::all_of(column.begin(), column.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '_' || c == '$' || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
  });
  const bool is_trimmed = !column.starts_with(' ') && !column.ends_with(' ');
  if (is_word && is_trimmed && !column.empty() && rest::IsFilterKey(column)) return std::string(column);
  std::string quoted = "\"";
  for (const char c : column) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string FilterKey(std::string_view relation, std::string_view column) {
  return "rowFilter." + WithMarkedStops(relation) + "." + WithMarkedStops(column);
}

std::string ComponentName(std::string_view name) {
  std::string safe;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool stays = IsLetterOrDigit(c) || c == '-' || (c == '_' && !LooksEscaped(name.substr(i)));
    if (stays) {
      safe += c;
    } else {
      AppendEscaped(safe, '_', c);
    }
  }
  return safe;
}

}  // namespace pando::serve
