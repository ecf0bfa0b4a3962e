#include "serve/openapi.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <vector>

#include "catalog/snapshot.h"
#include "serve/openapi31.h"
#include "serve/openapi_names.h"
#include "serve/openapi_parts.h"
#include "serve/openapi_schema.h"

namespace pando::serve {
namespace {

namespace json = boost::json;
using catalog::Function;
using catalog::Relation;

json::array RowMediaTypes() {
  return Strings({"application/json", "application/vnd.pgrst.object+json;nulls=stripped",
                  "application/vnd.pgrst.object+json", "text/csv"});
}

json::object Parameter(std::string_view name, std::string_view in, std::string_view description) {
  return {{"name", name}, {"in", in}, {"required", false}, {"type", "string"}, {"description", description}};
}

json::object PreferParameter(std::initializer_list<const char*> values) {
  json::object prefer = Parameter("Prefer", "header", "Preference");
  prefer["enum"] = Strings(values);
  return prefer;
}

json::object SharedParameters() {
  json::object parameters;
  constexpr const char *kFull = "return=representation", *kMinimal = "return=minimal", *kNone = "return=none";
  parameters["preferParams"] = PreferParameter({"params=single-object"});
  parameters["preferReturn"] = PreferParameter({kFull, kMinimal, kNone});
  parameters["preferCount"] = PreferParameter({"count=none", "count=exact", "count=planned", "count=estimated"});
  parameters["preferPost"] =
      PreferParameter({kFull, kMinimal, kNone, "resolution=ignore-duplicates", "resolution=merge-duplicates"});
  parameters["select"] = Parameter("select", "query", "Filtering Columns");
  parameters["on_conflict"] = Parameter("on_conflict", "query", "On Conflict");
  parameters["order"] = Parameter("order", "query", "Ordering");
  parameters["range"] = Parameter("Range", "header", "Limiting and Pagination");
  parameters["rangeUnit"] = Parameter("Range-Unit", "header", "Limiting and Pagination");
  parameters["rangeUnit"].get_object()["default"] = "items";
  parameters["offset"] = Parameter("offset", "query", "Limiting and Pagination");
  parameters["limit"] = Parameter("limit", "query", "Limiting and Pagination");
  return parameters;
}

json::object Response(const char* description) { return {{"description", description}}; }

class Document {
 public:
  explicit Document(const OpenApiInput& input) : input_(input), catalog_(input.catalog) {}

  json::object Write() {
    parameters_ = SharedParameters();
    paths_["/"] = RootPath();
    for (const Relation& relation : catalog_.snapshot().relations) {
      if (IsShown(input_, relation)) AddRelation(relation);
    }
    // Those with the most arguments last.
    std::vector<const Function*> functions;
    for (const Function& function : catalog_.snapshot().functions) functions.push_back(&function);
    std::stable_sort(functions.begin(), functions.end(), [](const Function* one, const Function* other) {
      return one->arguments.size() < other->arguments.size();
    });
    for (const Function* function : functions) {
      if (IsShown(input_, *function)) AddFunction(*function);
    }
    json::object document;
    document["swagger"] = "2.0";
    document["info"] = DocumentInfo(input_);
    AddServer(document);
    document["consumes"] = RowMediaTypes();
    document["produces"] = RowMediaTypes();
    document["paths"] = std::move(paths_);
    document["definitions"] = std::move(definitions_);
    document["parameters"] = std::move(parameters_);
    document["externalDocs"] = ExternalDocs();
    if (input_.options.openapi_security_active) AddSecurity(document);
    return document;
  }

 private:
  void AddServer(json::object& document) const {
    const ApiAddress address = AddressOf(input_.options);
    if (!address.host.empty()) {
      document["host"] = address.host;
      document["schemes"] = json::array{address.scheme};
    }
    document["basePath"] = address.path;
  }

  static void AddSecurity(json::object& document) {
    document["securityDefinitions"] =
        json::object{{"JWT",
                      {{"type", "apiKey"},
                       {"in", "header"},
                       {"name", "Authorization"},
                       {"description", "Add the token prepending \"Bearer \" (without quotes) to it"}}}};
    document["security"] = json::array{json::object{{"JWT", json::array()}}};
  }

  static json::object RootPath() {
    json::object get;
    get["tags"] = Strings({"Introspection"});
    get["summary"] = "OpenAPI description (this document)";
    get["produces"] = Strings({"application/openapi+json", "application/json"});
    get["responses"] = json::object{{"200", Response("OK")}};
    return {{"get", std::move(get)}};
  }

  // ------------------------------------------------------------------------------------------------------- relations

  void AddRelation(const Relation& relation) {
    const std::string& name = relation.name.name;
    definitions_[name] = RelationSchema(catalog_, relation);
    json::array filters;
    for (const catalog::Column& column : relation.columns) {
      const std::string key = FilterKey(name, column.name);
      json::object filter = Parameter(FilterName(column.name), "query", column.comment.value_or(""));
      if (!column.comment) filter.erase("description");
      if (auto schema = TypeSchema(catalog_, column.type); schema.contains("format")) {
        filter["format"] = schema["format"];
      }
      parameters_[key] = std::move(filter);
      filters.push_back(Ref("parameters", key));
    }
    const bool writable = relation.insertable || relation.updatable;
    if (writable) parameters_["body." + name] = Body(relation);
    paths_[PathOf("/", name)] = RelationPath(relation, filters);
  }

