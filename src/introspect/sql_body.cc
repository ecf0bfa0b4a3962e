#include "introspect/sql_body.h"

#include <pg_query.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/ascii.h"
#include "catalog/observed.h"

namespace pando::introspect {
namespace {

namespace json = boost::json;
using catalog::Observed;

// A parse tree as deep as kBodyBytesMax can make it would cost more stack than there is.
constexpr size_t kDepthMax = 1000;

// Nodes of a SELECT that do nothing but what the names in them do. Anything else is not known here.
constexpr auto kKnownNodes = std::to_array<std::string_view>({
    "A_ArrayExpr",    "A_Const",      "A_Expr",        "A_Indices",   "A_Indirection",    "A_Star",
    "Alias",          "BitString",    "BoolExpr",      "Boolean",     "BooleanTest",      "CaseExpr",
    "CaseWhen",       "CoalesceExpr", "CollateClause", "ColumnDef",   "ColumnRef",        "CommonTableExpr",
    "Float",          "FuncCall",     "GroupingFunc",  "GroupingSet", "Integer",          "JoinExpr",
    "List",           "MinMaxExpr",   "NamedArgExpr",  "NullTest",    "ParamRef",         "RangeFunction",
    "RangeSubselect", "RangeVar",     "ResTarget",     "RowExpr",     "SQLValueFunction", "SelectStmt",
    "SetToDefault",   "SortBy",       "String",        "SubLink",     "TypeCast",         "TypeName",
    "WindowDef",      "WithClause",
});
static_assert(std::is_sorted(kKnownNodes.begin(), kKnownNodes.end()), "searched by halves");

// Parts that come without a node's name: SELECT INTO makes a table, SEARCH and CYCLE are not known here.
constexpr auto kUnknownParts = std::to_array<std::string_view>({"cycle_clause", "intoClause", "search_clause"});

// What is compared, sorted, grouped or made distinct names none of these.
constexpr auto kImpliedOperators = std::to_array<const char*>({"<", "<=", "<>", "=", ">", ">="});

// Whose input looks at nothing but the text. That of dates and times takes words for the time that it is.
constexpr auto kTimelessTypes =
    std::to_array<std::string_view>({"bool", "bpchar", "bytea", "char", "float4", "float8", "int2", "int4", "int8",
                                     "json", "jsonb", "name", "numeric", "text", "uuid", "varchar"});
constexpr auto kTimeTypes =
    std::to_array<const char*>({"date", "interval", "time", "timestamp", "timestamptz", "timetz"});
constexpr auto kTimeWords = std::to_array<const char*>({"now", "today", "tomorrow", "yesterday"});

struct ParseResult {
  explicit ParseResult(const char* text) : parsed(pg_query_parse(text)) {}
  ~ParseResult() { pg_query_free_parse_result(parsed); }
  ParseResult(const ParseResult&) = delete;
  ParseResult& operator=(const ParseResult&) = delete;

  PgQueryParseResult parsed;
};

const json::array* ListAt(const json::object& node, std::string_view field) {
  const json::value* list = node.if_contains(field);
  return list ? list->if_array() : nullptr;
}

// The text of {"String":{"sval":"..."}}.
std::optional<std::string> StringOf(const json::value& value) {
  json::error_code missing;
  const json::value* text = value.find_pointer("/String/sval", missing);
  if (missing || !text->is_string()) return std::nullopt;
  return std::string(text->get_string());
}

class BodyReader {
 public:
  std::optional<BodyNames> Read(const json::value& tree) {
    const json::array* statements = ListAt(tree.as_object(), "stmts");
    if (!statements) return std::nullopt;
    for (const json::value& statement : *statements) {
      json::error_code missing;
      if (!statement.find_pointer("/stmt/SelectStmt", missing)) return std::nullopt;
      Visit(statement);
    }
    if (!known_) return std::nullopt;
    names_.gives_claims = statements->size() == 1 && IsClaimsAlone(statements->front());
    for (const char* name : kImpliedOperators) names_.operators.insert(name);
    const auto reads_time = [](const std::string& type) {
      return std::find(kTimelessTypes.begin(), kTimelessTypes.end(), type) == kTimelessTypes.end();
    };
    names_.varies = names_.varies || std::any_of(names_.types.begin(), names_.types.end(), reads_time);
    // name(x) may be a cast to a type as well.
    for (const char* type : kTimeTypes) names_.varies = names_.varies || names_.functions.contains(type);
    return std::move(names_);
  }

 private:
  void Visit(const json::value& value) {
    if (const json::array* list = value.if_array()) {
      for (const json::value& item : *list) Visit(item);
    } else if (const json::object* object = value.if_object()) {
      for (const auto& [key, part] : *object) VisitPart(key, part);
    }
  }

