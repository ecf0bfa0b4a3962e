#include "rest/query_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

Query Parsed(std::string_view text, bool arguments_allowed = false) {
  const QueryContext context{.arguments_allowed = arguments_allowed, .nesting_max = 100};
  Result<ParsedQuery> parsed = ParseQuery(text, context);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().ToString());
  return parsed ? std::move(parsed->query) : Query();
}

Error Refusal(std::string_view text) {
  const Result<ParsedQuery> parsed = ParseQuery(text, {});
  return parsed ? Error(ErrorId::kInternalBug, "accepted") : parsed.error();
}

std::vector<std::string> Filters(const Query& query) {
  std::vector<std::string> shown;
  for (const At<Filter>& filter : query.filters) shown.push_back(Show(filter.path) + Show(filter.value));
  return shown;
}

TEST(QueryParser, SendsEachParameterWhereItBelongs) {
  const Query query = Parsed(
      "select=id,tasks(*)&id=gt.1&tasks.name=eq.x&id=lt.5&or=(a.eq.1)&tasks.not.and=(b.eq.2)&order=id.desc"
      "&tasks.order=name&columns=b,\"a\",b&on_conflict=b,a");
  EXPECT_EQ(Show(query.select), "id, tasks(*)");
  EXPECT_THAT(Filters(query), ElementsAre("id gt [1]", "tasks/name eq [x]", "id lt [5]"));
  ASSERT_EQ(query.logic.size(), 2u);
  EXPECT_EQ(Show(query.logic[1].path) + Show(query.logic[1].value), "tasks/not and(b eq [2])");
  ASSERT_EQ(query.order.size(), 2u);
  EXPECT_EQ(Show(query.order[1].path) + Show(query.order[1].value), "tasks/name");
  EXPECT_THAT(query.columns, Optional(ElementsAre("a", "b")));
  EXPECT_THAT(query.on_conflict, Optional(ElementsAre("b", "a")));
}

TEST(QueryParser, DecodesKeysAndValues) {
  const Query query = Parsed("na%6De=eq.a+b%26c%3Dd&data-%3E%3Eid=eq.1&%22*id*%22=eq.1");
  EXPECT_THAT(Filters(query), ElementsAre("name eq [a b&c=d]", "data>>id eq [1]", "*id* eq [1]"));
}

TEST(QueryParser, SplitsAtAmpersandsAlone) {
  EXPECT_THAT(Filters(Parsed("t=eq.a;b&&u=eq.;&w=eq.%3B;c=eq.1&")),
              ElementsAre("t eq [a;b]", "u eq [;]", "w eq [;;c=eq.1]"));
}

TEST(QueryParser, LooksAtTheLastDotSegmentForReservedWords) {
  const Query query = Parsed("order.x=eq.1&a.select=eq.2&\"x.order\"=eq.3&limits=eq.4");
  EXPECT_THAT(Filters(query), ElementsAre("order/x eq [1]", "a/select eq [2]", "x.order eq [3]", "limits eq [4]"));
}

TEST(QueryParser, RefusesAParameterThatIsGivenTwice) {
  for (const std::string_view text :
       {"select=a&select=b", "select=&select=", "columns=a&columns=b", "on_conflict=a&on_conflict=a", "order=a&order=b",
        "limit=1&limit=2", "offset=0&offset=0", "t.order=a&order=b&t.order=c", "t.u.limit=1&t.limit=2&t.u.limit=3"}) {
    EXPECT_THAT(Refusal(text).message(), testing::EndsWith("is given more than once")) << text;
    EXPECT_EQ(Refusal(text).code(), "PGRST100") << text;
  }
  EXPECT_EQ(Refusal("t.limit=1&t.limit=1").message(), "the parameter \"t.limit\" is given more than once");
  Parsed("order=a&t.order=b&t.u.order=c&limit=1&t.limit=1&t.offset=1&or=(a.eq.1)&or=(a.eq.1)&a=eq.1&a=eq.1");
}

TEST(QueryParser, RefusesParametersWithoutAnEqualsSign) {
  for (const std::string_view text : {"id", "id&a=eq.1", "a=eq.1&id", "select", "limit", "%69d", "a.b"}) {
    EXPECT_THAT(Refusal(text).message(), testing::StartsWith("\"failed to parse parameter (")) << text;
    EXPECT_EQ(Refusal(text).code(), "PGRST100") << text;
  }
  EXPECT_EQ(Refusal("id").detail(), "unexpected end of input expecting \"=\"");
}

TEST(QueryParser, TakesABoundedNumberOfParameters) {
  std::string text = "id=eq.1";
  for (int64_t i = 1; i < kParametersMax; ++i) text += "&id=eq.1";
  EXPECT_EQ(Parsed(text).filters.size(), static_cast<size_t>(kParametersMax));
  EXPECT_EQ(Refusal(text + "&id=eq.1").message(), "the query string has more than 1600 parameters");
}

TEST(QueryParser, WritesTheCanonicalQuery) {
  EXPECT_EQ(Parsed("b=eq.1&a=eq.1").canonical, "a=eq.1&b=eq.1");
  EXPECT_EQ(Parsed("id=gt.1&a=in.(1,2)&id=lt.5").canonical, "a=in.%281%2C2%29&id=gt.1,lt.5");
  EXPECT_EQ(Parsed("a=eq.x+y%C3%A9").canonical, "a=eq.x%20y%C3%A9");
  EXPECT_EQ(Parsed("").canonical, "");
}

