#include "serve/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

struct StatusCase {
  const char* sqlstate;
  const char* message;
  bool anonymous;
  int status;
};

class SqlstateStatus : public testing::TestWithParam<StatusCase> {};

TEST_P(SqlstateStatus, IsTheOneThatClientsOfTheApiKnow) {
  const StatusCase& c = GetParam();
  EXPECT_EQ(HttpStatusOf(Error::FromDatabase(c.sqlstate, c.message), c.anonymous), c.status) << c.sqlstate;
}

INSTANTIATE_TEST_SUITE_P(
    Table, SqlstateStatus,
    testing::Values(StatusCase{"42501", "permission denied", true, 401},
                    StatusCase{"42501", "permission denied", false, 403},
                    StatusCase{"23505", "duplicate key", true, 409}, StatusCase{"23503", "no such parent", true, 409},
                    StatusCase{"22P02", "invalid input syntax", true, 400},
                    StatusCase{"42P01", "no relation", true, 404}, StatusCase{"42883", "no such operator", true, 404},
                    StatusCase{"22023", "role \"x\" does not exist", true, 401},
                    StatusCase{"22023", "bad parameter", true, 400}, StatusCase{"25006", "read only", true, 405},
                    StatusCase{"23001", "restrict", true, 409}, StatusCase{"23P01", "exclusion", true, 409},
                    StatusCase{"23514", "check", true, 400}, StatusCase{"21000", "a row a second time", true, 400},
                    StatusCase{"21000", "UPDATE requires a WHERE clause", true, 400},
                    StatusCase{"55000", "cannot insert into view", true, 400},
                    StatusCase{"54000", "index row size exceeds", true, 400},
                    StatusCase{"54001", "statement too complex", true, 500}, StatusCase{"55P03", "locked", true, 500},
                    StatusCase{"08006", "gone", true, 503}, StatusCase{"53300", "too many", true, 503},
                    StatusCase{"53400", "limit", true, 500}, StatusCase{"57P01", "shutdown", true, 503},
                    StatusCase{"57014", "cancelled", true, 500}, StatusCase{"40001", "serialize", true, 500},
                    StatusCase{"P0001", "raised", true, 400}, StatusCase{"P0002", "none", true, 500},
                    StatusCase{"PT402", "Payment Required", true, 402}, StatusCase{"PTxyz", "?", true, 500}));

TEST(RenderErrorTest, WritesAllFourFieldsSortedAndCompact) {
  const Error error = Error(ErrorId::kQueryParse, "bad \"x\"").WithDetail("here");
  const http::Response response = RenderError(error, {});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"code":"PGRST100","details":"here","hint":null,"message":"bad \"x\""})");
}

TEST(RenderErrorTest, HasTheStatusOfPostgrestForASubqueryWhereThatIsWanted) {
  const Error subquery = Error::FromDatabase("21000", "more than one row returned by a subquery used as an expression");
  EXPECT_EQ(RenderError(subquery, {}).status, 400);
  EXPECT_EQ(RenderError(subquery, {.as_postgrest = true}).status, 500);
  const Error upsert = Error::FromDatabase("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time");
  EXPECT_EQ(RenderError(upsert, {.as_postgrest = true}).status, 400);
}

TEST(RenderErrorTest, SaysWhichCodingIsTaken) {
  const http::Response response = RenderError(Error(ErrorId::kContentCoding, "gzip"), {});
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(response.headers.Find("accept-encoding"), "identity");
}

TEST(RenderErrorTest, LeavesOutDetailsAndHintWhenMinimal) {
  const Error error = Error(ErrorId::kQueryParse, "bad").WithDetail("here").WithHint("there");
  EXPECT_EQ(RenderError(error, {true, true}).body, R"({"code":"PGRST100","message":"bad"})");
}

TEST(RenderErrorTest, AsksForATokenWhenAnAnonymousCallerIsDenied) {
  const http::Response response = RenderError(Error::FromDatabase("42501", "permission denied"), {true, false});
  EXPECT_EQ(response.headers.Find("www-authenticate"), "Bearer");
}

