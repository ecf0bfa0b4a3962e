#include "embedded/server_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "embedded/test_folder.h"

namespace pando::embedded {
namespace {

TEST(ReasonIn, PicksTheLinesThatSayWhy) {
  EXPECT_EQ(ReasonIn("2026-01-01 [1] LOG:  starting PostgreSQL\n"
                     "2026-01-01 [1] HINT:  Future log output will appear in directory \"log\".\n"
                     "2026-01-01 [1] FATAL:  could not write lock file: No space left on device\n"),
            "2026-01-01 [1] FATAL:  could not write lock file: No space left on device");
}

TEST(FindReason, TakesAllOfTheStandardErrorAndWhatTheLogSaysSinceTheStart) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.path() / "log");
  std::ofstream(folder.path() / "log" / "postgresql-Mon.log") << "FATAL:  of an earlier start\n";
  const LogEnds before = MarkLogEnds(folder.path());
  std::ofstream(folder.path() / "log" / "postgresql-Mon.log", std::ios::app) << "LOG:  x\nPANIC:  of this one\n";
  std::ofstream(folder.path() / kStartLog) << "LOG:  unrecognized configuration parameter\n";

  EXPECT_EQ(FindReason(folder.path(), before), "LOG:  unrecognized configuration parameter; PANIC:  of this one");
}

TEST(FindReason, IsEmptyWhenNothingWasWritten) {
  const TestFolder folder;
  EXPECT_EQ(FindReason(folder.path(), {}), "");
}

TEST(SaysDiskFull, KnowsBothWordings) {
  EXPECT_TRUE(SaysDiskFull("FATAL:  could not write lock file: No space left on device"));
  EXPECT_TRUE(SaysDiskFull("could not extend file; HINT:  Check free disk space."));
  EXPECT_FALSE(SaysDiskFull("FATAL:  the database system is starting up"));
}

TEST(ReasonIn, IsBounded) { EXPECT_LE(ReasonIn("FATAL:  " + std::string(10'000, 'x')).size(), 1000u); }

}  // namespace
}  // namespace pando::embedded
