#include "serve/error_hints.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catalog/function.h"
#include "catalog/relation.h"
#include "pg/quote.h"
#include "rest/percent.h"
#include "serve/openapi_names.h"

namespace pando::serve {
namespace {

using catalog::Relation;

// ---------------------------------------------------------------------------------------------------------- grants

// Reserved words of PostgreSQL (documentation, appendix C) cannot be names without quotes.
constexpr std::array<std::string_view, 77> kReserved = {"all",          "analyse",
                                                        "analyze",      "and",
                                                        "any",          "array",
                                                        "as",           "asc",
                                                        "asymmetric",   "both",
                                                        "case",         "cast",
                                                        "check",        "collate",
                                                        "column",       "constraint",
                                                        "create",       "current_catalog",
                                                        "current_date", "current_role",
                                                        "current_time", "current_timestamp",
                                                        "current_user", "default",
                                                        "deferrable",   "desc",
                                                        "distinct",     "do",
                                                        "else",         "end",
                                                        "except",       "false",
                                                        "fetch",        "for",
                                                        "foreign",      "from",
                                                        "grant",        "group",
                                                        "having",       "in",
                                                        "initially",    "intersect",
                                                        "into",         "lateral",
                                                        "leading",      "limit",
                                                        "localtime",    "localtimestamp",
                                                        "not",          "null",
                                                        "offset",       "on",
                                                        "only",         "or",
                                                        "order",        "placing",
                                                        "primary",      "public",
                                                        "references",   "returning",
                                                        "select",       "session_user",
                                                        "some",         "symmetric",
                                                        "system_user",  "table",
                                                        "then",         "to",
                                                        "trailing",     "true",
                                                        "union",        "unique",
                                                        "user",         "using",
                                                        "variadic",     "when",
                                                        "where"};

bool IsPlainName(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), is_plain) &&
         std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end();
}

// Of a schema, "public" is no reserved word.
std::string Named(std::string_view name) {
  return IsPlainName(name) || name == "public" ? std::string(name) : pg::QuoteIdentifier(name);
}

std::string Named(const catalog::QualifiedName& name) { return Named(name.schema) + "." + Named(name.name); }

std::string PrivilegesFor(const plan::Plan& plan) {
  if (!plan.mutation) return "SELECT";
  const plan::Mutation& mutation = *plan.mutation;
  using Kind = plan::Mutation::Kind;
  const bool inserts = mutation.kind == Kind::kInsert || mutation.kind == Kind::kPut;
  const bool upserts = inserts && !mutation.conflict.empty();
  const bool reads = plan.representation || !mutation.location.empty() || !mutation.where.empty() || upserts;
  std::string all = reads ? "SELECT, " : "";
  if (inserts) return all + (upserts && mutation.merge ? "INSERT, UPDATE" : "INSERT");
  return all + (mutation.kind == Kind::kUpdate ? "UPDATE" : "DELETE");
}

// Before there is a plan, nothing but the relation itself can have been refused.
std::string_view PrivilegesFor(std::string_view method) {
  if (method == "POST") return "INSERT";
  if (method == "PUT") return "SELECT, INSERT, UPDATE";
  if (method == "PATCH") return "SELECT, UPDATE";
  return method == "DELETE" ? "SELECT, DELETE" : "SELECT";
}

// The relation of that name that the request is about; else any of the request's schema.
std::string GrantOnRelation(std::string_view name, const DeniedContext& context) {
  const plan::Plan* plan = context.plan;
  const Relation* target = plan && plan->mutation ? plan->mutation->relation : plan ? plan->read.relation : nullptr;
  if (target && target->name.name == name) return PrivilegesFor(*plan) + " ON " + Named(target->name);
  const Relation* other = context.catalog ? context.catalog->FindRelation(context.schema, name) : nullptr;
  const std::string_view privileges = plan ? "SELECT" : PrivilegesFor(context.method);
  return std::string(privileges) + " ON " + (other ? Named(other->name) : Named(name));
}

std::string GrantOnFunction(std::string_view name, const DeniedContext& context) {
  const catalog::Function* called = context.plan && context.plan->call ? context.plan->call->function : nullptr;
  if (!called || called->name.name != name) return "EXECUTE ON FUNCTION " + Named(name);
  std::string arguments;
  for (const catalog::Argument& argument : called->arguments) {
    arguments += (arguments.empty() ? "" : ", ") + argument.sql_type;
  }
  return "EXECUTE ON FUNCTION " + Named(called->name) + "(" + arguments + ")";
}

// PostgreSQL's words for a kind of object (aclcheck_error), and what a grant of its use begins with.
struct KindOfObject {
  std::string_view words, grant;
};
constexpr std::array<KindOfObject, 7> kKinds = {{{"sequence ", "USAGE ON SEQUENCE "},
                                                 {"schema ", "USAGE ON SCHEMA "},
                                                 {"type ", "USAGE ON TYPE "},
                                                 {"domain ", "USAGE ON DOMAIN "},
                                                 {"language ", "USAGE ON LANGUAGE "},
                                                 {"foreign server ", "USAGE ON FOREIGN SERVER "},
                                                 {"foreign-data wrapper ", "USAGE ON FOREIGN DATA WRAPPER "}}};
constexpr std::array<std::string_view, 5> kRelations = {"table ", "view ", "materialized view ", "foreign table ",
                                                        "relation "};
constexpr std::array<std::string_view, 4> kRoutines = {"function ", "procedure ", "routine ", "aggregate "};

