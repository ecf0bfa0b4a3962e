#include "rest/filter_parser.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "rest/field_parser.h"

namespace pando::rest {
namespace {

constexpr std::string_view kOperatorLabel = "operator (eq, gt, ...)";
constexpr std::string_view kIsValueLabel = "isVal: (null, not_null, true, false, unknown)";

// What may stand between an operator and its value.
enum class Shape { kList, kIs, kValue, kLanguage, kQuantifier };

struct OperatorName {
  std::string_view name;
  Operator op;
  Shape shape;
};
constexpr std::array<OperatorName, 25> kOperators = {{
    {"eq", Operator::kEq, Shape::kQuantifier},
    {"in", Operator::kIn, Shape::kList},
    {"is", Operator::kIs, Shape::kIs},
    {"gt", Operator::kGt, Shape::kQuantifier},
    {"gte", Operator::kGte, Shape::kQuantifier},
    {"lt", Operator::kLt, Shape::kQuantifier},
    {"lte", Operator::kLte, Shape::kQuantifier},
    {"neq", Operator::kNeq, Shape::kValue},
    {"like", Operator::kLike, Shape::kQuantifier},
    {"ilike", Operator::kIlike, Shape::kQuantifier},
    {"match", Operator::kMatch, Shape::kQuantifier},
    {"imatch", Operator::kImatch, Shape::kQuantifier},
    {"isdistinct", Operator::kIsDistinct, Shape::kValue},
    {"fts", Operator::kFts, Shape::kLanguage},
    {"plfts", Operator::kPlfts, Shape::kLanguage},
    {"phfts", Operator::kPhfts, Shape::kLanguage},
    {"wfts", Operator::kWfts, Shape::kLanguage},
    {"cs", Operator::kContains, Shape::kValue},
    {"cd", Operator::kContainedIn, Shape::kValue},
    {"ov", Operator::kOverlaps, Shape::kValue},
    {"sl", Operator::kStrictlyLeft, Shape::kValue},
    {"sr", Operator::kStrictlyRight, Shape::kValue},
    {"nxr", Operator::kNotExtendsRight, Shape::kValue},
    {"nxl", Operator::kNotExtendsLeft, Shape::kValue},
    {"adj", Operator::kAdjacent, Shape::kValue},
}};

struct IsName {
  std::string_view name;
  IsValue value;
};
constexpr std::array<IsName, 5> kIsNames = {{{"null", IsValue::kNull},
                                             {"not_null", IsValue::kNotNull},
                                             {"true", IsValue::kTrue},
                                             {"false", IsValue::kFalse},
                                             {"unknown", IsValue::kUnknown}}};

bool IsLowerLetter(char c) { return c >= 'a' && c <= 'z'; }

size_t CommonPrefix(std::string_view text, std::string_view lower_name) {
  size_t length = 0;
  while (length < text.size() && length < lower_name.size() && ToLower(text[length]) == lower_name[length]) ++length;
  return length;
}

bool AtListEnd(const Cursor& in) { return in.at_end() || in.peek() == ',' || in.peek() == ')'; }

std::string_view TakeUntilListEnd(Cursor& in) {
  const std::string_view rest = in.rest();
  const std::string_view taken = rest.substr(0, std::min(rest.find_first_of(",)"), rest.size()));
  in.Advance(taken.size());
  return taken;
}

// A quoted text counts as quoted only right before the end of its list; else its quotes are ordinary characters.
bool TakeQuotedElement(Cursor& in, std::string& out) {
  const size_t start = in.position();
  if (in.peek() != '"') return false;
  if (ReadQuoted(in, out) && AtListEnd(in)) return true;
  in.Seek(start);
  return false;
}

// Notes that an operator was expected after the longest one the text begins with ("eqq.5": at the second q).
void ExpectOperator(Cursor& in) {
  size_t known = 0;
  for (const OperatorName& row : kOperators) {
    if (in.StartsWith(row.name)) known = std::max(known, row.name.size());
  }
  in.ExpectAt(in.position() + known, kOperatorLabel);
}

const OperatorName* ReadOperator(Cursor& in) {
  size_t length = 0;
  while (IsLowerLetter(in.peek(length))) ++length;
  const std::string_view word = in.rest().substr(0, length);
  const auto* row =
      std::find_if(kOperators.begin(), kOperators.end(), [word](const OperatorName& it) { return it.name == word; });
  if (word.empty() || row == kOperators.end()) {
    ExpectOperator(in);
    return nullptr;
  }
  in.Advance(length);
  return row;
}

// [ "(" , ( "any" | "all" ) , ")" ]
bool ReadQuantifier(Cursor& in, Quantifier& out) {
  if (in.peek() != '(') return true;
  if (in.StartsWith("(any)")) {
    out = Quantifier::kAny;
  } else if (in.StartsWith("(all)")) {
    out = Quantifier::kAll;
  } else {
    in.ExpectAt(in.position() + 1, kOperatorLabel);
    return false;
  }
  in.Advance(5);
  return true;
}

// [ "(" , type-name , ")" ]
bool ReadLanguage(Cursor& in, std::optional<std::string>& out) {
  if (in.peek() != '(') return true;
  in.Advance(1);
  return ReadTypeName(in, out.emplace()) && in.Take(")", kOperatorLabel);
}

// "(" , element , { "," , element } , ")" where nothing but blanks is the empty list.
bool ReadList(Cursor& in, std::vector<std::string>& out) {
  in.SkipBlanks();
  if (!in.Take("(", kOpenParenthesis)) return false;
  in.SkipBlanks();
  if (in.peek() == ')') {
    in.Advance(1);
    return true;
  }
  for (;;) {
    std::string& element = out.emplace_back();
    if (!TakeQuotedElement(in, element)) element = TakeUntilListEnd(in);
    if (in.Take(",", kComma)) continue;
    return in.Take(")", kCloseParenthesis);
  }
}

// One of five words in any letter case, and nothing else before the value ends.
bool ReadIsValue(Cursor& in, ValueSyntax syntax, IsValue& out) {
  const std::string_view value = in.rest();
  size_t furthest = 0;
  for (const IsName& row : kIsNames) {
    const size_t common = CommonPrefix(value, row.name);
    furthest = std::max(furthest, common);
    if (common < row.name.size()) continue;
    const size_t start = in.position();
    in.Advance(common);
    in.SkipBlanks();
    out = row.value;
    if (in.at_end() || (syntax == ValueSyntax::kLogicLeaf && AtListEnd(in))) return true;
    in.Seek(start);
  }
  in.ExpectAt(in.position() + furthest, kIsValueLabel);
  return false;
}

// "..." before the end of the leaf, {...} without braces within, or everything up to "," or ")".
void ReadLeafValue(Cursor& in, std::string& out) {
  if (TakeQuotedElement(in, out)) return;
  const std::string_view rest = in.rest();
  if (in.peek() == '{') {
    const size_t close = rest.find_first_of("{}", 1);
    if (close != std::string_view::npos && rest[close] == '}') {
      out = rest.substr(0, close + 1);
      in.Advance(close + 1);
      return;
    }
  }
  out = TakeUntilListEnd(in);
}

void ReadValue(Cursor& in, ValueSyntax syntax, std::string& out) {
  if (syntax == ValueSyntax::kLogicLeaf) return ReadLeafValue(in, out);
  out = in.rest();
  in.Advance(out.size());
}

bool ReadModifier(Cursor& in, Shape shape, Operation& out) {
  if (shape == Shape::kQuantifier) return ReadQuantifier(in, out.quantifier);
  if (shape == Shape::kLanguage) return ReadLanguage(in, out.language);
  return true;
}

void ReadNegation(Cursor& in, Operation& out) {
  out.negated = in.StartsWith("not.");
  if (out.negated) {
    in.Advance(4);
  } else if (in.StartsWith("not")) {
    in.ExpectAt(in.position() + 3, kDelimiter);
  } else {
    in.Expect("\"not\"");
  }
}

}  // namespace

bool ReadOperation(Cursor& in, ValueSyntax syntax, Operation& out) {
  ReadNegation(in, out);
  const OperatorName* row = ReadOperator(in);
  if (row == nullptr) return false;
  out.op = row->op;
  if (!ReadModifier(in, row->shape, out) || !in.Take(".", kOperatorLabel)) return false;
  if (row->shape == Shape::kList) return ReadList(in, out.list);
  if (row->shape == Shape::kIs) return ReadIsValue(in, syntax, out.is);
  ReadValue(in, syntax, out.value);
  return true;
}

namespace {

// What stands behind the parenthesis of a list would else be left out of it in silence.
bool ReadWholeText(Cursor& in, Operation& out) {
  if (!ReadOperation(in, ValueSyntax::kWholeText, out)) return false;
  in.SkipBlanks();
  if (!in.at_end()) in.Expect(kEndOfInput);
  return in.at_end();
}

}  // namespace

Result<Operation> ParseOperation(std::string_view text) {
  Cursor in(text);
  Operation operation;
  if (!ReadWholeText(in, operation)) return in.Failure("filter");
  return operation;
}

std::optional<Operation> TryParseOperation(std::string_view text) {
  Cursor in(text);
  Operation operation;
  if (!ReadWholeText(in, operation)) return std::nullopt;
  return operation;
}

}  // namespace pando::rest