  static json::object Body(const Relation& relation) {
    json::object body{{"name", relation.name.name}, {"in", "body"}, {"required", false}};
    if (relation.comment) body["description"] = *relation.comment;
    body["schema"] = Ref("definitions", relation.name.name);
    return body;
  }

  static json::object RelationPath(const Relation& relation, const json::array& filters) {
    const json::object body = Ref("parameters", "body." + relation.name.name);
    json::object path;
    path["get"] = Read(relation, filters);
    if (relation.insertable) {
      json::array parameters{body, Ref("parameters", "select"), Ref("parameters", "preferPost")};
      path["post"] = Operation(relation, std::move(parameters), {{"201", Response("Created")}});
    }
    if (relation.deletable) {
      json::array parameters = filters;
      parameters.push_back(Ref("parameters", "preferReturn"));
      path["delete"] = Operation(relation, std::move(parameters), {{"204", Response("No Content")}});
    }
    if (relation.updatable) {
      json::array parameters = filters;
      parameters.push_back(body);
      parameters.push_back(Ref("parameters", "preferReturn"));
      path["patch"] = Operation(relation, std::move(parameters), {{"204", Response("No Content")}});
    }
    return path;
  }

  static json::object Read(const Relation& relation, const json::array& filters) {
    json::array parameters = filters;
    for (const char* shared : {"select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"}) {
      parameters.push_back(Ref("parameters", shared));
    }
    json::object rows = Response("OK");
    rows["schema"] = json::object{{"type", "array"}, {"items", Ref("definitions", relation.name.name)}};
    return Operation(relation, std::move(parameters), {{"200", std::move(rows)}, {"206", Response("Partial Content")}});
  }

  static json::object Operation(const Relation& relation, json::array parameters, json::object responses) {
    json::object operation;
    operation["tags"] = json::array{relation.name.name};
    Describe(operation, relation.comment);
    operation["parameters"] = std::move(parameters);
    operation["responses"] = std::move(responses);
    return operation;
  }

  // ------------------------------------------------------------------------------------------------------- functions

  // Overloads share one path, which the last describes.
  void AddFunction(const Function& function) {
    json::object path;
    if (function.volatility != Function::Volatility::kVolatile) path["get"] = Call(function, QueryArguments(function));
    path["post"] = Call(function, json::array{BodyArguments(function), Ref("parameters", "preferParams")});
    paths_[PathOf("/rpc/", function.name.name)] = std::move(path);
  }

  static json::object Call(const Function& function, json::array parameters) {
    json::object operation;
    operation["tags"] = json::array{"(rpc) " + function.name.name};
    Describe(operation, function.comment);
    operation["produces"] = RowMediaTypes();
    operation["parameters"] = std::move(parameters);
    operation["responses"] = json::object{{"200", Response("OK")}};
    return operation;
  }

  json::array QueryArguments(const Function& function) const {
    json::array parameters;
    for (const catalog::Argument& argument : function.arguments) {
      if (argument.name.empty()) continue;  // a GET names its arguments
      json::object parameter{{"name", argument.name}, {"in", "query"}, {"required", argument.required}};
      const json::object schema = ArgumentSchema(catalog_, argument);
      const auto* format = schema.if_contains("format");
      if (format && !argument.variadic) parameter["format"] = *format;
      if (argument.variadic) {  // its format is that of the array, and the parameter is given once for each element
        parameter["type"] = "array";
        parameter["items"] = schema.contains("items") ? schema.at("items") : json::object();
        if (!parameter["items"].get_object().contains("type")) parameter["items"].get_object()["type"] = "string";
        parameter["collectionFormat"] = "multi";
      } else {
        // In a query string an array is one text, "{1,2}", and so is JSON.
        auto* type = schema.if_contains("type");
        parameter["type"] = type && *type != "array" ? *type : json::value("string");
      }
      parameters.push_back(std::move(parameter));
    }
    return parameters;
  }

  json::object BodyArguments(const Function& function) const {
    json::object properties;
    json::array required;
    for (const catalog::Argument& argument : function.arguments) {
      if (argument.name.empty()) continue;
      json::object schema = ArgumentSchema(catalog_, argument);
      if (argument.variadic) schema.erase("format");
      properties[argument.name] = std::move(schema);
      if (argument.required) required.emplace_back(argument.name);
    }
    json::object schema{{"type", "object"}};
    if (function.comment) schema["description"] = *function.comment;
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
    return {{"name", "args"}, {"in", "body"}, {"required", true}, {"schema", std::move(schema)}};
  }

  const OpenApiInput& input_;
  const catalog::Catalog& catalog_;
  json::object paths_, definitions_, parameters_;
};

}  // namespace

std::string WriteOpenApi(const OpenApiInput& input, OpenApiVersion version) {
  return json::serialize(version == OpenApiVersion::k3_1 ? MakeOpenApi31(input) : Document(input).Write());
}

}  // namespace pando::serve