TEST(RenderErrorTest, NamesWhatIsWrongWithAToken) {
  const http::Response response = RenderError(Error(ErrorId::kInvalidClaims, "JWT expired"), {});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.Find("www-authenticate"),
            "Bearer error=\"invalid_token\", error_description=\"JWT expired\"");
}

TEST(RenderErrorTest, TellsWhenToComeBack) {
  const http::Response response = RenderError(Error(ErrorId::kDatabaseUnreachable, "away"), {});
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.Find("retry-after"));
}

TEST(RenderErrorTest, KeepsWhereTheDatabaseIsFromClients) {
  const std::string detail = "no pg_hba.conf entry for host \"10.1.2.4\", user \"authenticator\"";
  for (const ErrorId id : {ErrorId::kDatabaseUnreachable, ErrorId::kDatabaseConnectionLost, ErrorId::kNetwork}) {
    const Error away = Error(id, "connection to server at \"db.internal\" (10.1.2.3), port 5432 failed")
                           .WithDetail(detail)
                           .WithHint("/run/postgresql/.s.PGSQL.5432");
    for (const bool anonymous : {true, false}) {
      const http::Response response = RenderError(away, {anonymous, false});
      EXPECT_EQ(response.status, 503);
      EXPECT_TRUE(response.headers.Find("retry-after"));
      EXPECT_EQ(response.error_code, RowOf(id).code);
      EXPECT_EQ(response.body, "{\"code\":\"" + std::string(RowOf(id).code) +
                                   "\",\"details\":null,\"hint\":null,\"message\":\"" + std::string(RowOf(id).title) +
                                   "\"}");
      EXPECT_THAT(RenderError(away, {anonymous, true}).body, Not(HasSubstr("db.internal")));
    }
  }
  const Error loading(ErrorId::kCatalogNotLoaded, "Could not query the database for the schema cache. Retrying.");
  EXPECT_THAT(RenderError(loading, {true, false}).body, HasSubstr("schema cache. Retrying."));
}

TEST(RenderErrorTest, KeepsWhereAForeignServerIsFromClients) {
  const Error foreign = Error::FromDatabase("08001", "could not connect to server \"other\"")
                            .WithDetail("connection to server at \"10.1.2.3\", port 5432 failed");
  const http::Response response = RenderError(foreign, {false, false});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body,
            R"({"code":"08001","details":null,"hint":null,"message":"could not connect to server \"other\""})");
}

TEST(RenderErrorTest, RepeatsBytesThatAreNoTextAsReplacements) {
  const Error error = Error(ErrorId::kUnknownSchema, "Invalid schema: caf\xE9").WithDetail("\xFF").WithHint("a\xC3");
  EXPECT_THAT(
      RenderError(error, {}).body,
      HasSubstr(
          "\"details\":\"\xEF\xBF\xBD\",\"hint\":\"a\xEF\xBF\xBD\",\"message\":\"Invalid schema: caf\xEF\xBF\xBD\""));
}

TEST(RenderErrorTest, LetsAFunctionSayEverything) {
  const Error raised = Error::FromDatabase("PGRST", R"({"code":"123","message":"no","details":"d","hint":"h"})")
                           .WithDetail(R"({"status":332,"headers":{"X-Header":"str"},"status_text":"Odd"})");
  const http::Response response = RenderError(raised, {});
  EXPECT_EQ(response.status, 332);
  EXPECT_EQ(response.reason, "Odd");
  EXPECT_EQ(response.headers.Find("x-header"), "str");
  EXPECT_EQ(response.body, R"({"code":"123","details":"d","hint":"h","message":"no"})");
}

TEST(RenderErrorTest, RefusesARaisedDetailThatIsNoJson) {
  const Error raised = Error::FromDatabase("PGRST", R"({"code":"1","message":"m"})").WithDetail("INVALID");
  const http::Response response = RenderError(raised, {});
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("PGRST121"));
}

}  // namespace
}  // namespace pando::serve
