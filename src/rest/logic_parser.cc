#include "rest/logic_parser.h"

#include <utility>

#include "rest/cursor.h"
#include "rest/field_parser.h"
#include "rest/filter_parser.h"

namespace pando::rest {
namespace {

class LogicParser {
 public:
  LogicParser(std::string_view text, uint32_t nesting_max) : in_(text), nesting_max_(nesting_max) {}

  // Nothing may follow the tree but parentheses too many, which PostgREST takes and which say nothing.
  bool ReadAll(Logic& out);

  const Cursor& cursor() const { return in_; }

 private:
  bool ReadTree(Logic& out, uint32_t depth);
  bool ReadLeaf(Filter& out);
  bool ReadBranchHead(Logic& out);
  bool ReadChildren(Logic& out, uint32_t depth);

  Cursor in_;
  const uint32_t nesting_max_;
};

bool LogicParser::ReadAll(Logic& out) {
  if (!ReadTree(out, 0)) return false;
  while (in_.peek() == ')' || in_.peek() == ' ' || in_.peek() == '\t') in_.Advance(1);
  if (!in_.at_end()) in_.Expect(kEndOfInput);
  return in_.at_end();
}

// A column may be called "and" or begin with "or", so the leaf is tried first; it costs its own length at most, because
// a branch shows itself at its parenthesis.
bool LogicParser::ReadTree(Logic& out, uint32_t depth) {
  if (depth > nesting_max_) return in_.Refuse("nested too deeply");
  in_.SkipBlanks();
  const size_t start = in_.position();
  if (ReadLeaf(out.filter)) return true;
  in_.Seek(start);
  out.filter = Filter();
  return ReadBranchHead(out) && ReadChildren(out, depth);
}

// field , "." , op-expr
bool LogicParser::ReadLeaf(Filter& out) {
  return ReadField(in_, out.field) && in_.Take(".", kDelimiter) &&
         ReadOperation(in_, ValueSyntax::kLogicLeaf, out.operation);
}

// [ "not." ] , ( "and" | "or" ). What the leaf would have wanted is forgotten as soon as this takes a word.
bool LogicParser::ReadBranchHead(Logic& out) {
  const auto take = [this](std::string_view word, std::string_view label) {
    if (!in_.Take(word, label)) return false;
    in_.ForgetFailures();
    return true;
  };
  out.negated = take("not.", "negation operator (not)");
  if (take("and", "logic operator (and, or)")) {
    out.kind = Logic::Kind::kAnd;
  } else if (take("or", "logic operator (and, or)")) {
    out.kind = Logic::Kind::kOr;
  } else {
    return false;
  }
  return true;
}

// "(" , tree , { "," , tree } , ")" with blanks allowed around each sign.
bool LogicParser::ReadChildren(Logic& out, uint32_t depth) {
  in_.SkipBlanks();
  if (!in_.Take("(", kOpenParenthesis)) return false;
  do {
    if (!ReadTree(out.children.emplace_back(), depth + 1)) return false;
    in_.SkipBlanks();
  } while (in_.Take(",", kComma));
  if (!in_.Take(")", kCloseParenthesis)) return false;
  in_.SkipBlanks();
  return true;
}

// [ path , "." ] , [ "not." ] , ( "and" | "or" ): gives the path, and the operator as it stands before a tree.
Result<At<std::string>> ParseKey(std::string_view key) {
  Cursor in(key);
  EmbedPath path;
  Field last;
  if (!ReadTreePath(in, path, last)) return in.Failure("logic path");
  std::string head = std::move(last.name);
  if (!path.empty() && path.back() == "not") {
    path.pop_back();
    head.insert(0, "not.");
  }
  return At<std::string>{std::move(path), std::move(head)};
}

}  // namespace

Result<At<Logic>> ParseLogic(std::string_view key, std::string_view value, uint32_t nesting_max) {
  PANDO_TRY(At<std::string> head, ParseKey(key));
  // The operator is put back before its list, so that one rule reads outer and inner trees. Columns in messages count
  // from there.
  head.value += value;
  LogicParser parser(head.value, nesting_max);
  At<Logic> logic{std::move(head.path), {}};
  if (!parser.ReadAll(logic.value)) return parser.cursor().Failure("logic tree", value);
  return logic;
}

}  // namespace pando::rest
