#include "config/toml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace pando::config {
namespace {

using testing::HasSubstr;

std::vector<OptionRow> Rows() {
  OptionRow listen, settings;
  listen.name = "http.listen";
  settings.name = "rest.app_settings";
  settings.is_map = true;
  return {listen, settings};
}

std::string ParseError(std::string_view text) {
  const Result<std::vector<Setting>> settings = ParseToml(text, "pando.toml", Rows());
  return settings ? "" : settings.error().ToString();
}

TEST(TomlFileTest, RemembersTheLineOfEveryValue) {
  const auto settings = ParseToml("\n[http]\n\nlisten = [\"a:1\"]\n", "pando.toml", Rows());

  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->size(), 1u);
  EXPECT_EQ((*settings)[0].option, "http.listen");
  EXPECT_EQ((*settings)[0].source, "pando.toml:4");
}

TEST(TomlFileTest, ReadsATableOptionEntryByEntry) {
  const auto settings = ParseToml("[rest.app_settings]\n\"a.b\" = \"1\"\nc = \"2\"\n", "pando.toml", Rows());

  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->size(), 2u);
  EXPECT_EQ((*settings)[0].entry, "a.b");
  EXPECT_EQ((*settings)[0].source, "pando.toml:2");
  EXPECT_EQ((*settings)[1].entry, "c");
}

TEST(TomlFileTest, AcceptsAnEmptySectionThatHasOptions) { EXPECT_EQ(ParseError("[http]\n[rest]\n"), ""); }

TEST(TomlFileTest, RefusesUnknownSectionsAndKeys) {
  EXPECT_THAT(ParseError("[htpp]\nlisten = []\n"),
              HasSubstr("\"htpp.listen\" (pando.toml:2); did you mean \"http.listen\"?"));
  EXPECT_THAT(ParseError("[cache]\n"), HasSubstr("there is no option \"cache\" (pando.toml:1)"));
  EXPECT_THAT(ParseError("listen = []\n"),
              HasSubstr("there is no option \"listen\" (pando.toml:1); did you mean \"http.listen\"?"));
  EXPECT_THAT(ParseError("http = 1\n"), HasSubstr("there is no option \"http\" (pando.toml:1)"));
  EXPECT_THAT(ParseError("[[http]]\nlisten = []\n"), HasSubstr("there is no option \"http\""));
}

TEST(TomlFileTest, SaysWhereTheFileIsNotToml) {
  const std::string message = ParseError("[http]\nlisten = [\n");

  EXPECT_THAT(message, HasSubstr("PANDO1001: the configuration is not TOML"));
  EXPECT_THAT(message, HasSubstr("(pando.toml:"));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(TomlFileTest, RefusesBytesThatAreNotUtf8) {
  EXPECT_THAT(ParseError("[http]\nlisten = \"\xff\"\n"), HasSubstr("not TOML"));
}

TEST(TomlFileTest, RefusesAFolderInPlaceOfAFile) {
  const auto settings = ReadTomlFile(testing::TempDir(), Rows());

  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message(), HasSubstr("cannot be read"));
}

TEST(TomlFileTest, RefusesAFileBeyondItsLimit) {
  const std::string path = testing::TempDir() + "pando_large.toml";
  std::ofstream(path) << std::string((size_t{1} << 20) + 1, '#');

  const auto settings = ReadTomlFile(path, Rows());
  std::remove(path.c_str());

  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message(), HasSubstr("larger than 1 MiB"));
}

}  // namespace
}  // namespace pando::config
