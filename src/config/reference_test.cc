#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/test_source.h"

namespace pando::config {
namespace {

using testing::HasSubstr;
using testing::Not;

struct LanternOptions {
  uint32_t flames_max = 3;
  std::string colour = "a|b";
};

template <class Visitor>
void Describe(Visitor& visit, LanternOptions& o) {
  visit.Option("log.flames_max", o.flames_max, Range<uint32_t>{1, 9}, Reload::kLive,
               "Flames that burn at once; each costs a good deal of oil, and more of them hardly give more light.");
  visit.Option("log.level", o.colour, Reload::kRestart, "What it looks like.");
}

class ReferenceTest : public testing::Test {
 protected:
  ReferenceTest() { registry_.Add(options_); }

  LanternOptions options_;
  Registry registry_;
};

TEST_F(ReferenceTest, PrintsARowAnOptionWithBarsEscaped) {
  const std::string page = OptionsPage(registry_);

  EXPECT_THAT(page, HasSubstr("\n## [log]\n"));
  EXPECT_THAT(page, HasSubstr("| `log.flames_max` | `3` | an integer from 1 to 9 | live | Flames that burn"));
  EXPECT_THAT(page, HasSubstr("| `log.level` | `\"a\\|b\"` | a string | at start | What it looks like. |"));
}

TEST_F(ReferenceTest, ListsTheAliasesOfOptionsThatExist) {
  const std::string page = OptionsPage(registry_);

  EXPECT_THAT(page, HasSubstr("| `PGRST_LOG_LEVEL` | `log.level` |"));
  EXPECT_THAT(page, Not(HasSubstr("PGRST_DB_POOL")));
}

TEST_F(ReferenceTest, WrapsHelpAtTheWidthOfTheTerminal) {
  const std::string help = HelpText(registry_, 60);

  EXPECT_THAT(help, HasSubstr("  --log.flames_max = 3\n      Flames that burn at once;"));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 60u) << line;
}

TEST_F(ReferenceTest, PrintsTheCommittedPageOfErrors) {
  EXPECT_EQ(SourceText("docs/reference/errors.md"), ErrorsPage()) << "run ./dev docs";
}

}  // namespace
}  // namespace pando::config
