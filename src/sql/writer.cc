#include "sql/writer.h"

#include <algorithm>

namespace pando::sql {
namespace {

constexpr const char* kAliasPrefix = "pando_";

void AppendQuoted(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
}

}  // namespace

Writer& Writer::Name(std::string_view name) {
  AppendQuoted(query_.sql, name, '"');
  return *this;
}

Writer& Writer::Name(const catalog::QualifiedName& name) { return Column(name.schema, name.name); }

Writer& Writer::Column(std::string_view alias, std::string_view column) {
  AppendQuoted(query_.sql, alias, '"');
  query_.sql += '.';
  AppendQuoted(query_.sql, column, '"');
  return *this;
}

Writer& Writer::Positions(size_t count) {
  for (size_t i = 1; i <= count; ++i) query_.sql += (i == 1 ? "(\"" : ", \"") + std::to_string(i) + '"';
  if (count > 0) query_.sql += ')';
  return *this;
}

Writer& Writer::Literal(std::string_view text) {
  // standard_conforming_strings is on for every connection of ours, so a backslash is only itself.
  AppendQuoted(query_.sql, text, '\'');
  return *this;
}

Writer& Writer::Value(std::string value) {
  query_.parameters.emplace_back(std::move(value));
  query_.sql += '$';
  query_.sql += std::to_string(query_.parameters.size());
  return *this;
}

Writer& Writer::SharedValue(const std::string& value) {
  for (const auto& [text, position] : shared_) {
    if (text != value) continue;
    query_.sql += '$';
    query_.sql += std::to_string(position);
    return *this;
  }
  Value(value);
  shared_.emplace_back(value, query_.parameters.size());
  return *this;
}

std::string Writer::NextAlias() {
  std::string alias;
  do {
    alias = kAliasPrefix + std::to_string(++aliases_);
  } while (std::find(reserved_.begin(), reserved_.end(), alias) != reserved_.end());
  return alias;
}

void Writer::Reserve(std::string name) {
  if (name.starts_with(kAliasPrefix)) reserved_.push_back(std::move(name));
}

Writer& Writer::Number(int64_t number) {
  query_.sql += std::to_string(number);
  return *this;
}

}  // namespace pando::sql
