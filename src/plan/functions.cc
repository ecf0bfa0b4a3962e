#include "plan/functions.h"

#include <algorithm>
#include <set>

#include "catalog/nearest.h"
#include "plan/json_types.h"
#include "rest/payload.h"

namespace pando::plan {
namespace {

using catalog::Function;
using rest::MediaType;
using rest::Payload;

// The names that the request gives, sorted and once each.
std::set<std::string> GivenNames(const rest::Request& request) {
  std::set<std::string> names;
  if (request.method == "GET" || request.method == "HEAD") {
    for (const auto& [name, value] : request.query.arguments) names.insert(name);
    return names;
  }
  if (request.query.columns) return {request.query.columns->begin(), request.query.columns->end()};
  names.insert(request.payload.keys.begin(), request.payload.keys.end());
  return names;
}

// For messages: a function has at most kNamesShownMax arguments, and a body may name more. A parameter without a name
// is the empty text between its commas.
std::string Join(const std::set<std::string>& names) {
  constexpr size_t kNamesShownMax = 100;  // FUNC_MAX_ARGS of PostgreSQL
  std::string text;
  size_t shown = 0;
  for (const std::string& name : names) {
    if (shown == kNamesShownMax) return text + ", ...";
    if (shown++ > 0) text += ", ";
    text += name;
  }
  return text;
}

bool Takes(const Function& function, const std::set<std::string>& given) {
  size_t known = 0;
  for (const auto& argument : function.arguments) {
    const bool is_given = !argument.name.empty() && given.contains(argument.name);
    known += is_given;
    if (argument.required && !is_given) return false;
  }
  return known == given.size();
}

// The JSON, text or binary body as a whole fits a single unnamed argument of these types.
std::vector<std::string> UnnamedTypes(const rest::Request& request) {
  if (request.method != "POST") return {};
  switch (request.payload.media) {
    case MediaType::Kind::kText:
      return {"text"};
    case MediaType::Kind::kXml:
      return {"xml"};
    case MediaType::Kind::kOctetStream:
      return {"bytea"};
    case MediaType::Kind::kJson:
      return {"json", "jsonb"};
    default:
      return {};
  }
}

// A body whose arguments have no names, which a single unnamed parameter takes: text, bytes, or an array of any values
// where `columns=` does not name the arguments. A JSON scalar gives no arguments, as in PostgREST.
bool HasNoNames(const rest::Request& request) {
  if (request.payload.kind != Payload::Kind::kRaw) return false;
  return request.payload.media != MediaType::Kind::kJson || (request.payload.mixed && !request.query.columns);
}

// The values that `columns=` names are read from objects only: PostgreSQL's answer.
Result<void> CheckObjects(const rest::Request& request, const Function& function) {
  const bool is_read = request.query.columns && !function.has_single_unnamed_argument();
  if (request.payload.kind != Payload::Kind::kRaw || !is_read) return {};
  return Error::FromDatabase("22023", request.payload.mixed
                                          ? "argument of json_to_recordset must be an array of objects"
                                          : "cannot call json_to_recordset on a scalar");
}

// {"": ...}: the one parameter has no name either.
bool NamesTheUnnamed(const rest::Request& request, const std::set<std::string>& given) {
  return request.method == "POST" && given.size() == 1 && given.begin()->empty();
}

bool TakesWhole(const Function& function, const std::vector<std::string>& types) {
  return function.has_single_unnamed_argument() &&
         std::find(types.begin(), types.end(), function.arguments[0].sql_type) != types.end();
}

std::string Signature(const Function& function) {
  std::string text = function.name.schema + "." + function.name.name + "(";
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    if (i > 0) text += ", ";
    text += function.arguments[i].name + " => " + function.arguments[i].sql_type;
  }
  return text + ")";
}

Error Ambiguous(const std::vector<const Function*>& found) {
  std::string list;
  for (const Function* function : found) list += (list.empty() ? "" : ", ") + Signature(*function);
  return Error(ErrorId::kAmbiguousFunction, "Could not choose the best candidate function between: " + list)
      .WithHint(
          "Try renaming the parameters or the function itself in the database so function overloading can be resolved");
}

using Overloads = std::vector<const Function*>;

std::optional<std::string> Suggestion(const rest::Request& request, const catalog::Catalog& catalog,
                                      const Overloads& overloads, const std::string& given) {
  constexpr double kNameSimilarity = 0.75, kArgumentSimilarity = 0.33;
  if (overloads.empty()) {
    auto near = catalog.NearestFunction(request.schema, request.name, kNameSimilarity);
    if (!near) return std::nullopt;
    return request.schema + "." + *near;
  }
  const Function* best = nullptr;
  std::string best_list;
  double best_score = kArgumentSimilarity;
  for (const Function* function : overloads) {
    std::set<std::string> names;
    for (const auto& argument : function->arguments) names.insert(argument.name);
    const std::string list = Join(names);
    const double score = catalog::Similarity("(" + list + ")", "(" + given + ")");
    if (score < best_score) continue;
    best = function;
    best_list = list;
    best_score = score;
  }
  if (!best) return std::nullopt;
  return request.schema + "." + request.name + "(" + best_list + ")";
}

Error NotFound(const rest::Request& request, const catalog::Catalog& catalog, const Overloads& overloads,
               const std::set<std::string>& given) {
  const std::string function = request.schema + "." + request.name;
  const std::string list = Join(given);
  const bool whole_only =
      request.payload.kind == Payload::Kind::kRaw && request.payload.media != MediaType::Kind::kJson;
  const std::vector<std::string> types = UnnamedTypes(request);
  const std::string unnamed = types.empty() ? "" : types.size() == 2 ? "json/jsonb" : types[0];

  std::string with = given.empty() ? " without parameters" : "(" + list + ")";
  std::string searched = given.empty()       ? " without parameters"
                         : given.size() == 1 ? " with parameter " + list
                                             : " with parameters " + list;
  if (whole_only) {
    with = " with a single unnamed " + unnamed + " parameter";
    searched = with;
    with = "";
  } else if (!unnamed.empty()) {
    searched += " or with a single unnamed " + unnamed + " parameter";
  }
  Error error =
      Error(ErrorId::kFunctionNotFound, "Could not find the function " + function + with + " in the schema cache")
          .WithDetail("Searched for the function " + function + searched +
                      ", but no matches were found in the schema cache.");
  if (whole_only) return error;
  auto suggestion = Suggestion(request, catalog, overloads, list);
  return suggestion ? error.WithHint("Perhaps you meant to call the function " + *suggestion) : error;
}

// A VARIADIC argument takes all values of its name, as an array literal; any other the last.
std::string TextOf(const std::vector<std::pair<std::string, std::string>>& pairs, const catalog::Argument& argument) {
  std::string last, all;
  for (const auto& [name, value] : pairs) {
    if (name != argument.name) continue;
    last = value;
    all += all.empty() ? "{\"" : ",\"";
    for (char c : value) {
      if (c == '"' || c == '\\') all += '\\';
      all += c;
    }
    all += '"';
  }
  if (!argument.variadic) return last;
  // One value that is an array already, `{1,2}`, is taken as it is.
  const auto count = std::count_if(pairs.begin(), pairs.end(), [&](const auto& p) { return p.first == argument.name; });
  if (count == 1 && last.size() >= 2 && last.front() == '{' && last.back() == '}') return last;
  return all + "}";
}

// The body as it is, of whatever kind.
Call MakeWholeCall(const Function& function) {
  Call call;
  call.function = &function;
  call.table_like = function.has_columns();
  call.source = Call::Source::kRaw;
  CallArgument argument;
  argument.sql_type = function.arguments[0].sql_type;
  call.arguments.push_back(std::move(argument));
  return call;
}

Call MakeCall(const rest::Request& request, const catalog::Catalog& catalog, const Function& function,
              const std::set<std::string>& given) {
  if (function.has_single_unnamed_argument() && !given.empty()) return MakeWholeCall(function);
  Call call;
  call.function = &function;
  call.table_like = function.has_columns();
  const bool from_query = request.method != "POST";
  const auto& pairs = from_query ? request.query.arguments : request.payload.form;
  const bool as_text = from_query || !request.payload.form.empty();
  call.source = as_text ? Call::Source::kText : Call::Source::kJson;
  for (const auto& argument : function.arguments) {
    const bool is_given = given.contains(argument.name);
    if (!is_given && (!argument.default_expression || given.empty())) continue;
    CallArgument value;
    value.name = argument.name;
    value.sql_type = argument.sql_type;
    value.variadic = argument.variadic;
    if (!is_given) {
      value.default_expression = argument.default_expression;
    } else if (as_text) {
      value.text = TextOf(pairs, argument);
    } else {
      value.json_as_text = request.payload.media == MediaType::Kind::kCsv && IsJson(catalog.BaseType(argument.type));
    }
    call.arguments.push_back(std::move(value));
  }
  return call;
}

}  // namespace

