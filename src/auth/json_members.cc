#include "auth/json_members.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/assert.h"

namespace pando::auth {
namespace {

// The index behind the string that begins at `start`.
size_t StringEnd(std::string_view text, size_t start) {
  size_t i = start + 1;
  while (text[i] != '"') {
    i += text[i] == '\\' ? 2 : 1;
    PANDO_ASSERT(i < text.size());
  }
  return i + 1;
}

// `text` without white space outside of its strings.
std::string Compact(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      const size_t end = StringEnd(text, i);
      compact.append(text, i, end - i);
      i = end;
      continue;
    }
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') compact.push_back(c);
    ++i;
  }
  return compact;
}

// The index of the comma or bracket that ends the value which begins at `start`.
size_t ValueEnd(std::string_view compact, size_t start) {
  int depth = 0;
  for (size_t i = start;;) {
    PANDO_ASSERT(i < compact.size());
    const char c = compact[i];
    if (depth == 0 && (c == ',' || c == '}')) return i;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    i = c == '"' ? StringEnd(compact, i) : i + 1;
  }
}

std::string DecodeString(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse({quoted.data(), quoted.size()}, error);
  PANDO_ASSERT(!error);
  return std::string(value.get_string().data(), value.get_string().size());
}

}  // namespace

std::vector<JsonMember> SplitJsonObject(std::string_view object) {
  const std::string compact = Compact(object);
  PANDO_ASSERT(compact.size() >= 2 && compact.front() == '{');
  std::vector<JsonMember> members;
  for (size_t i = 1; compact[i] != '}';) {
    const size_t name_end = StringEnd(compact, i);
    const size_t value_end = ValueEnd(compact, name_end + 1);
    members.push_back({DecodeString(std::string_view(compact).substr(i, name_end - i)),
                       compact.substr(name_end + 1, value_end - name_end - 1)});
    i = compact[value_end] == ',' ? value_end + 1 : value_end;
  }
  return members;
}

}  // namespace pando::auth
