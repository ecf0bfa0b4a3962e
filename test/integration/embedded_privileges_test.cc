// What the roles of the embedded PostgreSQL may and may not do.
#include "integration/embedded_fixture.h"

#include "pg/connection.h"

namespace pando::embedded {
namespace {

constexpr const char* kPermissionDenied = "42501";

class EmbeddedPrivilegesTest : public EmbeddedTest {
 protected:
  EmbeddedPrivilegesTest() : cluster_(StartCluster()) {
    EXPECT_EQ(Execute(*cluster_, kOwnerRole,
                      "DROP TABLE IF EXISTS secrets; CREATE TABLE secrets (id int); INSERT INTO secrets VALUES (1);"
                      "ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;"
                      "DROP FUNCTION IF EXISTS answer; CREATE FUNCTION answer() RETURNS int LANGUAGE sql RETURN 42;"
                      "DROP SCHEMA IF EXISTS side CASCADE; CREATE SCHEMA side;"
                      "CREATE FUNCTION side.answer() RETURNS int LANGUAGE sql RETURN 43;"),
              "");
  }

  // The SQLSTATE with which the role, taken on by the login role as for a request, is refused; "" when it is not.
  std::string As(std::string_view role, const std::string& sql) {
    return Execute(*cluster_, kLoginRole, "SET ROLE " + std::string(role) + "; " + sql);
  }

  const std::unique_ptr<Cluster> cluster_;
};

TEST_F(EmbeddedPrivilegesTest, AnonymousCallersMayDoNothingThatWasNotGranted) {
  for (const char* sql :
       {"CREATE TEMPORARY TABLE t ()", "CREATE TABLE t ()", "CREATE SCHEMA s", "SELECT * FROM secrets",
        "SELECT answer()", "SELECT * FROM pando.migrations", "SELECT * FROM pando_internal.bootstrap",
        "SELECT lo_import('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/x'"}) {
    EXPECT_EQ(As("anon", sql), kPermissionDenied) << sql;
    EXPECT_EQ(As("authenticated", sql), kPermissionDenied) << sql;
  }
}

TEST_F(EmbeddedPrivilegesTest, AnonymousCallersMayDoWhatWasGranted) {
  ASSERT_EQ(Execute(*cluster_, kOwnerRole, "GRANT EXECUTE ON FUNCTION answer TO anon; GRANT SELECT ON secrets TO anon"),
            "");
  EXPECT_EQ(As("anon", "SELECT answer()"), "");
  EXPECT_EQ(As("anon", "SELECT * FROM secrets"), "");
  EXPECT_EQ(As("authenticated", "SELECT answer()"), kPermissionDenied);
}

TEST_F(EmbeddedPrivilegesTest, FunctionsOfExtensionsAreClosedForEveryCreator) {
  for (const std::string_view creator : {kOwnerRole, kSuperuser}) {
    ASSERT_EQ(Execute(*cluster_, creator, "CREATE EXTENSION unaccent; CREATE EXTENSION citext SCHEMA side"), "");
    EXPECT_EQ(As("anon", "SELECT unaccent('x')"), kPermissionDenied);
    EXPECT_EQ(As("authenticated", "SELECT unaccent('x')"), kPermissionDenied);
    EXPECT_EQ(As("service_role", "SELECT unaccent('x')"), "");
    ASSERT_EQ(Execute(*cluster_, kOwnerRole, "GRANT USAGE ON SCHEMA side TO anon"), "");
    EXPECT_EQ(As("anon", "SELECT 'A'::side.citext OPERATOR(side.=) 'a'::side.citext, true::side.citext"), "");
    ASSERT_EQ(Execute(*cluster_, kOwnerRole, "GRANT EXECUTE ON FUNCTION unaccent(text) TO anon"), "");
    EXPECT_EQ(As("anon", "SELECT unaccent('x')"), "");
    ASSERT_EQ(Execute(*cluster_, creator, "DROP EXTENSION unaccent, citext"), "");
  }
}

TEST_F(EmbeddedPrivilegesTest, TheServiceRoleMayUseWhatMigrationsMakeWhateverThePolicies) {
  EXPECT_EQ(As("service_role", "SELECT answer(), side.answer(); INSERT INTO secrets VALUES (2)"), "");
  EXPECT_EQ(As("service_role", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM secrets) THEN RAISE 'hidden'; END IF; END $$"),
            "");
  EXPECT_EQ(As("service_role", "SELECT * FROM pando.migrations"), kPermissionDenied);
}

TEST_F(EmbeddedPrivilegesTest, TheLoginRoleMayDoNothingItself) {
  EXPECT_EQ(Execute(*cluster_, kLoginRole, "SELECT * FROM secrets"), kPermissionDenied);
  EXPECT_EQ(Execute(*cluster_, kLoginRole, "CREATE TEMPORARY TABLE t ()"), kPermissionDenied);
  EXPECT_EQ(Execute(*cluster_, kLoginRole, "SET ROLE pando_owner"), kPermissionDenied);
  EXPECT_EQ(Execute(*cluster_, kLoginRole, "SET ROLE postgres"), kPermissionDenied);
}

TEST_F(EmbeddedPrivilegesTest, TheOwnerOwnsButRulesNothing) {
  const std::unique_ptr<pg::Connection> connection = Connect(*cluster_, kOwnerRole);
  EXPECT_EQ(Query(*connection,
                  "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles "
                  "WHERE rolname = current_user"),
            "f");
  EXPECT_EQ(Query(*connection, "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'"), "pando_owner");
  EXPECT_EQ(Execute(*connection, "DROP EVENT TRIGGER pando_announce_ddl"), kPermissionDenied);
}

TEST_F(EmbeddedPrivilegesTest, TheOtherDatabasesAreClosed) {
  pg::ConnectOptions options;
  options.uri = cluster_->uri(kLoginRole, "postgres");
  const auto connection =
      loop_.Run(pg::Connection::Open(std::move(options), Deadline::After(std::chrono::seconds(60))));
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().sqlstate(), kPermissionDenied);
}

class EmbeddedAnnouncementsTest : public EmbeddedPrivilegesTest {
 protected:
  EmbeddedAnnouncementsTest() : listener_(Connect(*cluster_, kLoginRole)) {
    EXPECT_EQ(Execute(*listener_, "LISTEN pgrst"), "");
  }

