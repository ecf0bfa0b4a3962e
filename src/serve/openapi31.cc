#include "serve/openapi31.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/ascii.h"

namespace pando::serve {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefinitions = "#/definitions/", kParameters = "#/parameters/";
constexpr std::string_view kBodies = "body.";

// Names of components are letters, digits, ".", "-" and "_" (OpenAPI 3.1, 4.8.7.1); relations may have any.
std::string ComponentName(std::string_view name) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string safe;
  for (char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (plain) {
      safe += c;
    } else {
      safe += {'_', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
    }
  }
  return safe;
}

// The name behind a reference's pointer, as openapi.cc escaped it.
std::string Unescape(std::string_view pointer) {
  std::string name;
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && i + 1 < pointer.size()) {
      name += pointer[++i] == '0' ? '~' : '/';
    } else if (pointer[i] == '%' && i + 2 < pointer.size()) {
      name += static_cast<char>(HexValue(pointer[i + 1]) << 4 | HexValue(pointer[i + 2]));
      i += 2;
    } else {
      name += pointer[i];
    }
  }
  return name;
}

std::string NewReference(std::string_view reference) {
  if (reference.starts_with(kDefinitions)) {
    return "#/components/schemas/" + ComponentName(Unescape(reference.substr(kDefinitions.size())));
  }
  const std::string name = Unescape(reference.substr(kParameters.size()));
  const bool is_body = name.starts_with(kBodies);
  return (is_body ? "#/components/requestBodies/" : "#/components/parameters/") +
         ComponentName(is_body ? name.substr(kBodies.size()) : name);
}

void ConvertReferences(json::value& value) {
  if (value.is_array()) {
    for (json::value& element : value.get_array()) ConvertReferences(element);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) {
      const bool is_reference = member.key() == "$ref" && member.value().is_string();
      if (is_reference) {
        member.value() = NewReference(std::string_view(member.value().get_string()));
      } else {
        ConvertReferences(member.value());
      }
    }
  }
}

json::object Content(const json::array& media_types, const json::value& schema) {
  json::object content;
  for (const json::value& type : media_types) content[type.get_string()] = json::object{{"schema", schema}};
  return content;
}

// {type, format, items, enum, default} move into a schema of their own.
json::object NewParameter(const json::object& old) {
  json::object parameter, schema;
  for (const auto& member : old) {
    const std::string_view key = member.key();
    const bool stays = key == "name" || key == "in" || key == "required" || key == "description";
    if (key == "collectionFormat") {
      parameter["style"] = "form";
      parameter["explode"] = true;
    } else {
      (stays ? parameter : schema)[key] = member.value();
    }
  }
  parameter["schema"] = std::move(schema);
  return parameter;
}

json::object NewBody(const json::object& old) {
  json::object body;
  if (auto* description = old.if_contains("description")) body["description"] = *description;
  body["required"] = old.at("required");
  body["content"] = json::object{{"application/json", json::object{{"schema", old.at("schema")}}}};
  return body;
}

bool IsBodyReference(const json::object& parameter) {
  const auto* reference = parameter.if_contains("$ref");
  return reference && std::string_view(reference->get_string()).starts_with("#/parameters/body.");
}

class Converter {
 public:
  explicit Converter(json::object old) : old_(std::move(old)) {}

  json::object Convert() {
    json::object document;
    document["openapi"] = "3.1.0";
    document["info"] = old_["info"];
    document["externalDocs"] = old_["externalDocs"];
    document["servers"] = json::array{json::object{{"url", ServerUrl()}}};
    if (auto* security = old_.if_contains("security")) document["security"] = *security;
    document["paths"] = Paths();
    document["components"] = Components();
    json::value converted(std::move(document));
    ConvertReferences(converted);
    return std::move(converted.get_object());
  }

 private:
  std::string ServerUrl() {
    const std::string path(old_["basePath"].get_string());
    if (!old_.contains("host")) return path;
    return std::string(old_["schemes"].get_array()[0].get_string()) + "://" + std::string(old_["host"].get_string()) +
           path;
  }

  json::object Paths() {
    json::object paths;
    for (auto& [path, operations] : old_["paths"].get_object()) {
      json::object converted;
      for (auto& [method, operation] : operations.get_object()) converted[method] = Operation(operation.get_object());
      paths[path] = std::move(converted);
    }
    return paths;
  }

  json::object Operation(const json::object& old) {
    const json::array& produces = old.contains("produces") ? old.at("produces").get_array() : RowTypes();
    json::object operation;
    json::array parameters;
    for (const auto& member : old) {
      if (member.key() == "produces" || member.key() == "parameters") continue;
      operation[member.key()] = member.value();
    }
    if (auto* list = old.if_contains("parameters")) {
      for (const json::value& parameter : list->get_array())
        AddParameter(parameter.get_object(), parameters, operation);
    }
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    for (auto& member : operation["responses"].get_object()) {
      json::object& response = member.value().get_object();
      if (auto* schema = response.if_contains("schema")) {
        response["content"] = Content(produces, *schema);
        response.erase("schema");
      }
    }
    return operation;
  }

  static void AddParameter(const json::object& parameter, json::array& parameters, json::object& operation) {
    if (IsBodyReference(parameter)) {
      operation["requestBody"] = parameter;
    } else if (parameter.contains("$ref")) {
      parameters.push_back(parameter);
    } else if (parameter.at("in") == "body") {
      operation["requestBody"] = NewBody(parameter);
    } else {
      parameters.push_back(NewParameter(parameter));
    }
  }

  json::object Components() {
    json::object schemas, parameters, bodies;
    for (auto& [name, schema] : old_["definitions"].get_object()) schemas[ComponentName(name)] = std::move(schema);
    for (auto& [name, parameter] : old_["parameters"].get_object()) {
      const json::object& old = parameter.get_object();
      if (old.at("in") == "body") {
        bodies[ComponentName(std::string_view(name).substr(kBodies.size()))] = NewBody(old);
      } else {
        parameters[ComponentName(name)] = NewParameter(old);
      }
    }
    json::object components{
        {"schemas", std::move(schemas)}, {"parameters", std::move(parameters)}, {"requestBodies", std::move(bodies)}};
    if (old_.contains("securityDefinitions")) {
      components["securitySchemes"] =
          json::object{{"JWT", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}};
    }
    return components;
  }

  const json::array& RowTypes() { return old_["produces"].get_array(); }

  json::object old_;
};

}  // namespace

json::object ToOpenApi31(json::object document) { return Converter(std::move(document)).Convert(); }

}  // namespace pando::serve
