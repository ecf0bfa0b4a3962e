#include "migrate/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "migrate/status.h"

namespace pando::migrate {
namespace {

using testing::HasSubstr;

class MigrationFilesTest : public testing::Test {
 protected:
  MigrationFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "pando-migrations-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~MigrationFilesTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& file, const std::string& text) { std::ofstream(folder_ / file) << text; }

  std::vector<std::string> Files() {
    Result<std::vector<Migration>> migrations = ReadMigrations(folder_);
    std::vector<std::string> names;
    if (!migrations) return {migrations.error().message()};
    for (const Migration& migration : *migrations) names.push_back(migration.file);
    return names;
  }

  std::filesystem::path folder_;
};

TEST_F(MigrationFilesTest, AreOrderedByNumber) {
  Write("0010_c.sql", "");
  Write("0002_b.sql", "");
  Write("20260131120000_d.sql", "");
  Write("0001_a-1.x.sql", "");
  Write("README.md", "not one");
  EXPECT_THAT(Files(), testing::ElementsAre("0001_a-1.x.sql", "0002_b.sql", "0010_c.sql", "20260131120000_d.sql"));
}

TEST_F(MigrationFilesTest, MayBeNone) {
  EXPECT_THAT(Files(), testing::IsEmpty());
  EXPECT_TRUE(ReadMigrations(folder_ / "absent")->empty());
}

TEST_F(MigrationFilesTest, AreRefusedUnderOtherNames) {
  for (const char* name :
       {"001_a.sql", "a.sql", "0001.sql", "0001_.sql", "0001-a.sql", "0001_a b.sql", "1234567890123456789_a.sql"}) {
    Write(name, "");
    EXPECT_THAT(Files(), testing::ElementsAre(HasSubstr("is not named like 0001_create_orders.sql"))) << name;
    std::filesystem::remove(folder_ / name);
  }
}

TEST_F(MigrationFilesTest, MayNotShareANumber) {
  Write("0001_a.sql", "");
  Write("00001_b.sql", "");
  EXPECT_THAT(Files(), testing::ElementsAre(HasSubstr("00001_b.sql and 0001_a.sql have the same number")));
}

TEST_F(MigrationFilesTest, MayNotControlTheirTransaction) {
  Write("0001_a.sql", "create table t ();\n-- now\ncommit;\n");
  EXPECT_THAT(Files(), testing::ElementsAre(HasSubstr("0001_a.sql:3: ")));
  Write("0001_a.sql", "-- pando: no-transaction\nbegin; create table t (); commit;\n");
  EXPECT_THAT(Files(), testing::ElementsAre("0001_a.sql"));
}

TEST_F(MigrationFilesTest, HaveAChecksumThatLineEndsDoNotChange) {
  Write("0001_a.sql", "abc\n");
  Write("0002_b.sql", "abc\r\n");
  Write("0003_c.sql", "abd\n");
  const std::vector<Migration> migrations = ReadMigrations(folder_).value();
  EXPECT_EQ(migrations[0].checksum, "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb");
  EXPECT_EQ(migrations[1].checksum, migrations[0].checksum);
  EXPECT_NE(migrations[2].checksum, migrations[0].checksum);
}

TEST_F(MigrationFilesTest, MayBeginWithAByteOrderMark) {
  Write("0001_a.sql", "abc\n");
  Write("0002_b.sql",
        "\xEF\xBB\xBF"
        "abc\r\n");
  Write("0003_c.sql", "\xEF\xBB\xBF-- pando: no-transaction\nvacuum;\n");
  const std::vector<Migration> migrations = ReadMigrations(folder_).value();
  EXPECT_EQ(migrations[1].text, "abc\n");
  EXPECT_EQ(migrations[1].checksum, migrations[0].checksum);
  EXPECT_FALSE(migrations[2].transaction);
}

TEST_F(MigrationFilesTest, AreRefusedInOtherEncodingsThanUtf8) {
  using std::string_literals::operator""s;
  for (const std::string& text : {"\xFF\xFE"
                                  "a\0"s,
                                  "\xFE\xFF\0a"s, "\xFF\xFE\0\0a\0\0\0"s, "\0\0\xFE\xFF\0\0\0a"s, "a\0b\0"s}) {
    Write("0001_a.sql", text);
    const auto read = ReadMigrations(folder_);
    ASSERT_FALSE(read.has_value());
    EXPECT_THAT(read.error().message(), HasSubstr("0001_a.sql"));
    EXPECT_EQ(read.error().hint(), "save it as UTF-8");
  }
}

TEST_F(MigrationFilesTest, AreNumberedOnAsTheyAre) {
  EXPECT_EQ(NewMigration(folder_ / "new", "Create Orders!")->filename(), "0001_create_orders.sql");
  Write("0041_a.sql", "");
  EXPECT_EQ(NewMigration(folder_, "b")->filename(), "0042_b.sql");
  Write("20260131120000_c.sql", "");
  const std::string next = NewMigration(folder_, "d")->filename();
  EXPECT_THAT(next, testing::MatchesRegex("[0-9]+_d.sql"));
  EXPECT_GT(next, "20260131120000_c.sql");
  EXPECT_EQ(next.size(), std::string("20260131120000_d.sql").size());
  EXPECT_EQ(NewMigration(folder_, "..").error().id(), ErrorId::kMigrationInvalid);
}

Migration FileOf(int64_t version, const std::string& checksum) {
  Migration migration;
  migration.version = version;
  migration.name = "m";
  migration.file = std::to_string(version) + "_m.sql";
  migration.checksum = checksum;
  return migration;
}

AppliedMigration RowOf(int64_t version, const std::string& checksum) { return {version, "m", checksum, "today", 1}; }

TEST(MigrationStatus, ComparesFilesWithWhatWasApplied) {
  const std::vector<MigrationStatus> statuses =
      Compare({FileOf(1000, "a"), FileOf(2000, "b"), FileOf(3000, "new"), FileOf(5000, "e")},
              {RowOf(1000, "a"), RowOf(3000, "old"), RowOf(4000, "d")});
  ASSERT_EQ(statuses.size(), 5u);
  EXPECT_EQ(statuses[0].state, MigrationState::kApplied);
  EXPECT_EQ(statuses[1].state, MigrationState::kSkipped);
  EXPECT_EQ(statuses[2].state, MigrationState::kChanged);
  EXPECT_EQ(statuses[3].state, MigrationState::kMissing);
  EXPECT_EQ(statuses[4].state, MigrationState::kPending);
  EXPECT_EQ(CountPending(statuses), 1u);

  const Result<void> consistent = CheckConsistent(statuses);
  ASSERT_FALSE(consistent.has_value());
  EXPECT_EQ(consistent.error().id(), ErrorId::kMigrationInvalid);
  EXPECT_EQ(consistent.error().detail(),
            "changed after they were applied: 3000_m.sql; applied, and their files are gone: 4000_m; not applied, and "
            "older than one that is: 2000_m.sql");
}

TEST(MigrationStatus, IsConsistentWhenOnlyTheNewestArePending) {
  EXPECT_TRUE(CheckConsistent(Compare({FileOf(1, "a"), FileOf(2, "b")}, {RowOf(1, "a")})).has_value());
  EXPECT_TRUE(CheckConsistent(Compare({}, {})).has_value());
}

}  // namespace
}  // namespace pando::migrate
