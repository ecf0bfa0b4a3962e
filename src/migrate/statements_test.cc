#include "migrate/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pando::migrate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Split(std::string_view script) {
  std::vector<std::string> texts;
  for (const Statement& statement : SplitStatements(script)) texts.emplace_back(statement.text);
  return texts;
}

TEST(SplitStatements, SplitsAtSemicolons) {
  EXPECT_THAT(Split("select 1; select 2 ;\n"), ElementsAre("select 1", "select 2 "));
  EXPECT_THAT(Split("select 1"), ElementsAre("select 1"));
  EXPECT_THAT(Split(" ;; -- nothing\n /* at /* all */ */ ;"), IsEmpty());
}

TEST(SplitStatements, LooksIntoNothingThatIsQuoted) {
  EXPECT_THAT(Split("select ';', 'it''s;', \"a;b\"; x"), ElementsAre("select ';', 'it''s;', \"a;b\"", "x"));
  EXPECT_THAT(Split(R"(select E'\';', 'a\'; x)"), ElementsAre(R"(select E'\';', 'a\')", "x"));
  EXPECT_THAT(Split("do $$ a; $b$; $$; do $b$ $$; $b$; x"), ElementsAre("do $$ a; $b$; $$", "do $b$ $$; $b$", "x"));
  EXPECT_THAT(Split("select $1; select a$b$; x"), ElementsAre("select $1", "select a$b$", "x"));
  EXPECT_THAT(Split("select 1 -- ; no\n; select 2 /* ; /* ; */ ; */"),
              ElementsAre("select 1 -- ; no\n", "select 2 /* ; /* ; */ ; */"));
}

TEST(SplitStatements, KeepsRulesInParenthesesTogether) {
  EXPECT_THAT(Split("create rule r as on insert to t do (select 1; select 2); x"),
              ElementsAre("create rule r as on insert to t do (select 1; select 2)", "x"));
}

TEST(SplitStatements, KeepsTheBodiesOfSqlStandardFunctionsTogether) {
  const std::string function =
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END";
  EXPECT_THAT(Split(function + "; select 1"), ElementsAre(function, "select 1"));
  EXPECT_THAT(Split("begin; create table t (); end; x"), ElementsAre("begin", "create table t ()", "end", "x"));
}

TEST(SplitStatements, TakesWhatHasNoEndToTheEnd) {
  EXPECT_THAT(Split("select 'a; b"), ElementsAre("select 'a; b"));
  EXPECT_THAT(Split("select $x$ a; b"), ElementsAre("select $x$ a; b"));
  EXPECT_THAT(Split("select 1; /* a; b"), ElementsAre("select 1"));
}

TEST(SplitStatements, KnowsTheLineOfEachStatement) {
  const std::vector<Statement> statements = SplitStatements("-- head\n\nselect 1;\nselect\n 2; select 3;\n\nselect 4");
  ASSERT_EQ(statements.size(), 4u);
  EXPECT_EQ(statements[0].line, 3);
  EXPECT_EQ(statements[1].line, 4);
  EXPECT_EQ(statements[2].line, 5);
  EXPECT_EQ(statements[3].line, 7);
}

TEST(ControlsTransaction, KnowsTheStatementsThatDo) {
  for (const char* statement : {"BEGIN", "begin isolation level serializable", "commit", "END", "rollback", "abort",
                                "start transaction", "prepare transaction 'x'", "ROLLBACK /* x */ AND CHAIN"}) {
    EXPECT_TRUE(ControlsTransaction(statement)) << statement;
  }
  for (const char* statement : {"rollback to a", "ROLLBACK TO SAVEPOINT a", "savepoint a", "prepare p as select 1",
                                "select 'commit'", "create table t ()", ""}) {
    EXPECT_FALSE(ControlsTransaction(statement)) << statement;
  }
}

TEST(CopiesFromClient, KnowsCopyFromStandardInput) {
  EXPECT_TRUE(CopiesFromClient("COPY t (a) FROM stdin"));
  EXPECT_FALSE(CopiesFromClient("copy t from '/tmp/stdin'"));
  EXPECT_FALSE(CopiesFromClient("select stdin from t"));
}

}  // namespace
}  // namespace pando::migrate