  // Nodes' names begin with a capital, fields' do not.
  void VisitPart(std::string_view key, const json::value& part) {
    const bool picks = key == "A_Expr" && part.is_object() && TakePick(part.get_object());
    if (picks) ++picking_;
    VisitNode(key, part);
    if (picks) --picking_;
  }

  void VisitNode(std::string_view key, const json::value& part) {
    if (IsUpper(key.front())) {
      known_ &= std::binary_search(kKnownNodes.begin(), kKnownNodes.end(), key);
      if (const json::object* node = part.if_object()) TakeNames(key, *node);
    } else if (key == "typeName") {
      if (const json::object* node = part.if_object()) TakeLast(*node, "names", names_.types);
    } else if (std::find(kUnknownParts.begin(), kUnknownParts.end(), key) != kUnknownParts.end()) {
      known_ = false;
    }
    Visit(part);
  }

  static bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

  void TakeNames(std::string_view tag, const json::object& node) {
    if (tag == "A_Const") {
      TakeConstant(node);
    } else if (tag == "FuncCall") {
      if (!TakeSetting(node)) TakeLast(node, "funcname", names_.functions);
    } else if (tag == "A_Expr") {
      TakeLast(node, "name", names_.operators);
    } else if (tag == "SubLink") {
      TakeLast(node, "operName", names_.operators);
    } else if (tag == "SortBy") {
      TakeLast(node, "useOp", names_.operators);
    } else if (tag == "TypeName") {
      TakeLast(node, "names", names_.types);
    } else if (tag == "ColumnRef") {
      TakeFields(node, "fields", 1);
    } else if (tag == "A_Indirection") {
      TakeFields(node, "indirection", 0);
    } else if (tag == "RangeVar") {
      if (const json::value* name = node.if_contains("relname")) names_.relations.emplace(name->as_string());
    } else if (tag == "SQLValueFunction") {
      TakeValueFunction(node);
    }
  }

  // Of a name with or without its schema.
  static void TakeLast(const json::object& node, std::string_view field, std::set<std::string>& names) {
    const json::array* parts = ListAt(node, field);
    if (!parts || parts->empty()) return;
    if (std::optional<std::string> name = StringOf(parts->back())) names.insert(std::move(*name));
  }

  void TakeFields(const json::object& node, std::string_view field, size_t first) {
    const json::array* parts = ListAt(node, field);
    for (size_t i = first; parts && i < parts->size(); ++i) {
      if (std::optional<std::string> name = StringOf((*parts)[i])) names_.functions.insert(std::move(*name));
    }
  }

  // current_setting('...'): true when the setting's name is constant.
  bool TakeSetting(const json::object& call) {
    const std::optional<std::string> name = SettingOf(call);
    if (!name) return false;
    const Observed setting = catalog::ObservedByName(*name);
    names_.settings |= setting;
    if (setting == Observed::kClaims && picking_ == 0) names_.claims.whole = true;
    return true;
  }

  static std::optional<std::string> SettingOf(const json::object& call) {
    const json::array* name = ListAt(call, "funcname");
    const json::array* arguments = ListAt(call, "args");
    if (!name || name->empty() || !arguments || arguments->empty()) return std::nullopt;
    if (StringOf(name->back()) != "current_setting") return std::nullopt;
    return ConstantOf(arguments->front());
  }

  // claims ->> 'name': true when it is, and taken.
  bool TakePick(const json::object& expression) {
    const std::optional<std::string> op = OperatorOf(expression);
    if (!op || (*op != "->>" && *op != "->")) return false;
    const json::value* claims = expression.if_contains("lexpr");
    const json::value* name = expression.if_contains("rexpr");
    if (!claims || !name || !GivesClaims(*claims)) return false;
    std::optional<std::string> text = ConstantOf(*name);
    if (text) names_.claims.names.insert(std::move(*text));
    return text.has_value();
  }

  // SELECT claims, and nothing around it.
  static bool IsClaimsAlone(const json::value& statement) {
    json::error_code missing;
    const json::value* select = statement.find_pointer("/stmt/SelectStmt", missing);
    if (missing || !select->is_object()) return false;
    for (const auto& [field, part] : select->get_object()) {
      if (field != "targetList" && field != "limitOption" && field != "op") return false;
    }
    const json::array* targets = ListAt(select->get_object(), "targetList");
    if (!targets || targets->size() != 1) return false;
    const json::value* value = targets->front().find_pointer("/ResTarget/val", missing);
    return !missing && GivesClaims(*value);
  }

  // Whether it gives the claims and nothing else: the setting itself, as JSON, NULL when it is empty, something that is
  // the same for everybody where there are none.
  static bool GivesClaims(const json::value& value) {
    if (SettingAt(value) == Observed::kClaims) return true;
    if (const json::value* inner = CastOf(value)) return GivesClaims(*inner);
    if (const json::value* inner = NullIfEmptyOf(value)) return GivesClaims(*inner);
    json::error_code missing;
    const json::value* coalesce = value.find_pointer("/CoalesceExpr/args", missing);
    if (missing || !coalesce->is_array()) return false;
    const json::array& arguments = coalesce->get_array();
    return std::any_of(arguments.begin(), arguments.end(), GivesClaims) &&
           std::all_of(arguments.begin(), arguments.end(),
                       [](const json::value& it) { return GivesClaims(it) || IsTheSameForAll(it); });
  }

