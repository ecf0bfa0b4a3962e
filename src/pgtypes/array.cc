#include "pgtypes/array.h"

namespace pando::pgtypes {
namespace {

void AppendQuoted(std::string& out, std::string_view element) {
  out += '"';
  for (char c : element) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string ArrayLiteral(std::span<const std::optional<std::string>> elements) {
  std::string out = "{";
  for (const std::optional<std::string>& element : elements) {
    if (out.size() > 1) out += ',';
    if (element) {
      AppendQuoted(out, *element);
    } else {
      out += "NULL";
    }
  }
  out += '}';
  return out;
}

std::string ArrayLiteral(std::span<const std::string> elements) {
  std::string out = "{";
  for (const std::string& element : elements) {
    if (out.size() > 1) out += ',';
    AppendQuoted(out, element);
  }
  out += '}';
  return out;
}

}  // namespace pando::pgtypes
