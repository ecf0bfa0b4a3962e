#include "config/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<OptionRow> Rows() {
  OptionRow listen, plan, settings;
  listen.name = "http.listen";
  listen.allowed = "an array of strings";
  plan.name = "rest.plan_enabled";
  plan.is_bool = true;
  settings.name = "rest.app_settings";
  settings.is_map = true;
  return {listen, plan, settings};
}

CommandLine Read(const std::vector<std::string>& arguments) {
  Result<CommandLine> line = ReadFlags(arguments, Rows());
  EXPECT_TRUE(line) << line.error().ToString();
  return line ? *std::move(line) : CommandLine();
}

std::string ReadError(const std::vector<std::string>& arguments) {
  const Result<CommandLine> line = ReadFlags(arguments, Rows());
  return line ? "" : line.error().ToString();
}

TEST(FlagsTest, TakesAValueAfterAnEqualsSignOrAsTheNextArgument) {
  const CommandLine line = Read({"serve", "--http.listen=a:1", "--http.listen", "b:2", "--config", "x.toml"});

  ASSERT_EQ(line.settings.size(), 2u);
  EXPECT_EQ(line.settings[0].option, "http.listen");
  EXPECT_EQ(ParseString(line.settings[0].value), "a:1");
  EXPECT_EQ(line.settings[0].source, "--http.listen");
  EXPECT_EQ(ParseString(line.settings[1].value), "b:2");
  EXPECT_THAT(line.others, ElementsAre("serve", "--config", "x.toml"));
}

TEST(FlagsTest, TakesABooleanWithoutAValueForTrue) {
  const CommandLine line = Read({"--rest.plan_enabled", "serve"});

  ASSERT_EQ(line.settings.size(), 1u);
  EXPECT_EQ(ParseBool(line.settings[0].value), true);
  EXPECT_THAT(line.others, ElementsAre("serve"));
  EXPECT_EQ(ParseBool(Read({"--rest.plan_enabled", "off"}).settings[0].value), false);
}

TEST(FlagsTest, SetsOneEntryOfATable) {
  const CommandLine line = Read({"--rest.app_settings.colour=red=blue"});

  ASSERT_EQ(line.settings.size(), 1u);
  EXPECT_EQ(line.settings[0].option, "rest.app_settings");
  EXPECT_EQ(line.settings[0].entry, "colour");
  EXPECT_EQ(ParseString(line.settings[0].value), "red=blue");
}

TEST(FlagsTest, LeavesWhatFollowsTwoDashesAlone) {
  EXPECT_THAT(Read({"a", "--", "--http.listen"}).others, ElementsAre("a", "--", "--http.listen"));
}

TEST(FlagsTest, DoesNotTakeADotInAValueForAnOption) {
  EXPECT_THAT(Read({"--config=pando.toml"}).others, ElementsAre("--config=pando.toml"));
}

TEST(FlagsTest, RefusesAnUnknownOptionWithTheNearest) {
  EXPECT_EQ(ReadError({"--http.lisen=x"}),
            "PANDO1002: there is no option \"--http.lisen\" (on the command line); did you mean \"--http.listen\"?");
}

TEST(FlagsTest, RefusesAnOptionWithoutItsValue) {
  EXPECT_THAT(ReadError({"--http.listen"}), HasSubstr("--http.listen needs a value"));
  EXPECT_THAT(ReadError({"--http.listen", "--rest.plan_enabled"}), HasSubstr("--http.listen needs a value"));
}

}  // namespace
}  // namespace pando::config
