#include "serve/openapi_schema.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include "catalog/snapshot.h"
#include "serve/openapi_default.h"

namespace pando::serve {
namespace {

namespace json = boost::json;
using catalog::Cardinality;
using catalog::Catalog;
using catalog::Column;
using catalog::Oid;
using catalog::Relation;
using catalog::Relationship;
using catalog::Type;

json::object ItemsSchema(const Catalog& catalog, const Type& array) {
  json::object items;
  const Type* element = BelowDomains(catalog, array.element);
  const std::string_view type = element ? JsonType(element->sql) : "string";
  if (!type.empty()) items["type"] = type;
  return items;
}

bool IsEmptyArray(const std::string& text, const Type& type) { return type.kind == Type::Kind::kArray && text == "{}"; }

// As version 2.0 has it: an expression that is no constant is shown where a string is expected.
json::value ShownDefault(const std::string& expression, const Type& type) {
  json::value constant = ConstantDefault(expression, type);
  const bool is_text = JsonType(type.sql) == "string" && type.kind != Type::Kind::kArray;
  if (!constant.is_null() || !is_text || expression.starts_with("NULL::")) return constant;
  return json::value(expression);
}

bool IsPrimaryKey(const Relation& relation, const std::string& column) {
  return std::find(relation.primary_key.begin(), relation.primary_key.end(), column) != relation.primary_key.end();
}

// The relationship by which this column alone points at another relation, a table rather than a view.
const Relationship* ForeignKeyOf(const Catalog& catalog, const Relation& relation, const std::string& column) {
  const Relationship* found = nullptr;
  for (const Relationship& candidate : catalog.RelationshipsFrom(relation.name)) {
    const bool points = candidate.cardinality == Cardinality::kManyToOne ||
                        (candidate.cardinality == Cardinality::kOneToOne && candidate.source_has_key);
    if (candidate.function || !points || candidate.columns.size() != 1) continue;
    if (candidate.columns[0].first != column) continue;
    if (!candidate.target_is_view) return &candidate;
    if (!found) found = &candidate;
  }
  return found;
}

json::object ColumnSchema(const Catalog& catalog, const Relation& relation, const Column& column) {
  json::object schema = TypeSchema(catalog, column.type);
  const Type* type = BelowDomains(catalog, column.type);
  if (column.max_length) schema["maxLength"] = *column.max_length;
  if (type && column.default_expression) {
    json::value value = ShownDefault(*column.default_expression, *type);
    if (!value.is_null()) schema["default"] = std::move(value);
  }
  const std::string description = ColumnDescription(catalog, relation, column);
  if (!description.empty()) schema["description"] = description;
  return schema;
}

bool IsExposed(const Catalog& catalog, const std::string& schema) {
  const auto& exposed = catalog.snapshot().exposed_schemas;
  const auto& extra = catalog.snapshot().extra_search_path;
  return std::find(exposed.begin(), exposed.end(), schema) != exposed.end() ||
         std::find(extra.begin(), extra.end(), schema) != extra.end();
}

}  // namespace

std::string FormatName(const std::string& sql) {
  if (sql == "integer" || sql == "smallint") return "int32";
  if (sql == "bigint") return "int64";
  if (sql.starts_with("bpchar")) return "character" + sql.substr(6);
  return sql;
}

std::string_view JsonType(const std::string& sql) {
  if (sql == "boolean") return "boolean";
  if (sql == "smallint" || sql == "integer" || sql == "bigint") return "integer";
  if (sql == "numeric" || sql == "real" || sql == "double precision") return "number";
  if (sql == "json" || sql == "jsonb") return "";  // anything
  return "string";
}

const Type* BelowDomains(const Catalog& catalog, Oid oid) { return catalog.FindType(catalog.BaseType(oid)); }

json::value ConstantDefault(const std::string& expression, const Type& type) {
  const std::optional<std::string> text = ConstantText(expression);
  if (!text) return {};
  if (IsEmptyArray(*text, type)) return json::array();
  if (type.kind == Type::Kind::kArray) return {};
  const std::string_view kind = JsonType(type.sql);
  if (kind == "string") return json::value(*text);
  json::error_code failure;
  json::value value = json::parse(*text, failure);
  if (failure) return {};
  const bool fits = kind.empty() || (kind == "boolean" ? value.is_bool() : value.is_number());
  return fits ? value : json::value();
}

std::string ColumnDescription(const Catalog& catalog, const Relation& relation, const Column& column) {
  std::string note;
  if (IsPrimaryKey(relation, column.name)) note += "\nThis is a Primary Key.<pk/>";
  if (const Relationship* key = ForeignKeyOf(catalog, relation, column.name)) {
    const std::string& table = key->target.name;
    const std::string& target = key->columns[0].second;
    note +=
        "\nThis is a Foreign Key to `" + table + "." + target + "`.<fk table='" + table + "' column='" + target + "'/>";
  }
  std::string text = column.comment.value_or("");
  if (!note.empty()) text += (text.empty() ? "" : "\n\n") + ("Note:" + note);
  return text;
}

json::object TypeSchema(const Catalog& catalog, Oid oid) {
  json::object schema;
  const Type* type = BelowDomains(catalog, oid);
  if (!type) return schema;
  schema["format"] = FormatName(type->sql);
  if (type->kind == Type::Kind::kArray) {
    schema["type"] = "array";
    schema["items"] = ItemsSchema(catalog, *type);
    return schema;
  }
  const std::string_view kind = JsonType(type->sql);
  if (!kind.empty()) schema["type"] = kind;
  if (!type->labels.empty()) schema["enum"] = json::value_from(type->labels);
  return schema;
}

json::object ArgumentSchema(const Catalog& catalog, const catalog::Argument& argument) {
  json::object schema = TypeSchema(catalog, argument.type);
  schema.erase("enum");
  const Type* type = BelowDomains(catalog, argument.type);
  const bool is_own = type && type->kind != Type::Kind::kArray && IsExposed(catalog, type->name.schema);
  if (is_own) schema["format"] = type->name.name;
  return schema;
}

json::object RelationSchema(const Catalog& catalog, const Relation& relation) {
  json::object properties;
  json::array required;
  for (const Column& column : relation.columns) {
    properties[column.name] = ColumnSchema(catalog, relation, column);
    if (!column.nullable) required.emplace_back(column.name);
  }
  json::object schema;
  schema["type"] = "object";
  if (relation.comment) schema["description"] = *relation.comment;
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Summary SplitComment(const std::optional<std::string>& comment) {
  if (!comment) return {};
  const std::string_view text = *comment;
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return {text, {}};
  std::string_view rest = text.substr(end);
  while (rest.starts_with('\n')) rest.remove_prefix(1);
  return {text.substr(0, end), rest};
}

}  // namespace pando::serve