  std::string NextPayload() {
    const auto next = loop_.Run(listener_->WaitNotification(Deadline::After(std::chrono::seconds(60))));
    return next ? next->payload : next.error().ToString();
  }

  const std::unique_ptr<pg::Connection> listener_;
};

TEST_F(EmbeddedAnnouncementsTest, ChangesOfTheSchemaAskForAReload) {
  for (const char* sql :
       {"CREATE TABLE announced (id int)", "ALTER TABLE announced ADD name text", "COMMENT ON TABLE announced IS 'x'",
        "GRANT SELECT ON announced TO anon", "DROP TABLE announced"}) {
    ASSERT_EQ(Execute(*cluster_, kOwnerRole, sql), "") << sql;
    EXPECT_EQ(NextPayload(), "reload schema") << sql;
  }
}

TEST_F(EmbeddedAnnouncementsTest, TemporaryTablesAndRowsDoNot) {
  ASSERT_EQ(
      Execute(*cluster_, kOwnerRole, "CREATE TEMPORARY TABLE t (id int); DROP TABLE t; INSERT INTO secrets VALUES (3)"),
      "");
  ASSERT_EQ(Execute(*cluster_, kOwnerRole, "NOTIFY pgrst, 'the end'"), "");
  EXPECT_EQ(NextPayload(), "the end");
}

}  // namespace
}  // namespace pando::embedded
