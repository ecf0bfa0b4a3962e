#include "rest/order_parser.h"

#include <utility>

#include "rest/cursor.h"
#include "rest/field_parser.h"

namespace pando::rest {
namespace {

// Takes "." and `word` together or nothing.
bool TakeSuffix(Cursor& in, std::string_view word, std::string_view label) {
  if (in.peek() != '.') {
    in.Expect(kDelimiter);
    return false;
  }
  if (!in.rest().substr(1).starts_with(word)) {
    in.ExpectAt(in.position() + 1, label);
    return false;
  }
  in.Advance(1 + word.size());
  return true;
}

// field-name , "(" , field , ")": the name has been read already.
bool ReadRelated(Cursor& in, OrderTerm& out) {
  in.Advance(1);
  out.relation = std::move(out.field.name);
  return ReadField(in, out.field) && in.Take(")", kCloseParenthesis);
}

bool ReadTerm(Cursor& in, OrderTerm& out) {
  in.SkipBlanks();
  if (!ReadFieldName(in, out.field.name)) return false;
  if (in.peek() == '(' ? !ReadRelated(in, out) : !ReadJsonPath(in, out.field.path)) return false;
  if (TakeSuffix(in, "asc", "\"asc\"")) {
    out.direction = Direction::kAsc;
  } else if (TakeSuffix(in, "desc", "\"desc\"")) {
    out.direction = Direction::kDesc;
  }
  if (TakeSuffix(in, "nullsfirst", "\"nullsfirst\"")) {
    out.nulls = Nulls::kFirst;
  } else if (TakeSuffix(in, "nullslast", "\"nullslast\"")) {
    out.nulls = Nulls::kLast;
  }
  in.SkipBlanks();
  return true;
}

}  // namespace

Result<std::vector<OrderTerm>> ParseOrder(std::string_view text) {
  Cursor in(text);
  std::vector<OrderTerm> terms;
  do {
    if (!ReadTerm(in, terms.emplace_back())) return in.Failure("order");
  } while (in.Take(",", kComma));
  if (in.at_end()) return terms;
  in.Expect(kEndOfInput);
  return in.Failure("order");
}

}  // namespace pando::rest