TEST(QueryParser, CollectsLimitsAndOffsets) {
  const Result<ParsedQuery> parsed = ParseQuery("limit=5&tasks.offset=2&offset=99999999999999999999", {});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->query.has_limit_or_offset);
  ASSERT_EQ(parsed->windows.size(), 3u);
  EXPECT_EQ(parsed->windows[0].value, 5);
  EXPECT_THAT(parsed->windows[1].path, ElementsAre("tasks"));
  EXPECT_EQ(parsed->windows[2].value, std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(Parsed("tasks.limit=1").has_limit_or_offset);
}

TEST(QueryParser, TellsArgumentsFromFilters) {
  const Query query = Parsed("id=5&id=gt.2&v=a&v=b&name=in.Berlin&select=id&x=", true);
  EXPECT_THAT(Filters(query), ElementsAre("id gt [2]"));
  EXPECT_THAT(query.arguments,
              ElementsAre(Pair("id", "5"), Pair("v", "a"), Pair("v", "b"), Pair("name", "in.Berlin"), Pair("x", "")));
  // An argument of such a name is not the argument "b", nor "data".
  EXPECT_THAT(Parsed("a.b=5&data->c=6&\"x y\"=7", true).arguments,
              ElementsAre(Pair("a.b", "5"), Pair("data->c", "6"), Pair("x y", "7")));
}

struct Refused {
  std::string_view text;
  std::string_view message;
};

TEST(QueryParser, NamesWhatItCouldNotParse) {
  const Refused cases[] = {
      {"id=0", R"~("failed to parse filter (0)" (line 1, column 1))~"},
      {"a..b=eq.1", R"~("failed to parse tree path (a..b)" (line 1, column 3))~"},
      {"a(b=eq.1", R"~("failed to parse tree path (a(b)" (line 1, column 2))~"},
      {".order=a", R"~("failed to parse tree path (.order)" (line 1, column 1))~"},
      {"a->b.limit=1", R"~("failed to parse tree path (a->b.limit)" (line 1, column 5))~"},
      {".or=(a.eq.1)", R"~("failed to parse logic path (.or)" (line 1, column 1))~"},
      {"=x", R"~("failed to parse tree path ()" (line 1, column 1))~"},
      {"=eq.1", R"~("failed to parse tree path ()" (line 1, column 1))~"},
      {".limit=1", R"~("failed to parse tree path (.limit)" (line 1, column 1))~"},
      {"id=", R"~("failed to parse filter ()" (line 1, column 1))~"},
      {"id=eq", R"~("failed to parse filter (eq)" (line 1, column 3))~"},
      {"id=foo.1", R"~("failed to parse filter (foo.1)" (line 1, column 1))~"},
      {"id=in.(1,2)3", R"~("failed to parse filter (in.(1,2)3)" (line 1, column 9))~"},
      {"id=not.in.(a(b))", R"~("failed to parse filter (not.in.(a(b)))" (line 1, column 13))~"},
      {"order=", R"~("failed to parse order ()" (line 1, column 1))~"},
      {"and=", R"~("failed to parse logic tree ()" (line 1, column 4))~"},
      {"or=()", R"~("failed to parse logic tree (())" (line 1, column 4))~"},
      {"or=(a.eq.f(x),b.eq.2)", R"~("failed to parse logic tree ((a.eq.f(x),b.eq.2))" (line 1, column 13))~"},
      {"limit=abc", R"~("failed to parse limit (abc)" (line 1, column 1))~"},
      {"limit=", R"~("failed to parse limit ()" (line 1, column 1))~"},
      {"limit=1.5", R"~("failed to parse limit (1.5)" (line 1, column 1))~"},
      {"t.limit=5x", R"~("failed to parse limit (5x)" (line 1, column 1))~"},
      {"offset=x", R"~("failed to parse offset (x)" (line 1, column 1))~"},
      {"offset=-1", R"~("failed to parse offset (-1)" (line 1, column 1))~"},
      {"t.offset=-1", R"~("failed to parse offset (-1)" (line 1, column 1))~"},
      {"columns=", R"~("failed to parse columns parameter ()" (line 1, column 1))~"},
      {"columns=a)", R"~("failed to parse columns parameter (a))" (line 1, column 2))~"},
      {"on_conflict=a,", R"~("failed to parse on_conflict parameter (a,)" (line 1, column 3))~"},
      {"id=eq.%zz", "invalid percent-encoding in the URL"},
      {"i%00d=eq.1", "the URL holds a NUL character"},
      {"id=eq.%FF", "the URL is not valid UTF-8 after decoding"},
      {"id=eq.\xFF", "the URL is not valid UTF-8 after decoding"},
  };
  for (const Refused& it : cases) {
    EXPECT_EQ(Refusal(it.text).message(), it.message);
    EXPECT_EQ(Refusal(it.text).code(), "PGRST100");
  }
  EXPECT_EQ(Refusal("columns=").detail(), "unexpected end of input expecting field name (* or [a..z0..9_$])");
}

TEST(QueryParser, ReportsTheSameOfSeveralMistakesInAnyOrder) {
  EXPECT_THAT(Refusal("id=0&select=!&order=!").message(), testing::HasSubstr("parse order"));
  EXPECT_THAT(Refusal("id=0&select=!").message(), testing::HasSubstr("parse select parameter"));
}

}  // namespace
}  // namespace pando::rest