  // A constant, or a setting that is unset for everyone.
  static bool IsTheSameForAll(const json::value& value) {
    if (ConstantOf(value) || SettingAt(value) == Observed::kNothing) return true;
    if (const json::value* inner = CastOf(value)) return IsTheSameForAll(*inner);
    const json::value* inner = NullIfEmptyOf(value);
    return inner && IsTheSameForAll(*inner);
  }

  // The setting that a call of current_setting reads.
  static std::optional<Observed> SettingAt(const json::value& value) {
    json::error_code missing;
    const json::value* call = value.find_pointer("/FuncCall", missing);
    if (missing || !call->is_object()) return std::nullopt;
    const std::optional<std::string> name = SettingOf(call->get_object());
    return name ? std::optional(catalog::ObservedByName(*name)) : std::nullopt;
  }

  // What a cast to JSON or text is of.
  static const json::value* CastOf(const json::value& value) {
    json::error_code missing;
    const json::value* cast = value.find_pointer("/TypeCast", missing);
    if (missing || !cast->is_object()) return nullptr;
    std::set<std::string> type;
    const json::value* type_name = cast->get_object().if_contains("typeName");
    if (type_name && type_name->is_object()) TakeLast(type_name->get_object(), "names", type);
    const bool fits = type.size() == 1 && (type.contains("json") || type.contains("jsonb") || type.contains("text"));
    return fits ? cast->get_object().if_contains("arg") : nullptr;
  }

  // The first argument of nullif(..., '').
  static const json::value* NullIfEmptyOf(const json::value& value) {
    json::error_code missing;
    const json::value* expression = value.find_pointer("/A_Expr", missing);
    if (missing || !expression->is_object()) return nullptr;
    const json::value* kind = expression->get_object().if_contains("kind");
    if (!kind || !kind->is_string() || kind->get_string() != "AEXPR_NULLIF") return nullptr;
    const json::value* right = expression->get_object().if_contains("rexpr");
    return right && ConstantOf(*right) == "" ? expression->get_object().if_contains("lexpr") : nullptr;
  }

  static std::optional<std::string> OperatorOf(const json::object& expression) {
    const json::value* kind = expression.if_contains("kind");
    if (!kind || !kind->is_string() || kind->get_string() != "AEXPR_OP") return std::nullopt;
    const json::array* name = ListAt(expression, "name");
    return name && !name->empty() ? StringOf(name->back()) : std::nullopt;
  }

  // A constant text; the empty one comes without its value.
  static std::optional<std::string> ConstantOf(const json::value& value) {
    json::error_code missing;
    const json::value* constant = value.find_pointer("/A_Const", missing);
    return !missing && constant->is_object() ? TextOf(constant->get_object()) : std::nullopt;
  }

  static std::optional<std::string> TextOf(const json::object& constant) {
    const json::value* text = constant.if_contains("sval");
    if (!text || !text->is_object()) return std::nullopt;
    const json::value* part = text->get_object().if_contains("sval");
    return part && part->is_string() ? std::string(part->get_string()) : std::string();
  }

  // 'now' and its kin, where something takes it for a time.
  void TakeConstant(const json::object& node) {
    const std::string lower = ToLower(TextOf(node).value_or(""));
    for (const char* word : kTimeWords) names_.varies = names_.varies || lower.find(word) != std::string::npos;
  }

  void TakeValueFunction(const json::object& node) {
    const json::value* op = node.if_contains("op");
    const std::string_view name = op && op->is_string() ? std::string_view(op->get_string()) : "";
    const bool tells_time = name.starts_with("SVFOP_CURRENT_DATE") || name.starts_with("SVFOP_CURRENT_TIME") ||
                            name.starts_with("SVFOP_LOCALTIME");
    if (tells_time) {
      names_.varies = true;
    } else {
      names_.settings |= Observed::kIdentity;
    }
  }

  BodyNames names_;
  bool known_ = true;
  int picking_ = 0;  // a claim by its name
};

}  // namespace

std::optional<BodyNames> ReadSqlBody(std::string_view text) {
  if (text.size() > kBodyBytesMax || text.find('\0') != std::string_view::npos) return std::nullopt;
  const ParseResult result(std::string(text).c_str());
  if (result.parsed.error) return std::nullopt;
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::error_code failure;
  const json::value tree = json::parse(result.parsed.parse_tree, failure, {}, options);
  if (failure || !tree.is_object()) return std::nullopt;
  return BodyReader().Read(tree);
}

}  // namespace pando::introspect