// What follows one of the words; nullopt when `text` begins with none.
template <class Words>
std::optional<std::string_view> Behind(std::string_view text, const Words& words) {
  for (const std::string_view word : words) {
    if (text.starts_with(word)) return text.substr(word.size());
  }
  return std::nullopt;
}

std::optional<std::string> GrantOn(std::string_view object, const DeniedContext& context) {
  if (const auto name = Behind(object, kRelations)) return GrantOnRelation(*name, context);
  if (const auto name = Behind(object, kRoutines)) return GrantOnFunction(*name, context);
  for (const KindOfObject& kind : kKinds) {
    if (object.starts_with(kind.words)) return std::string(kind.grant) + Named(object.substr(kind.words.size()));
  }
  return std::nullopt;
}

// ----------------------------------------------------------------------------------------------------------- paths

struct OtherApi {
  std::string_view path, name;
};
constexpr std::array<OtherApi, 7> kSupabase = {{{"/auth/v1", "sign-in (Auth)"},
                                                {"/functions/v1", "edge functions"},
                                                {"/storage/v1", "files (Storage)"},
                                                {"/realtime/v1", "changes (Realtime)"},
                                                {"/graphql/v1", "GraphQL"},
                                                {"/analytics/v1", "logs (Analytics)"},
                                                {"/rest/v1", "tables and functions (REST)"}}};

bool IsBelow(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    if (end > 1) segments.push_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return segments;
}

std::string Encoded(std::string_view name) {
  std::string text;
  rest::AppendPercentEncoded(name, text);
  return text;
}

// "/orders?id=eq.5": as many columns of the key as there are values, else the first column with the first value.
std::string RowPath(const Relation& relation, std::string_view base, const std::vector<std::string_view>& values) {
  std::vector<std::string> key = relation.primary_key;
  if (key.size() != values.size()) key.clear();
  if (key.empty() && !relation.columns.empty()) key = {relation.columns.front().name};
  std::string path = std::string(base);
  for (size_t i = 0; i < key.size(); ++i) {
    path += (i == 0 ? "?" : "&") + Encoded(FilterName(key[i])) + "=eq." + std::string(values[i]);
  }
  return path;
}

std::string CallPath(const catalog::Function& function, std::string_view base,
                     const std::vector<std::string_view>& values) {
  std::string path = std::string(base);
  for (size_t i = 0; i < values.size() && i < function.arguments.size(); ++i) {
    path += (i == 0 ? "?" : "&") + Encoded(function.arguments[i].name) + "=" + std::string(values[i]);
  }
  return path;
}

// What `below` the prefix was meant to be.
std::optional<std::string> MeantPath(std::string_view below, const PathContext& context) {
  std::vector<std::string_view> values = Segments(below);
  const bool is_call = values.size() > 1 && values.front() == "rpc";
  const size_t named_by = is_call ? 2 : 1;
  if (values.size() < named_by || !context.catalog) return std::nullopt;
  std::string name;
  if (!rest::AppendPercentDecoded(values[named_by - 1], rest::Plus::kIsPlus, name)) return std::nullopt;
  const std::string base =
      (context.prefix == "/" ? "" : context.prefix) + (is_call ? "/rpc/" : "/") + std::string(values[named_by - 1]);
  values.erase(values.begin(), values.begin() + static_cast<ptrdiff_t>(named_by));
  if (is_call) {
    const auto functions = context.catalog->FunctionsNamed(context.schema, name, "");
    if (functions.empty()) return std::nullopt;
    return CallPath(*functions.back(), base, values);
  }
  const Relation* relation = context.catalog->FindRelation(context.schema, name);
  if (!relation) return std::nullopt;
  return values.empty() ? base : RowPath(*relation, base, values);
}

}  // namespace

std::optional<std::string> MissingGrant(const Error& error, const DeniedContext& context) {
  constexpr std::string_view kDenied = "permission denied ";
  constexpr std::string_view kObject = "for ", kRole = "to set role \"";
  if (error.sqlstate() != "42501" || !error.message().starts_with(kDenied)) return std::nullopt;
  std::string_view what = std::string_view(error.message()).substr(kDenied.size());
  if (what.starts_with(kRole) && what.ends_with('"')) {
    what = what.substr(kRole.size(), what.size() - kRole.size() - 1);
    return "GRANT " + Named(what) + " TO the role that Pando connects as";
  }
  if (!what.starts_with(kObject)) return std::nullopt;
  const std::optional<std::string> grant = GrantOn(what.substr(kObject.size()), context);
  if (!grant) return std::nullopt;
  return "GRANT " + *grant + " TO " + Named(context.role);
}

Error WithMeantPath(const Error& error, const PathContext& context) {
  const bool has_prefix = context.prefix != "/";
  const bool is_below = !has_prefix || IsBelow(context.path, context.prefix);
  std::string_view below = context.path;
  if (has_prefix && is_below) below.remove_prefix(context.prefix.size());
  if (const std::optional<std::string> meant = MeantPath(below, context)) {
    return error.WithHint("Perhaps you meant " + *meant);
  }
  for (const OtherApi& api : kSupabase) {
    if ((has_prefix && is_below) || !IsBelow(context.path, api.path)) continue;
    if (api.path == "/rest/v1") {
      return error.WithHint("The REST API is at " + context.prefix + " (rest.prefix)");
    }
    return Error(error.id(), "Pando does not have Supabase's API of " + std::string(api.name) + " at " +
                                 std::string(api.path) + ": it serves the tables and functions of the database at " +
                                 context.prefix);
  }
  if (is_below) return error;
  return error.WithHint("The REST API is at " + context.prefix + " (rest.prefix)");
}

}  // namespace pando::serve
