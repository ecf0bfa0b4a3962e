#include "rest/logic_parser.h"

#include <gtest/gtest.h>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

constexpr uint32_t kNestingMax = 100;

std::string Parsed(std::string_view key, std::string_view value) {
  const auto logic = ParseLogic(key, value, kNestingMax);
  return logic ? Show(logic->path) + Show(logic->value) : logic.error().ToString();
}

struct Accepted {
  std::string_view key;
  std::string_view value;
  std::string_view shown;
};

TEST(LogicParser, ReadsTrees) {
  const Accepted cases[] = {
      {"or", "(id.eq.1,id.eq.2)", "or(id eq [1], id eq [2])"},
      {"and", "(id.eq.1)", "and(id eq [1])"},
      {"not.or", "(a.eq.1,b.eq.2)", "not or(a eq [1], b eq [2])"},
      {"child.or", "(id.eq.1)", "child/or(id eq [1])"},
      {"a.b.not.and", "(id.eq.1)", "a/b/not and(id eq [1])"},
      {"or", "(and(a.eq.1,b.eq.2),not.or(c.eq.3,d.eq.4))", "or(and(a eq [1], b eq [2]), not or(c eq [3], d eq [4]))"},
      {"and", "(arr.not.cs.{1,2,3},and(id.not.eq.2,name.not.like.*3))",
       "and(arr not cs [{1,2,3}], and(id not eq [2], name not like [*3]))"},
      {"and", "( and ( id.in.( 1, 2 ) , id.eq.3 ) , or ( id.eq.2 ) )",
       "and(and(id in [1] [ 2 ], id eq [3 ]), or(id eq [2 ]))"},
      {"or", "(and_x.eq.1, or_x.eq.2, and.eq.3, not.eq.4)", "or(and_x eq [1], or_x eq [2], and eq [3], not eq [4])"},
      {"or", "(data->a->>b.eq.foo, \"a.b\".is.null)", "or(data>a>>b eq [foo], a.b is null)"},
      {"and", "(a.plfts(german).Art Spass, b.like(any).{x,y})",
       "and(a plfts(german) [Art Spass], b like(any) [{x,y}])"},
      {"and", "(a.eq.1,b.neq.2))", "and(a eq [1], b neq [2])"},
      {"and", "(a.eq.1) ) ", "and(a eq [1])"},
      // The parentheses were forgotten: the operator and the column run together.
      {"and", "id.eq.1", "andid eq [1]"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.key, it.value), it.shown) << it.value;
}

TEST(LogicParser, ProtectsCommasByQuotesAndBraces) {
  const Accepted cases[] = {
      {"or", R"~((name.like."*ity,4*",name.ilike."*ITY,5)"))~", "or(name like [*ity,4*], name ilike [*ITY,5)])"},
      {"or", R"((a.eq."q\"\\",b.eq.x"y"))", R"(or(a eq [q"\], b eq [x"y"]))"},
      {"or", R"((a.eq."x"y,b.eq.1))", R"(or(a eq ["x"y], b eq [1]))"},
      {"or", "(a.eq.{1,2},b.eq.{)", "or(a eq [{1,2}], b eq [{])"},
      {"or", "(a.eq.,b.in.(1,\"2)\"))", "or(a eq [], b in [1] [2)])"},
      {"or", "(a.is.null ,b.is.TRUE)", "or(a is null, b is true)"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.key, it.value), it.shown) << it.value;
}

struct Refused {
  std::string_view value;
  int column;
  std::string_view detail;
};

TEST(LogicParser, CountsColumnsFromTheOperator) {
  const Refused cases[] = {
      {"()", 4,
       "unexpected \")\" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, "
       "or)"},
      {")(", 3, R"~(unexpected ")" expecting "(")~"},
      {"(ord(id.eq.1,id.eq.1),id.eq.2)", 6, R"~(unexpected "d" expecting "(")~"},
      {"(id.eq.1,not.xor(id.eq.2,id.eq.3))", 16, "unexpected \"x\" expecting logic operator (and, or)"},
      {"(id.eq.1", 11, R"~(unexpected end of input expecting "," or ")")~"},
  };
  for (const Refused& it : cases) {
    const auto logic = ParseLogic("or", it.value, kNestingMax);
    ASSERT_FALSE(logic) << it.value;
    EXPECT_EQ(logic.error().message(), "\"failed to parse logic tree (" + std::string(it.value) +
                                           ")\" (line 1, column " + std::to_string(it.column) + ")");
    EXPECT_EQ(logic.error().detail(), it.detail) << it.value;
  }
}

TEST(LogicParser, RefusesWhatTheGrammarDoesNotKnow) {
  for (const std::string_view value : {"", "(", "(a)", "(a.b)", "(a.eq.1,)", "(and)", "(and())", "(not.(a.eq.1))",
                                       "(a.eq.{1,2}x)", "(a.is.nope)", "(a.in.1)", "(a.eq.\"x\"", "(id.eq.1;id.eq.2"}) {
    EXPECT_FALSE(ParseLogic("or", value, kNestingMax)) << value;
  }
  EXPECT_FALSE(ParseLogic("a..or", "(a.eq.1)", kNestingMax));
  EXPECT_FALSE(ParseLogic("a->b.or", "(a.eq.1)", kNestingMax));
}

std::string Nested(int levels) {
  std::string text = "(";
  for (int i = 0; i < levels; ++i) text += "and(";
  text += "a.eq.1";
  return text + std::string(static_cast<size_t>(levels) + 1, ')');
}

TEST(LogicParser, BoundsTheDepthOfTrees) {
  EXPECT_TRUE(ParseLogic("or", Nested(99), kNestingMax));
  for (const int levels : {100, 10'000}) {
    const auto deep = ParseLogic("or", Nested(levels), kNestingMax);
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().code(), "PGRST100");
    EXPECT_EQ(deep.error().detail(), "nested too deeply");
  }
}

}  // namespace
}  // namespace pando::rest
