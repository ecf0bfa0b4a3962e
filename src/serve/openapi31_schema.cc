#include "serve/openapi31_schema.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "serve/openapi_schema.h"

namespace pando::serve {

namespace json = boost::json;
using catalog::Catalog;
using catalog::Column;
using catalog::Oid;
using catalog::Relation;
using catalog::Type;

namespace {

constexpr Oid kFirstOfUsers = 16384;  // FirstNormalObjectId: types before it are the server's own

// What JSON Schema and OpenAPI call it, else the database's name.
std::string Format31(const std::string& sql) {
  if (sql == "real") return "float";
  if (sql == "double precision") return "double";
  if (sql == "timestamp with time zone") return "date-time";
  return FormatName(sql);
}

// Casts to JSON that users and extensions have made decide what such a value looks like.
bool IsOpaque(const Catalog& catalog, Oid oid) {
  const Type* declared = catalog.FindType(oid);
  const Type* type = BelowDomains(catalog, oid);
  if (!declared || !type || !declared->to_json.empty() || type->kind == Type::Kind::kPseudo) return true;
  return type->kind == Type::Kind::kBase && type->oid >= kFirstOfUsers && type->category == 'U';
}

json::value TypeWord(std::string_view word, bool nullable) {
  return nullable ? json::value(json::array{word, "null"}) : json::value(word);
}

// A column whose value only the database chooses.
bool RefusesValues(const Column& column) {
  const bool is_always_identity = column.is_identity && !column.default_expression;
  return column.is_generated || is_always_identity;
}

json::object WrittenColumn(const Catalog& catalog, const Relation& relation, const Column& column) {
  json::object schema = ValueSchema(catalog, column.type, column.nullable);
  if (column.max_length && schema.contains("type")) schema["maxLength"] = *column.max_length;
  const std::string description = ColumnDescription(catalog, relation, column);
  if (!description.empty()) schema["description"] = description;
  if (RefusesValues(column)) schema["readOnly"] = true;
  return schema;
}

json::object ReadColumn(const Catalog& catalog, const Relation& relation, const Column& column) {
  json::object schema = WrittenColumn(catalog, relation, column);
  const Type* type = BelowDomains(catalog, column.type);
  if (!type || type->kind == Type::Kind::kComposite || !column.default_expression) return schema;
  json::value value = ConstantDefault(*column.default_expression, *type);
  if (!value.is_null()) schema["default"] = std::move(value);
  return schema;
}

json::object ObjectSchema(json::object properties, json::array required) {
  json::object schema{{"type", "object"}};
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json::object WrittenRow(const Catalog& catalog, const Relation& relation, bool is_insert) {
  json::object properties;
  json::array required;
  for (const Column& column : relation.columns) {
    properties[column.name] = WrittenColumn(catalog, relation, column);
    const bool is_filled = column.has_default || RefusesValues(column);
    if (is_insert && !column.nullable && !is_filled) required.emplace_back(column.name);
  }
  return ObjectSchema(std::move(properties), std::move(required));
}

}  // namespace

json::object ValueSchema(const Catalog& catalog, Oid oid, bool nullable) {
  if (IsOpaque(catalog, oid)) return {};
  const Type& type = *BelowDomains(catalog, oid);
  json::object schema;
  if (type.kind == Type::Kind::kComposite) {
    schema["type"] = TypeWord("object", nullable);
    // Without it, openapi-typescript makes a type without properties of it.
    schema["additionalProperties"] = true;
    return schema;
  }
  if (type.kind == Type::Kind::kArray) {
    schema["type"] = TypeWord("array", nullable);
    schema["items"] = ValueSchema(catalog, type.element, false);
    return schema;
  }
  const std::string_view word = JsonType(type.sql);
  if (word.empty()) return schema;
  schema["type"] = TypeWord(word, nullable);
  schema["format"] = Format31(type.sql);
  if (type.labels.empty()) return schema;
  json::array labels = json::value_from(type.labels).as_array();
  if (nullable) labels.emplace_back(nullptr);
  schema["enum"] = std::move(labels);
  return schema;
}

json::object RowSchema(const Catalog& catalog, const Relation& relation) {
  json::object properties;
  json::array required;
  for (const Column& column : relation.columns) {
    properties[column.name] = ReadColumn(catalog, relation, column);
    required.emplace_back(column.name);
  }
  json::object schema = ObjectSchema(std::move(properties), std::move(required));
  if (relation.comment) schema["description"] = *relation.comment;
  return schema;
}

json::object RowSchema(const Catalog& catalog, const std::vector<Column>& columns) {
  json::object properties;
  json::array required;
  for (const Column& column : columns) {
    properties[column.name] = ValueSchema(catalog, column.type, column.nullable);
    required.emplace_back(column.name);
  }
  return ObjectSchema(std::move(properties), std::move(required));
}

json::object InsertSchema(const Catalog& catalog, const Relation& relation) {
  return WrittenRow(catalog, relation, true);
}

json::object UpdateSchema(const Catalog& catalog, const Relation& relation) {
  return WrittenRow(catalog, relation, false);
}

json::object ArgumentsSchema(const Catalog& catalog, const catalog::Function& function) {
  json::object properties;
  json::array required;
  for (const catalog::Argument& argument : function.arguments) {
    if (argument.name.empty()) continue;
    properties[argument.name] = ValueSchema(catalog, argument.type, true);
    if (argument.required) required.emplace_back(argument.name);
  }
  return ObjectSchema(std::move(properties), std::move(required));
}

}  // namespace pando::serve
