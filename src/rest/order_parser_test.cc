#include "rest/order_parser.h"

#include <gtest/gtest.h>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

struct Accepted {
  std::string_view text;
  std::string_view shown;
};

TEST(OrderParser, ReadsTerms) {
  const Accepted cases[] = {
      {"id", "id"},
      {"id.asc,name.desc", "id asc, name desc"},
      {"a.nullsfirst", "a nullsfirst"},
      {"a.desc.nullslast, b", "a desc nullslast, b"},
      {"data->foo->>bar.desc.nullsfirst", "data>foo>>bar desc nullsfirst"},
      {"clients(name).desc", "clients(name) desc"},
      {"clients(data->>0.x)", ""},
      {"clients(data->>x).nullslast", "clients(data>>x) nullslast"},
      {"\"a.b\".asc", "a.b asc"},
      {"\"a b\"(\"c,d\").asc", "a b(c,d) asc"},
  };
  for (const Accepted& it : cases) {
    const auto terms = ParseOrder(it.text);
    EXPECT_EQ(terms ? Show(*terms) : "", it.shown) << it.text;
  }
}

struct Refused {
  std::string_view text;
  int column;
  std::string_view detail;
};

TEST(OrderParser, SaysWhereAndWhatItExpected) {
  const Refused cases[] = {
      {"id.asc.nullslasttt", 17, R"(unexpected 't' expecting "," or end of input)"},
      {"", 1, "unexpected end of input expecting field name (* or [a..z0..9_$])"},
      {"id.ascending", 7, R"(unexpected 'e' expecting delimiter (.), "," or end of input)"},
      {"id.up", 4, R"~(unexpected "u" expecting "asc", "desc", "nullsfirst" or "nullslast")~"},
      {"id,", 4, "unexpected end of input expecting field name (* or [a..z0..9_$])"},
  };
  for (const Refused& it : cases) {
    const auto terms = ParseOrder(it.text);
    ASSERT_FALSE(terms) << it.text;
    EXPECT_EQ(terms.error().message(), "\"failed to parse order (" + std::string(it.text) + ")\" (line 1, column " +
                                           std::to_string(it.column) + ")");
    EXPECT_EQ(terms.error().detail(), it.detail) << it.text;
  }
}

TEST(OrderParser, RefusesWhatTheGrammarDoesNotKnow) {
  for (const std::string_view text : {"id.nullsfirst.asc", "a(b(c))", "a()", "a(b", "a->b(c)", "id.desc.asc", "*"}) {
    EXPECT_FALSE(ParseOrder(text)) << text;
  }
}

}  // namespace
}  // namespace pando::rest
