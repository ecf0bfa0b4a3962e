#include "server/program_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_source.h"
#include "config/postgrest.h"
#include "config/reference.h"

namespace pando::server {
namespace {

class ProgramOptionsTest : public testing::Test {
 protected:
  ProgramOptionsTest() { options_.AddTo(registry_); }

  ProgramOptions options_;
  config::Registry registry_;
};

TEST_F(ProgramOptionsTest, AreWhatTheCommittedPageSays) {
  EXPECT_EQ(SourceText("docs/reference/options.md"), config::OptionsPage(registry_)) << "run ./dev docs";
}

TEST_F(ProgramOptionsTest, AreExplainedInSentences) {
  for (const config::OptionRow& row : registry_.rows()) EXPECT_TRUE(row.help.ends_with(".")) << row.name;
}

TEST_F(ProgramOptionsTest, AreReachedByEveryAliasOfPostgrest) {
  std::vector<std::string_view> unreached;
  for (const config::Alias& alias : config::PostgrestAliases()) {
    if (registry_.Find(alias.option) == nullptr) unreached.push_back(alias.variable);
  }

  EXPECT_THAT(unreached, testing::IsEmpty());
}

TEST_F(ProgramOptionsTest, LoadWithoutAnySource) { EXPECT_TRUE(registry_.Load({})); }

}  // namespace
}  // namespace pando::server
