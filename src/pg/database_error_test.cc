#include "pg/database_error.h"

#include <gtest/gtest.h>

namespace pando::pg {
namespace {

TEST(ConnectError, FindsTheSqlstateOfARefusal) {
  Error error = ConnectErrorOfMessage(
      "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  3D000: database \"x\" does not exist\n"
      "LOCATION:  InitPostgres, postinit.c:885\n",
      false);

  EXPECT_EQ(error.sqlstate(), "3D000");
  EXPECT_EQ(error.message(), "database \"x\" does not exist");
}

TEST(ConnectError, OfSeveralHostsReportsTheLast) {
  Error error = ConnectErrorOfMessage(
      "connection to server at \"a\", port 1 failed: FATAL:  53300: too many clients\nLOCATION:  f, x.c:1\n"
      "connection to server at \"b\", port 1 failed: FATAL:  28P01: password authentication failed\n",
      false);

  EXPECT_EQ(error.sqlstate(), "28P01");
}

TEST(ConnectError, IsUnreachableWhileTheServerStarts) {
  Error error = ConnectErrorOfMessage(
      "connection to server at \"a\" failed: FATAL:  57P03: the database system is starting up\n", false);

  EXPECT_EQ(error.id(), ErrorId::kDatabaseUnreachable);
  EXPECT_EQ(error.message(), "the database system is starting up");
}

TEST(ConnectError, IsUnreachableWhenNobodyAnswers) {
  Error error = ConnectErrorOfMessage(
      "connection to server at \"a\", port 1 failed: Connection refused\n\tIs the server running?\n", false);

  EXPECT_EQ(error.id(), ErrorId::kDatabaseUnreachable);
  EXPECT_EQ(error.message(), "connection to server at \"a\", port 1 failed: Connection refused");
}

TEST(ConnectError, ThatAsksForAPasswordIsARefusal) {
  Error error = ConnectErrorOfMessage("connection to server failed: fe_sendauth: no password supplied\n", true);

  EXPECT_EQ(error.sqlstate(), "28P01");
}

TEST(ErrorOfFieldsTest, RepeatsNoMoreThanTheBeginningOfALongValue) {
  std::string value = "x";
  for (int i = 0; i < 100'000; ++i) value += "\xC3\xA9";
  ErrorFields fields;
  fields.sqlstate = "22P02";
  fields.message = fields.detail = value;
  const Error error = ErrorOfFields(fields);
  EXPECT_EQ(error.message(), value.substr(0, (64 << 10) - 1) + "...") << "cut between characters";
  EXPECT_EQ(error.detail(), error.message());
}

}  // namespace
}  // namespace pando::pg
