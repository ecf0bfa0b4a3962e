#include "rest/select_parser.h"

#include <gtest/gtest.h>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

constexpr uint32_t kNestingMax = 100;

std::string Parsed(std::string_view text) {
  const auto items = ParseSelect(text, kNestingMax);
  return items ? Show(*items) : items.error().ToString();
}

struct Accepted {
  std::string_view text;
  std::string_view shown;
};

TEST(SelectParser, ReadsColumnsEmbedsAndSpreads) {
  const Accepted cases[] = {
      {"", ""},
      {"  ", ""},
      {"*", "*"},
      {" id , name ", "id, name"},
      {"*,id", "*, id"},
      {"field-with_sep", "field-with_sep"},
      {"a b$1", "a b$1"},
      {"\xD9\x85\xD9\x88", "\xD9\x85\xD9\x88"},
      {R"~(":arr->ow::cast","(inside,parens)","  w  ")~", ":arr->ow::cast, (inside,parens),   w  "},
      {R"~("a\"b\\c")~", R"(a"b\c)"},
      {"myId:id", "myId=id"},
      {R"~("my id":"the id")~", "my id=the id"},
      {"id::text", "id::text"},
      {"myId:id::double precision", "myId=id::double precision"},
      {"a::_int4", "a::_int4"},
      {"settings->foo->>bar", "settings>foo>>bar"},
      {"x:data->0->>-1::int", "x=data>#0>>#-1::int"},
      {"data->0xy1", "data>0xy1"},
      {"data->23-xy-45", "data>23-xy-45"},
      {R"~(data->"a->b")~", "data>a->b"},
      {"data->!@#$%^&*_a->>b::integer", "data>!@#$%^&*_a>>b::integer"},
      {"clients(*)", "clients(*)"},
      {"id, clients ( id , name )", "id, clients(id, name)"},
      {"clients()", "clients()"},
      {"clients( )", "clients()"},
      {"c:clients!fk!inner(id)", "c=clients!fk!inner(id)"},
      {"clients!inner!fk(id)", "clients!fk!inner(id)"},
      {"clients!left(id)", "clients!left(id)"},
      {"clients!leftover(id)", "clients!leftover(id)"},
      {R"(clients!"inner"(id))", "clients!inner(id)"},
      {"clients!a!b(id)", "clients!a(id)"},
      {"a(b(c(*),d))", "a(b(c(*), d))"},
      {"id,...clients(name,...x(y))", "id, ...clients(name, ...x(y))"},
      {"count", "count"},
      {"projects(count)", "projects(count)"},
      {"count()", ".count"},
      {"cnt:count()::text", "cnt=.count::text"},
      {"total.sum()", "total.sum"},
      {"s:data->>key::integer.avg()::text", "s=data>>key::integer.avg::text"},
      {"a.max(),b.min(),c.count()", "a.max, b.min, c.count"},
  };
  for (const Accepted& it : cases) EXPECT_EQ(Parsed(it.text), it.shown) << it.text;
}

struct Refused {
  std::string_view text;
  int column;
  std::string_view detail;
};

TEST(SelectParser, SaysWhereAndWhatItExpected) {
  const Refused cases[] = {
      {"data->>--34", 9, R"(unexpected "-" expecting digit)"},
      {"data->>-78xy", 11, R"(unexpected 'x' expecting digit, "->", "::", ".", "," or end of input)"},
      {"data->>-xy-4", 9, R"(unexpected "x" expecting digit)"},
      {"id,", 4, "unexpected end of input expecting field name (* or [a..z0..9_$])"},
      {",id", 1, R"(unexpected "," expecting field name (* or [a..z0..9_$]))"},
      {"id.foo()", 4, R"~(unexpected "f" expecting "sum", "avg", "count", "max" or "min")~"},
      {"a(b", 4, R"~(unexpected end of input expecting letter, digit, "-", "->>", "->", "::", ".", "," or ")")~"},
      {"...a", 5, R"~(unexpected end of input expecting letter, digit, "-", "!" or "(")~"},
      {R"("abc)", 5, R"~(unexpected end of input expecting "\"")~"},
  };
  for (const Refused& it : cases) {
    const auto items = ParseSelect(it.text, kNestingMax);
    ASSERT_FALSE(items) << it.text;
    EXPECT_EQ(items.error().code(), "PGRST100");
    EXPECT_EQ(items.error().message(), "\"failed to parse select parameter (" + std::string(it.text) +
                                           ")\" (line 1, column " + std::to_string(it.column) + ")");
    EXPECT_EQ(items.error().detail(), it.detail) << it.text;
  }
}

TEST(SelectParser, RefusesWhatTheGrammarDoesNotKnow) {
  for (const std::string_view text : {"id)",     "(id)",          "count(id)",  "x:count!inner(id)",
                                      "*:a",     "a:b:c",         "a:...b(c)",  "x:*",
                                      "id::",    "id::int::text", "id.sum",     "id.sum(",
                                      "a(b))",   "a!(b)",         "a!b!c!d(e)", "data->",
                                      "data->>", "data->a(b)",    "a-",         "a->>>b",
                                      "\"",      "..a(b)",        "....a(b)"}) {
    EXPECT_FALSE(ParseSelect(text, kNestingMax)) << text;
  }
}

TEST(SelectParser, CountsColumnsInCharactersAndLinesInLineBreaks) {
  EXPECT_EQ(ParseSelect("\xC3\xA9\xC3\xA9,!", kNestingMax).error().message(),
            "\"failed to parse select parameter (\xC3\xA9\xC3\xA9,!)\" (line 1, column 4)");
  EXPECT_EQ(ParseSelect("a,\n!", kNestingMax).error().message(),
            "\"failed to parse select parameter (a,\n!)\" (line 1, column 3)");
  EXPECT_EQ(ParseSelect("\"a\n\",!", kNestingMax).error().message(),
            "\"failed to parse select parameter (\"a\n\",!)\" (line 2, column 3)");
}

std::string Nested(int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += "a(";
  text += "b";
  return text + std::string(static_cast<size_t>(levels), ')');
}

TEST(SelectParser, BoundsTheDepthOfEmbeds) {
  EXPECT_TRUE(ParseSelect(Nested(100), kNestingMax));
  const auto deep = ParseSelect(Nested(101), kNestingMax);
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().detail(), "nested too deeply");
}

TEST(SelectParser, BoundsTheNumberOfItems) {
  std::string text = "a";
  for (size_t i = 3; i < kSelectItemsMax; ++i) text += ",a";
  EXPECT_TRUE(ParseSelect(text + ",b(a)", 100));
  const auto refused = ParseSelect(text + ",b(a,a)", 100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail(), "more columns than a row has");
}

TEST(SelectParser, ShowsOnlyTheBeginningOfALongText) {
  const auto deep = ParseSelect(Nested(10'000), kNestingMax);
  ASSERT_FALSE(deep);
  EXPECT_LT(deep.error().message().size(), 2100u);
}

}  // namespace
}  // namespace pando::rest