Result<Call> FindFunction(const rest::Request& request, const catalog::Catalog& catalog, std::string_view role) {
  const Overloads overloads = catalog.FunctionsNamed(request.schema, request.name, role);
  const std::set<std::string> given = GivenNames(request);
  const std::vector<std::string> whole_types = UnnamedTypes(request);
  const bool whole_only = HasNoNames(request);
  const bool names_unnamed = NamesTheUnnamed(request, given);

  std::vector<const Function*> named, whole;
  for (const Function* function : overloads) {
    if (names_unnamed && function->has_single_unnamed_argument()) {
      named.push_back(function);
    } else if (TakesWhole(*function, whole_types)) {
      whole.push_back(function);
    } else if (!whole_only && Takes(*function, given)) {
      named.push_back(function);
    }
  }
  if (named.size() == 1) {
    PANDO_CHECK(CheckObjects(request, *named.front()));
    return MakeCall(request, catalog, *named.front(), given);
  }
  if (named.size() > 1) return Ambiguous(named);
  if (whole.size() > 1) return Ambiguous(whole);
  if (!whole.empty()) return MakeWholeCall(*whole.front());
  if (whole_only && request.payload.mixed) return rest::KeysDiffer();
  return NotFound(request, catalog, overloads, given);
}

}  // namespace pando::plan
