#include "serve/openapi31.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "catalog/snapshot.h"
#include "pgtypes/oid.h"
#include "rest/query_parser.h"
#include "serve/openapi31_schema.h"
#include "serve/openapi_names.h"
#include "serve/openapi_parts.h"

namespace pando::serve {
namespace {

namespace json = boost::json;
namespace oid = pgtypes::oid;
using catalog::Function;
using catalog::Relation;

constexpr const char *kJsonType = "application/json", *kObjectType = "application/vnd.pgrst.object+json",
                     *kCsvType = "text/csv";
constexpr std::string_view kSchemas = "components/schemas", kParameterPlace = "components/parameters",
                           kResponsePlace = "components/responses";
// A relation's name has no full stop as a component, so that none is in the way of these.
constexpr std::string_view kInsertSuffix = ".insert", kUpdateSuffix = ".update", kError = "pando.error";

json::object TextSchema() { return {{"type", "string"}}; }

json::object CountSchema() { return {{"type", "integer"}, {"minimum", 0}}; }

json::object ArrayOf(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

json::object InMedia(const char* type, json::object schema) {
  json::object content;
  content[type] = json::object{{"schema", std::move(schema)}};
  return content;
}

json::object QueryParameter(std::string_view name, std::string_view description, json::object schema) {
  return {{"name", name}, {"in", "query"}, {"description", description}, {"schema", std::move(schema)}};
}

json::object HeaderParameter(std::string_view name, std::string_view description) {
  return {{"name", name}, {"in", "header"}, {"description", description}, {"schema", TextSchema()}};
}

// What several operations take. No key begins as those of row filters do.
json::object CommonParameters() {
  json::object all;
  all["select"] = QueryParameter("select", "Columns and embedded relations of the answer", TextSchema());
  all["columns"] = QueryParameter("columns", "Keys of the body that are written", TextSchema());
  all["on_conflict"] = QueryParameter("on_conflict", "Columns of the unique key that an upsert goes by", TextSchema());
  all["order"] = QueryParameter("order", "Ordering, such as name.desc.nullslast", TextSchema());
  all["and"] = QueryParameter("and", "Filters that all hold, such as (a.eq.1,b.gt.2)", TextSchema());
  all["or"] = QueryParameter("or", "Filters of which one holds, such as (a.eq.1,b.gt.2)", TextSchema());
  all["limit"] = QueryParameter("limit", "Most rows of the answer", CountSchema());
  all["offset"] = QueryParameter("offset", "Rows before the first one of the answer", CountSchema());
  all["range"] = HeaderParameter("Range", "First and last row of the answer, such as 0-9");
  all["rangeUnit"] = HeaderParameter("Range-Unit", "Unit of Range: items");
  all["preferRead"] =
      HeaderParameter("Prefer", "Preferences: count=exact, count=planned or count=estimated, handling=strict");
  all["preferInsert"] = HeaderParameter(
      "Prefer",
      "Preferences: return=minimal, return=headers-only or return=representation, resolution=merge-duplicates or "
      "resolution=ignore-duplicates, missing=default, count=exact, handling=strict");
  all["preferWrite"] = HeaderParameter(
      "Prefer",
      "Preferences: return=minimal, return=headers-only or return=representation, missing=default, count=exact, "
      "handling=strict, max-affected=N");
  return all;
}

class Document31 {
 public:
  explicit Document31(const OpenApiInput& input) : input_(input), catalog_(input.catalog) {}

  json::object Write() {
    parameters_ = CommonParameters();
    schemas_[kError] = ErrorSchema();
    paths_["/"] = RootPath();
    for (const Relation& relation : catalog_.snapshot().relations) {
      if (IsShown(input_, relation)) AddRelation(relation);
    }
    AddFunctions();
    json::object document;
    document["openapi"] = "3.1.0";
    document["info"] = DocumentInfo(input_);
    document["externalDocs"] = ExternalDocs();
    document["servers"] = json::array{json::object{{"url", ServerUrl()}}};
    if (input_.options.openapi_security_active)
      document["security"] = json::array{json::object{{"JWT", json::array()}}};
    document["paths"] = std::move(paths_);
    document["components"] = Components();
    return document;
  }

 private:
  std::string ServerUrl() const {
    const ApiAddress address = AddressOf(input_.options);
    return address.host.empty() ? address.path : address.scheme + "://" + address.host + address.path;
  }

  json::object Components() {
    json::object components{{"schemas", std::move(schemas_)}, {"parameters", std::move(parameters_)}};
    components["responses"] =
        json::object{{"error", {{"description", "An error"}, {"content", InMedia(kJsonType, Ref(kSchemas, kError))}}}};
    if (input_.options.openapi_security_active) {
      components["securitySchemes"] =
          json::object{{"JWT", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}};
    }
    return components;
  }

  // The body of every error. `details` of PGRST201 is a list of candidates.
  json::object ErrorSchema() const {
    json::object properties{{"code", TextSchema()}, {"message", TextSchema()}};
    json::array required{"code", "message"};
    if (input_.options.client_error_verbosity != "minimal") {
      properties["details"] = json::object{{"type", json::array{"string", "array", "null"}}, {"items", json::object()}};
      properties["hint"] = json::object{{"type", json::array{"string", "null"}}};
      required.insert(required.end(), {"details", "hint"});
    }
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
  }

  static json::object RootPath() {
    json::object content;
    for (const char* type : {"application/openapi+json", "application/vnd.oai.openapi+json"}) {
      content[type] = json::object{{"schema", {{"type", "object"}}}};
    }
    json::object get{{"operationId", "root"},
                     {"tags", json::array{"Introspection"}},
                     {"summary", "OpenAPI description (this document)"},
                     {"responses", {{"200", {{"description", "OK"}, {"content", std::move(content)}}}}}};
    return {{"get", std::move(get)}};
  }

  // -------------------------------------------------------------------------------------------- answers and parameters

  static json::object Answer(const char* description, json::object content) {
    return {{"description", description}, {"content", std::move(content)}};
  }

  // Rows in each of the forms that they can be asked for.
  static json::object RowContent(json::object row) {
    json::object content = InMedia(kJsonType, ArrayOf(row));
    content[kObjectType] = json::object{{"schema", std::move(row)}};
    content[kCsvType] = json::object{{"schema", TextSchema()}};
    return content;
  }

  static void AddErrors(json::object& responses) { responses["default"] = Ref(kResponsePlace, "error"); }

  // 200 for all of the rows, 206 for a page of more, when they are counted.
  static json::object PageAnswers(const json::object& content) {
    json::object range{{"description", "Position of the rows, and how many there are: 0-9/50 or 0-9/*"},
                       {"schema", TextSchema()}};
    json::object all = Answer("OK", content), page = Answer("Partial Content", content);
    all["headers"] = page["headers"] = json::object{{"Content-Range", std::move(range)}};
    return {{"200", std::move(all)}, {"206", std::move(page)}};
  }

  static void AddParameters(json::array& parameters, std::initializer_list<const char*> names) {
    for (const char* name : names) parameters.push_back(Ref(kParameterPlace, name));
  }

  // ------------------------------------------------------------------------------------------------------- relations

  json::array AddFilters(const Relation& relation) {
    json::array filters;
    for (const catalog::Column& column : relation.columns) {
      std::string key = "rowFilter." + ComponentName(relation.name.name) + "." + ComponentName(column.name);
      json::object filter =
          QueryParameter(FilterName(column.name), column.comment.value_or("Filter, such as eq.VALUE"), TextSchema());
      filters.push_back(Ref(kParameterPlace, key));
      parameters_[key] = std::move(filter);
    }
    AddParameters(filters, {"and", "or"});
    return filters;
  }

  void AddRelation(const Relation& relation) {
    const std::string name = ComponentName(relation.name.name);
    schemas_[name] = RowSchema(catalog_, relation);
    const json::array filters = AddFilters(relation);
    json::object path;
    path["get"] = Read(relation, filters);
    if (relation.insertable) path["post"] = Insert(relation);
    if (relation.deletable) path["delete"] = Write(relation, "delete", "Delete rows of ", filters);
    if (relation.updatable) {
      schemas_[name + std::string(kUpdateSuffix)] = UpdateSchema(catalog_, relation);
      path["patch"] = Write(relation, "update", "Update rows of ", filters);
      path["patch"].get_object()["requestBody"] =
          Body(Ref(kSchemas, name + std::string(kUpdateSuffix)), /*is_required=*/true);
    }
    paths_[PathOf("/", relation.name.name)] = std::move(path);
  }

  static json::object Body(json::object schema, bool is_required) {
    return {{"required", is_required}, {"content", InMedia(kJsonType, std::move(schema))}};
  }

  static json::object RowsOf(const Relation& relation) {
    return RowContent(Ref(kSchemas, ComponentName(relation.name.name)));
  }

  static json::object Read(const Relation& relation, const json::array& filters) {
    json::array parameters = filters;
    AddParameters(parameters, {"select", "order", "limit", "offset", "range", "rangeUnit", "preferRead"});
    return Operation(relation, "read", "Read rows of ", std::move(parameters), PageAnswers(RowsOf(relation)));
  }

  json::object Insert(const Relation& relation) {
    const std::string schema = ComponentName(relation.name.name) + std::string(kInsertSuffix);
    schemas_[schema] = InsertSchema(catalog_, relation);
    const json::object row = Ref(kSchemas, schema);
    json::array parameters;
    AddParameters(parameters, {"select", "columns", "on_conflict", "preferInsert"});
    json::object created = Answer("Created", RowsOf(relation));
    created["headers"] = json::object{
        {"Location", {{"description", "Where the row is, with return=headers-only"}, {"schema", TextSchema()}}}};
    json::object responses{{"200", Answer("Nothing was new to this upsert", RowsOf(relation))},
                           {"201", std::move(created)}};
    json::object post = Operation(relation, "insert", "Insert rows into ", std::move(parameters), std::move(responses));
    post["requestBody"] = Body({{"anyOf", json::array{row, ArrayOf(row)}}}, /*is_required=*/true);
    return post;
  }

  static json::object Write(const Relation& relation, const char* verb, const char* sentence,
                            const json::array& filters) {
    json::array parameters = filters;
    AddParameters(parameters, {"select", "order", "preferWrite"});
    if (std::string_view(verb) == "update") AddParameters(parameters, {"columns"});
    json::object responses{{"200", Answer("OK, with return=representation", RowsOf(relation))},
                           {"204", {{"description", "No Content"}}}};
    return Operation(relation, verb, sentence, std::move(parameters), std::move(responses));
  }

  static json::object Operation(const Relation& relation, const char* verb, const char* sentence,
                                json::array parameters, json::object responses) {
    const std::string& name = relation.name.name;
    json::object operation{{"operationId", std::string(verb) + "_" + ComponentName(name)},
                           {"tags", json::array{name}},
                           {"summary", sentence + name}};
    Describe(operation, relation.comment);
    AddErrors(responses);
    operation["parameters"] = std::move(parameters);
    operation["responses"] = std::move(responses);
    return operation;
  }

  // ------------------------------------------------------------------------------------------------------- functions

  using Overloads = std::vector<const Function*>;

  void AddFunctions() {
    std::map<std::string_view, Overloads> by_name;
    for (const Function& function : catalog_.snapshot().functions) {
      if (IsShown(input_, function)) by_name[function.name.name].push_back(&function);
    }
    for (const auto& [name, overloads] : by_name) {
      json::object path;
      Overloads readable;
      for (const Function* function : overloads) {
        const bool is_readable = function->volatility != Function::Volatility::kVolatile;
        if (is_readable && TakesQuery(*function)) readable.push_back(function);
      }
      if (!readable.empty()) path["get"] = CallByGet(readable);
      path["post"] = CallByPost(overloads);
      paths_[PathOf("/rpc/", name)] = std::move(path);
    }
  }

  // A GET names its arguments, and some names mean something else there.
  static bool TakesQuery(const Function& function) {
    for (const catalog::Argument& argument : function.arguments) {
      if (argument.required && !IsQueryArgument(argument)) return false;
    }
    return true;
  }

  static bool IsQueryArgument(const catalog::Argument& argument) {
    return !argument.name.empty() && rest::IsFilterKey(argument.name);
  }

  json::object CallByGet(const Overloads& overloads) const {
    json::object get = Call("get", overloads);
    json::array& parameters = get["parameters"].get_array();
    std::map<std::string_view, std::vector<const catalog::Argument*>> arguments;  // of each overload that has it
    for (const Function* function : overloads) {
      for (const catalog::Argument& argument : function->arguments) {
        if (IsQueryArgument(argument)) arguments[argument.name].push_back(&argument);
      }
    }
    for (const auto& [name, of_overloads] : arguments) {
      const auto required = std::count_if(of_overloads.begin(), of_overloads.end(),
                                          [](const catalog::Argument* argument) { return argument->required; });
      parameters.push_back(QueryArgument(of_overloads, static_cast<size_t>(required) == overloads.size()));
    }
    return get;
  }

  // In a query string an array is one text, "{1,2}", and so is JSON; a variadic one is given once for each element.
  json::object QueryArgumentSchema(const catalog::Argument& argument) const {
    json::object schema = ValueSchema(catalog_, argument.type, false);
    const json::value* const type = schema.if_contains("type");
    const bool is_plain = type && *type != "array" && *type != "object";
    return argument.variadic || is_plain ? schema : TextSchema();
  }

  // Overloads may differ in its type.
  json::object QueryArgument(const std::vector<const catalog::Argument*>& of_overloads, bool is_required) const {
    json::object parameter{{"name", of_overloads.front()->name}, {"in", "query"}, {"required", is_required}};
    json::array either;
    for (const catalog::Argument* argument : of_overloads) {
      json::object schema = QueryArgumentSchema(*argument);
      if (std::find(either.begin(), either.end(), schema) == either.end()) either.emplace_back(std::move(schema));
      if (!argument->variadic) continue;
      parameter["explode"] = true;
      parameter["style"] = "form";
    }
    parameter["schema"] = OneOrEither(std::move(either));
    return parameter;
  }

  static json::value OneOrEither(json::array schemas) {
    return schemas.size() == 1 ? std::move(schemas[0]) : json::value{{"anyOf", std::move(schemas)}};
  }

  json::object CallByPost(const Overloads& overloads) const {
    json::object post = Call("call", overloads);
    json::object content;
    json::array bodies;
    bool is_required = true;
    for (const Function* function : overloads) {
      if (function->has_single_unnamed_argument()) {
        AddWholeBody(function->arguments[0], content, bodies);
        continue;
      }
      json::object schema = ArgumentsSchema(catalog_, *function);
      is_required = is_required && schema.contains("required");
      bodies.emplace_back(std::move(schema));
    }
    if (!bodies.empty()) content[kJsonType] = json::object{{"schema", OneOrEither(std::move(bodies))}};
    post["requestBody"] = json::object{{"required", is_required}, {"content", std::move(content)}};
    return post;
  }

  // A single argument without a name takes the body as it is.
  static void AddWholeBody(const catalog::Argument& argument, json::object& content, json::array& bodies) {
    switch (argument.type) {
      case oid::kText:
        content["text/plain"] = json::object{{"schema", TextSchema()}};
        break;
      case oid::kXml:
        content["text/xml"] = json::object{{"schema", TextSchema()}};
        break;
      case oid::kBytea:
        content["application/octet-stream"] = json::object{{"schema", json::object()}};
        break;
      default:
        bodies.emplace_back(json::object());
    }
  }

  json::object Call(const char* verb, const Overloads& overloads) const {
    const std::string& name = overloads.front()->name.name;
    json::object operation{{"operationId", std::string(verb) + "_" + ComponentName(name)},
                           {"tags", json::array{"(rpc) " + name}},
                           {"summary", "Call " + name}};
    for (const Function* function : overloads) Describe(operation, function->comment);
    json::array parameters;
    bool has_rows = false;
    for (const Function* function : overloads) has_rows = has_rows || function->has_columns();
    if (has_rows) AddParameters(parameters, {"select", "order", "limit", "offset"});
    AddParameters(parameters, {"preferRead"});
    operation["parameters"] = std::move(parameters);
    operation["responses"] = Answers(overloads);
    return operation;
  }

  json::object Answers(const Overloads& overloads) const {
    std::map<std::string, json::array> schemas;  // by media type; of overloads that differ either
    bool has_void = false, has_set = false;
    for (const Function* function : overloads) {
      has_void = has_void || function->returns_void;
      has_set = has_set || function->returns_set;
      if (!function->returns_void) AddAnswer(*function, schemas);
    }
    json::object content;
    for (auto& [type, either] : schemas) {
      content[type] = json::object{{"schema", OneOrEither(std::move(either))}};
    }
    json::object responses;
    if (has_set) {
      responses = PageAnswers(content);
    } else if (!content.empty()) {
      responses["200"] = Answer("OK", content);
    }
    if (has_void) responses["204"] = json::object{{"description", "No Content"}};
    AddErrors(responses);
    return responses;
  }

  void AddAnswer(const Function& function, std::map<std::string, json::array>& schemas) const {
    const auto add = [&](const std::string& type, json::object schema) {
      json::array& either = schemas[type];
      if (std::find(either.begin(), either.end(), schema) == either.end()) either.emplace_back(std::move(schema));
    };
    if (function.media_type) return add(*function.media_type, json::object());
    const json::object one = ResultSchema(function);
    add(kJsonType, function.returns_set ? ArrayOf(one) : one);
    if (!function.returns_row) return;
    add(kObjectType, one);
    add(kCsvType, TextSchema());
  }

  json::object ResultSchema(const Function& function) const {
    if (!function.returns_row) return ValueSchema(catalog_, function.result_type, true);
    if (!function.result_relation) {
      if (function.result_columns.empty()) return {{"type", "object"}};
      return RowSchema(catalog_, function.result_columns);
    }
    const Relation* relation = catalog_.FindRelation(*function.result_relation);
    if (!relation) return {{"type", "object"}};
    if (IsShown(input_, *relation)) return Ref(kSchemas, ComponentName(relation->name.name));
    return RowSchema(catalog_, *relation);
  }

  const OpenApiInput& input_;
  const catalog::Catalog& catalog_;
  json::object paths_, schemas_, parameters_;
};

}  // namespace

json::object MakeOpenApi31(const OpenApiInput& input) { return Document31(input).Write(); }

}  // namespace pando::serve
