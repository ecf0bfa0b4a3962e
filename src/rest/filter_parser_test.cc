#include "rest/filter_parser.h"

#include <gtest/gtest.h>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

std::string Parsed(std::string_view text) {
  const auto operation = ParseOperation(text);
  return operation ? Show(*operation) : operation.error().ToString();
}

struct Accepted {
  std::string_view text;
  std::string_view shown;
};

TEST(FilterParser, ReadsEveryOperator) {
  const Accepted cases[] = {
      {"eq.5", "eq [5]"},
      {"neq.5", "neq [5]"},
      {"gt.5", "gt [5]"},
      {"gte.5", "gte [5]"},
      {"lt.5", "lt [5]"},
      {"lte.5", "lte [5]"},
      {"like.*yx", "like [*yx]"},
      {"ilike.xy*", "ilike [xy*]"},
      {"match.^xy", "match [^xy]"},
      {"imatch.^xy", "imatch [^xy]"},
      {"isdistinct.2", "isdistinct [2]"},
      {"fts.fun&possible", "fts [fun&possible]"},
      {"fts(french).amusant", "fts(french) [amusant]"},
      {"plfts(simple unaccent).x", "plfts(simple unaccent) [x]"},
      {"phfts.The Fat Cats", "phfts [The Fat Cats]"},
      {"wfts.a or b", "wfts [a or b]"},
      {"cs.{1,2}", "cs [{1,2}]"},
      {"cd.[1,2]", "cd [[1,2]]"},
      {"ov.{3}", "ov [{3}]"},
      {"sl.[9,10]", "sl [[9,10]]"},
      {"sr.[3,4]", "sr [[3,4]]"},
      {"nxr.[4,7]", "nxr [[4,7]]"},
      {"nxl.[4,7]", "nxl [[4,7]]"},
      {"adj.(3,10]", "adj [(3,10]]"},
      {"gt(any).{4,3}", "gt(any) [{4,3}]"},
      {"like(all).{%a%}", "like(all) [{%a%}]"},
      {"not.eq.5", "not eq [5]"},
      {"not.imatch(any).{a}", "not imatch(any) [{a}]"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.text), it.shown) << it.text;
}

TEST(FilterParser, TakesTheWholeValueLiterally) {
  const Accepted cases[] = {
      {"eq.", "eq []"},       {"eq.\"x\"", "eq [\"x\"]"},       {"eq.a.b,c)", "eq [a.b,c)]"},
      {"eq. x ", "eq [ x ]"}, {"eq.not.eq.1", "eq [not.eq.1]"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.text), it.shown) << it.text;
}

TEST(FilterParser, ReadsLists) {
  const Accepted cases[] = {
      {"in.(1,2)", "in [1] [2]"},
      {"not.in.(1)", "not in [1]"},
      {"in.()", "in"},
      {"in.(    )", "in"},
      {"in. ( 1, 2 )", "in [1] [ 2 ]"},
      {"in.( ,3)", "in [] [3]"},
      {"in.(,)", "in [] []"},
      {R"(in.("a,b",c))", "in [a,b] [c]"},
      {R"~(in.("x(007)"))~", "in [x(007)]"},
      {R"(in.(""))", "in []"},
      {R"(in.("\\","\"q\""))", R"(in [\] ["q"])"},
      {R"(in.(\,/\S/))", R"(in [\] [/\S/])"},
      {R"(in.(a"b,"c"d))", R"(in [a"b] ["c"d])"},
      {R"(in.("c"d,e"))", R"(in ["c"d] [e"])"},
      {"in.(1,2) ", "in [1] [2]"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.text), it.shown) << it.text;
}

TEST(FilterParser, ReadsIsInAnyLetterCase) {
  const Accepted cases[] = {
      {"is.null", "is null"},   {"is.NULL", "is null"},       {"is.NoT_NuLl", "is not_null"}, {"is.true", "is true"},
      {"is.FALSE", "is false"}, {"is.unknown", "is unknown"}, {"not.is.null", "not is null"}, {"is.null ", "is null"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.text), it.shown) << it.text;
}

struct Refused {
  std::string_view text;
  int column;
  std::string_view detail;
};

TEST(FilterParser, SaysWhereAndWhatItExpected) {
  const Refused cases[] = {
      {"0", 1, R"(unexpected "0" expecting "not" or operator (eq, gt, ...))"},
      {"", 1, R"(unexpected end of input expecting "not" or operator (eq, gt, ...))"},
      {"eqq.5", 3, R"(unexpected "q" expecting operator (eq, gt, ...))"},
      {"eq", 3, R"(unexpected end of input expecting operator (eq, gt, ...))"},
      {"eq(some).5", 4, R"(unexpected "s" expecting operator (eq, gt, ...))"},
      {"not.foo", 5, R"(unexpected "f" expecting operator (eq, gt, ...))"},
      {"is.obo", 4, R"(unexpected "o" expecting isVal: (null, not_null, true, false, unknown))"},
      {"is.nil", 5, R"(unexpected "i" expecting isVal: (null, not_null, true, false, unknown))"},
      {"is.nullx", 8, R"(unexpected "x" expecting isVal: (null, not_null, true, false, unknown))"},
      {"in.1", 4, R"~(unexpected "1" expecting "(")~"},
      {"in.(1,2)rest", 9, "unexpected 'r' expecting end of input"},
      {"in.(1,2", 8, R"~(unexpected end of input expecting "," or ")")~"},
  };
  for (const Refused& it : cases) {
    const auto operation = ParseOperation(it.text);
    ASSERT_FALSE(operation) << it.text;
    EXPECT_EQ(operation.error().message(), "\"failed to parse filter (" + std::string(it.text) +
                                               ")\" (line 1, column " + std::to_string(it.column) + ")");
    EXPECT_EQ(operation.error().detail(), it.detail) << it.text;
  }
}

TEST(FilterParser, RefusesModifiersThatAnOperatorDoesNotHave) {
  for (const std::string_view text : {"neq(any).{1}", "cs(all).{1}", "in(any).(1)", "eq(english).x", "fts().x",
                                      "fts(a).", "fts(any.x", "EQ.5", "Not.eq.5", "is(any).null"}) {
    const bool language_without_word = text == "fts(a).";
    EXPECT_EQ(ParseOperation(text).has_value(), language_without_word) << text;
  }
}

TEST(FilterParser, GivesNothingForAnArgumentOfAFunction) {
  EXPECT_FALSE(TryParseOperation("John"));
  EXPECT_FALSE(TryParseOperation("in.Berlin"));
  EXPECT_FALSE(TryParseOperation("is.fine"));
  EXPECT_TRUE(TryParseOperation("gt.2"));
}

}  // namespace
}  // namespace pando::rest
