#include "serve/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "catalog/snapshot.h"
#include "serve/openapi31.h"
#include "serve/openapi_schema.h"
#include "telemetry/version.h"

namespace pando::serve {
namespace {

namespace json = boost::json;
using catalog::Function;
using catalog::Relation;

constexpr const char* kDefaultTitle = "REST API";
constexpr const char* kDefaultDescription = "The relations and functions that the database schema offers";
constexpr const char* kReference = "https://postgrest.org/en/stable/references/api.html";

json::array Strings(std::initializer_list<const char*> texts) {
  json::array array;
  for (const char* text : texts) array.emplace_back(text);
  return array;
}

json::array RowMediaTypes() {
  return Strings({"application/json", "application/vnd.pgrst.object+json;nulls=stripped",
                  "application/vnd.pgrst.object+json", "text/csv"});
}

// A reference by JSON pointer (RFC 6901) in a URI fragment.
json::object Ref(std::string_view place, std::string_view name) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string pointer = "#/" + std::string(place) + "/";
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else if (byte <= ' ' || byte > '~' || c == '%' || c == '"' || c == '<' || c == '>') {
      pointer += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      pointer += c;
    }
  }
  return {{"$ref", pointer}};
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
      if (relation.name.schema == input_.schema && IsShown(relation.oid)) AddRelation(relation);
    }
    for (const Function& function : catalog_.snapshot().functions) {
      if (function.name.schema == input_.schema && IsShown(function)) AddFunction(function);
    }
    json::object document;
    document["swagger"] = "2.0";
    document["info"] = Info();
    AddServer(document);
    document["consumes"] = RowMediaTypes();
    document["produces"] = RowMediaTypes();
    document["paths"] = std::move(paths_);
    document["definitions"] = std::move(definitions_);
    document["parameters"] = std::move(parameters_);
    document["externalDocs"] =
        json::object{{"description", "PostgREST's documentation of this kind of API"}, {"url", kReference}};
    if (input_.options.openapi_security_active) AddSecurity(document);
    return document;
  }

 private:
  bool IsShown(catalog::Oid oid) const { return !input_.accessible || input_.accessible->contains(oid); }

  bool IsShown(const Function& function) const {
    const bool is_exposed = function.audience.is_everyone() || input_.extension_functions.contains(function.oid);
    return is_exposed && IsShown(function.oid);
  }

  json::object Info() const {
    const auto& comments = catalog_.snapshot().schema_comments;
    const auto found = comments.find(input_.schema);
    const Summary about = found == comments.end() ? Summary() : SplitComment(found->second);
    return {{"title", about.summary.empty() ? kDefaultTitle : about.summary},
            {"description", about.description.empty() ? kDefaultDescription : about.description},
            {"version", telemetry::kVersion}};
  }

  // Without a public address the document speaks of the server it came from.
  void AddServer(json::object& document) const {
    const RestOptions& options = input_.options;
    std::string path = options.prefix;
    if (options.openapi_server_proxy_uri) {
      const auto uri = boost::urls::parse_uri(*options.openapi_server_proxy_uri);
      if (uri) {
        std::string host(uri->encoded_host());
        const bool is_https = uri->scheme() == "https";
        host += ":" + (uri->has_port() ? std::string(uri->port()) : std::string(is_https ? "443" : "80"));
        document["host"] = host;
        document["schemes"] = Strings({is_https ? "https" : "http"});
        path = std::string(uri->encoded_path());
      }
    }
    document["basePath"] = path.empty() ? "/" : path;
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
      const std::string key = "rowFilter." + name + "." + column.name;
      json::object filter = Parameter(column.name, "query", column.comment.value_or(""));
      if (!column.comment) filter.erase("description");
      if (auto schema = TypeSchema(catalog_, column.type); schema.contains("format")) {
        filter["format"] = schema["format"];
      }
      parameters_[key] = std::move(filter);
      filters.push_back(Ref("parameters", key));
    }
    const bool writable = relation.insertable || relation.updatable;
    if (writable) parameters_["body." + name] = Body(relation);
    paths_["/" + name] = PathOf(relation, filters);
  }

  static json::object Body(const Relation& relation) {
    json::object body{{"name", relation.name.name}, {"in", "body"}, {"required", false}};
    if (relation.comment) body["description"] = *relation.comment;
    body["schema"] = Ref("definitions", relation.name.name);
    return body;
  }

  static json::object PathOf(const Relation& relation, const json::array& filters) {
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

  static void Describe(json::object& operation, const std::optional<std::string>& comment) {
    const Summary about = SplitComment(comment);
    if (!about.summary.empty()) operation["summary"] = about.summary;
    if (!about.description.empty()) operation["description"] = about.description;
  }

  // ------------------------------------------------------------------------------------------------------- functions

  // Overloads share one path; the one with the most arguments, which comes last, describes it.
  void AddFunction(const Function& function) {
    json::object path;
    if (function.volatility != Function::Volatility::kVolatile) path["get"] = Call(function, QueryArguments(function));
    path["post"] = Call(function, json::array{BodyArguments(function), Ref("parameters", "preferParams")});
    paths_["/rpc/" + function.name.name] = std::move(path);
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
      if (auto* format = schema.if_contains("format")) parameter["format"] = *format;
      if (argument.variadic) {
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
      properties[argument.name] = ArgumentSchema(catalog_, argument);
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
  json::object document = Document(input).Write();
  if (version == OpenApiVersion::k3_1) document = ToOpenApi31(std::move(document));
  return json::serialize(document);
}

}  // namespace pando::serve
