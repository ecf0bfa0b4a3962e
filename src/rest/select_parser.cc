#include "rest/select_parser.h"

#include <array>
#include <utility>

#include "rest/cursor.h"
#include "rest/field_parser.h"

namespace pando::rest {
namespace {

struct AggregateName {
  std::string_view name;
  std::string_view label;
  Aggregate aggregate;
};
constexpr std::array<AggregateName, 5> kAggregates = {{{"sum()", "\"sum\"", Aggregate::kSum},
                                                       {"avg()", "\"avg\"", Aggregate::kAvg},
                                                       {"count()", "\"count\"", Aggregate::kCount},
                                                       {"max()", "\"max\"", Aggregate::kMax},
                                                       {"min()", "\"min\"", Aggregate::kMin}}};

class SelectParser {
 public:
  SelectParser(std::string_view text, uint32_t nesting_max) : in_(text), nesting_max_(nesting_max) {}

  bool ReadAll(std::vector<SelectItem>& out) {
    if (!ReadForest(out, 0)) return false;
    if (in_.at_end()) return true;
    in_.Expect(kEndOfInput);
    return false;
  }

  Error Failure() const { return in_.Failure("select parameter"); }

 private:
  bool ReadForest(std::vector<SelectItem>& out, uint32_t depth);
  bool ReadItem(SelectItem& out, uint32_t depth);
  bool ReadSpread(SelectItem& out, uint32_t depth);
  bool ReadEmbedRest(SelectEmbed& embed, uint32_t depth);
  bool ReadEmbedParameters(SelectEmbed& embed);
  bool ReadColumnRest(SelectColumn& column);
  bool ReadCount(SelectColumn& column);
  bool ReadCast(std::optional<std::string>& out);
  bool ReadAggregate(std::optional<Aggregate>& out);
  bool AtAliasSeparator() const { return in_.peek() == ':' && in_.peek(1) != ':'; }

  Cursor in_;
  const uint32_t nesting_max_;
  size_t items_ = 0;
};

// select = [ item , { "," , item } ]
bool SelectParser::ReadForest(std::vector<SelectItem>& out, uint32_t depth) {
  if (depth > nesting_max_) return in_.Refuse("nested too deeply");
  in_.SkipBlanks();
  if (in_.at_end() || (depth > 0 && in_.peek() == ')')) return true;
  do {
    in_.SkipBlanks();
    if (++items_ > kSelectItemsMax) return in_.Refuse("more columns than a row has");
    if (!ReadItem(out.emplace_back(), depth)) return false;
    in_.SkipBlanks();
  } while (in_.Take(",", kComma));
  return true;
}

bool SelectParser::ReadItem(SelectItem& out, uint32_t depth) {
  if (in_.StartsWith("...")) return ReadSpread(out, depth);
  if (in_.peek() == '*') {
    in_.Advance(1);
    out.value.emplace<SelectColumn>().is_star = true;
    return true;
  }
  std::optional<std::string> alias;
  std::string name;
  bool quoted = in_.peek() == '"';
  if (!ReadFieldName(in_, name)) return false;
  if (AtAliasSeparator()) {
    in_.Advance(1);
    in_.SkipBlanks();
    alias = std::move(name);
    quoted = in_.peek() == '"';
    if (!ReadFieldName(in_, name)) return false;
  }
  // "count" is never an embed: `count()` is the aggregate, kept apart from a relation of that name.
  if (name != "count" && (in_.peek() == '(' || in_.peek() == '!')) {
    auto& embed = out.value.emplace<SelectEmbed>();
    embed.alias = std::move(alias);
    embed.target = std::move(name);
    return ReadEmbedRest(embed, depth);
  }
  auto& column = out.value.emplace<SelectColumn>();
  column.alias = std::move(alias);
  if (name == "count" && !quoted && in_.StartsWith("()")) return ReadCount(column);
  column.field.name = std::move(name);
  return ReadColumnRest(column);
}

// spread = "..." , field-name , embed-params , "(" , select , ")"
bool SelectParser::ReadSpread(SelectItem& out, uint32_t depth) {
  in_.Advance(3);
  auto& embed = out.value.emplace<SelectEmbed>();
  embed.is_spread = true;
  return ReadFieldName(in_, embed.target) && ReadEmbedRest(embed, depth);
}

// What follows the target: embed-params , "(" , select , ")"
bool SelectParser::ReadEmbedRest(SelectEmbed& embed, uint32_t depth) {
  return ReadEmbedParameters(embed) && in_.Take("(", kOpenParenthesis) && ReadForest(embed.select, depth + 1) &&
         in_.Take(")", kCloseParenthesis);
}

// Up to two of !inner, !left and !hint; of two alike the first counts.
bool SelectParser::ReadEmbedParameters(SelectEmbed& embed) {
  for (int i = 0; i < 2 && in_.Take("!", "\"!\""); ++i) {
    const bool quoted = in_.peek() == '"';
    std::string parameter;
    if (!ReadFieldName(in_, parameter)) return false;
    if (!quoted && (parameter == "inner" || parameter == "left")) {
      if (!embed.join) embed.join = parameter == "inner" ? JoinKind::kInner : JoinKind::kLeft;
    } else if (!embed.hint) {
      embed.hint = std::move(parameter);
    }
  }
  return true;
}

// What follows the name: json-path , [ "::" , type ] , [ "." , agg , "()" , [ "::" , type ] ]
bool SelectParser::ReadColumnRest(SelectColumn& column) {
  in_.SkipBlanks();
  if (!ReadJsonPath(in_, column.field.path)) return false;
  in_.SkipBlanks();
  if (!ReadCast(column.cast)) return false;
  if (!in_.Take(".", "\".\"")) return true;
  return ReadAggregate(column.aggregate) && ReadCast(column.aggregate_cast);
}

bool SelectParser::ReadCount(SelectColumn& column) {
  in_.Advance(2);
  column.aggregate = Aggregate::kCount;
  return ReadCast(column.aggregate_cast);
}

bool SelectParser::ReadCast(std::optional<std::string>& out) {
  if (!in_.Take("::", "\"::\"")) return true;
  return ReadTypeName(in_, out.emplace());
}

bool SelectParser::ReadAggregate(std::optional<Aggregate>& out) {
  for (const AggregateName& row : kAggregates) {
    if (!in_.Take(row.name, row.label)) continue;
    out = row.aggregate;
    return true;
  }
  return false;
}

}  // namespace

Result<std::vector<SelectItem>> ParseSelect(std::string_view text, uint32_t nesting_max) {
  SelectParser parser(text, nesting_max);
  std::vector<SelectItem> items;
  if (!parser.ReadAll(items)) return parser.Failure();
  return items;
}

}  // namespace pando::rest
