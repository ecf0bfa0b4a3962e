#include "introspect/type_reader.h"

#include <algorithm>

#include "introspect/row.h"

namespace pando::introspect {
namespace {

using catalog::Type;

constexpr Oid kJson = 114, kText = 25;
constexpr int kDomainDepthMax = 64;

Type::Kind KindOf(char typtype, bool is_array) {
  if (is_array) return Type::Kind::kArray;
  switch (typtype) {
    case 'c':
      return Type::Kind::kComposite;
    case 'd':
      return Type::Kind::kDomain;
    case 'e':
      return Type::Kind::kEnum;
    case 'r':
      return Type::Kind::kRange;
    case 'm':
      return Type::Kind::kMultirange;
    case 'p':
      return Type::Kind::kPseudo;
    default:
      return Type::Kind::kBase;
  }
}

Type ReadType(const Row& row) {
  Type type;
  type.oid = row.OidAt(0);
  type.name = {row.Text(1), row.Text(2)};
  type.category = row.Char(4);
  // A domain over an array has the category of arrays too, and is a domain first.
  type.kind = KindOf(row.Char(3), row.Char(3) == 'b' && type.category == 'A');
  type.base = row.OidAt(5);
  type.element = type.kind == Type::Kind::kArray ? row.OidAt(6) : 0;
  type.relation = row.OidAt(7);
  type.sql = row.Text(8);
  return type;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsWord(std::string_view text, std::string_view punctuation) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char lower = Lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || punctuation.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool IsMediaType(std::string_view name) {
  if (name == "*/*") return true;
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  return IsWord(name.substr(0, slash), ".-") && IsWord(name.substr(slash + 1), ".+-");
}

TypeRecords::TypeRecords(const Answers& answers, const FootprintGraph& footprints) {
  ForEachRow(answers[Query::kTypes], [&](const Row& row) {
    Type type = ReadType(row);
    type.casting = footprints.Of(Use::kType, type.oid);
    position_of_.emplace(type.oid, types_.size());
    types_.push_back(std::move(type));
  });
  ForEachRow(answers[Query::kEnumLabels], [&](const Row& row) {
    if (Type* type = Find(row.OidAt(0))) type->labels.push_back(row.Text(1));
  });
  ForEachRow(answers[Query::kRepresentations], [&](const Row& row) {
    const Oid source = row.OidAt(0), target = row.OidAt(1);
    Type* domain = Find(source == kJson || source == kText ? target : source);
    if (!domain) return;
    if (target == kJson) domain->to_json = row.Text(2);
    if (source == kJson) domain->from_json = row.Text(2);
    if (source == kText) domain->from_text = row.Text(2);
  });
}

const Type* TypeRecords::Find(Oid oid) const {
  const auto found = position_of_.find(oid);
  return found == position_of_.end() ? nullptr : &types_[found->second];
}

Type* TypeRecords::Find(Oid oid) { return const_cast<Type*>(static_cast<const TypeRecords&>(*this).Find(oid)); }

Oid TypeRecords::BaseOf(Oid oid) const {
  for (int depth = 0; depth < kDomainDepthMax; ++depth) {
    const Type* type = Find(oid);
    if (!type || type->kind != Type::Kind::kDomain) return oid;
    oid = type->base;
  }
  return oid;
}

std::optional<std::string> TypeRecords::MediaTypeOf(Oid oid) const {
  const Type* type = Find(oid);
  if (!type || type->kind != Type::Kind::kDomain || !IsMediaType(type->name.name)) return std::nullopt;
  std::string name = type->name.name;
  std::transform(name.begin(), name.end(), name.begin(), Lower);
  return name;
}

}  // namespace pando::introspect
