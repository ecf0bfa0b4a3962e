#include "config/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "config/dump.h"
#include "config/flags.h"

namespace pando::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct GroveOptions {
  bool fenced = false;
  uint32_t trunks_max = 16;
  milliseconds season = seconds(10);
  Bytes soil = MiB(10);
  std::string root = "one";
  std::string colour = "green";
  std::optional<std::string> owner = "anon";
  std::optional<uint32_t> age;
  Secret key;
  std::vector<std::string> paths = {"north"};
  std::map<std::string, std::string> labels;
};

template <class Visitor>
void Describe(Visitor& visit, GroveOptions& o) {
  visit.Option("grove.fenced", o.fenced, Reload::kLive, "Whether it has a fence.");
  visit.Option("grove.trunks_max", o.trunks_max, Range<uint32_t>{1, 100}, Reload::kLive, "Trunks at most.");
  visit.Option("grove.season", o.season, Range<milliseconds>{milliseconds(1), seconds(100)}, Reload::kLive, "Length.");
  visit.Option("grove.soil", o.soil, Range<Bytes>{Bytes{1}, GiB(1)}, Reload::kRestart, "How much soil.");
  visit.Option("grove.root", o.root, Reload::kRestart, "The root.");
  visit.Option("grove.colour", o.colour, OneOf{{"green", "gold"}}, Reload::kLive, "The colour.");
  visit.Option("grove.owner", o.owner, Reload::kLive, "Who owns it.");
  visit.Option("grove.age", o.age, Range<uint32_t>{0, 80'000}, Reload::kLive, "Its age.");
  visit.Option("grove.key", o.key, Reload::kLive, "Opens the gate.");
  visit.Option("grove.paths", o.paths, Reload::kLive, "Ways in.");
  visit.Option("grove.labels", o.labels, Reload::kLive, "What the signs say.");
}

Result<void> Validate(const GroveOptions& o) {
  if (o.fenced && o.paths.empty()) {
    return Error(ErrorId::kConfigInvalid, "grove.fenced is true and grove.paths is empty: nobody could get in");
  }
  return {};
}

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() { registry_.Add(grove_); }
  ~RegistryTest() override {
    if (!sources_.file.empty()) std::remove(sources_.file.c_str());
  }

  void WriteFile(const std::string& text) {
    if (sources_.file.empty()) {
      sources_.file =
          testing::TempDir() + "pando_registry_" + std::to_string(reinterpret_cast<uintptr_t>(this)) + ".toml";
    }
    std::ofstream(sources_.file) << text;
  }
  void SetVariable(const std::string& name, const std::string& value) {
    sources_.environment.emplace_back(name, value);
  }
  void GiveFlags(const std::vector<std::string>& arguments) {
    Result<CommandLine> line = ReadFlags(arguments, registry_.rows());
    ASSERT_TRUE(line) << line.error().ToString();
    sources_.flags = line->settings;
  }
  void Load() {
    const Result<LoadReport> report = registry_.Load(sources_);
    ASSERT_TRUE(report) << report.error().ToString();
  }
  std::string LoadError() {
    const Result<LoadReport> report = registry_.Load(sources_);
    return report ? "" : report.error().ToString();
  }
  std::string SourceOf(const std::string& option) const { return registry_.Find(option)->source(); }

  GroveOptions grove_;
  Registry registry_;
  Sources sources_;
};

TEST_F(RegistryTest, KeepsTheDefaultsWhenNoSourceSaysAnything) {
  Load();

  EXPECT_EQ(grove_.trunks_max, 16u);
  EXPECT_EQ(grove_.owner, "anon");
  EXPECT_EQ(SourceOf("grove.trunks_max"), "default");
}

TEST_F(RegistryTest, ReadsEveryTypeFromAFile) {
  WriteFile(R"(
[grove]
fenced = true
trunks_max = 7
season = "500ms"
soil = "64KiB"
root = "two"
colour = "gold"
owner = ""
age = 3
key = "open sesame"
paths = ["south", "a,b"]
labels = { gate = "shut" }
)");
  Load();

  EXPECT_TRUE(grove_.fenced);
  EXPECT_EQ(grove_.trunks_max, 7u);
  EXPECT_EQ(grove_.season, milliseconds(500));
  EXPECT_EQ(grove_.soil, KiB(64));
  EXPECT_EQ(grove_.root, "two");
  EXPECT_EQ(grove_.colour, "gold");
  EXPECT_EQ(grove_.owner, std::nullopt);
  EXPECT_EQ(grove_.age, 3u);
  EXPECT_EQ(grove_.key.reveal(), "open sesame");
  EXPECT_THAT(grove_.paths, ElementsAre("south", "a,b"));
  EXPECT_THAT(grove_.labels, ElementsAre(testing::Pair("gate", "shut")));
  EXPECT_EQ(SourceOf("grove.trunks_max"), sources_.file + ":4");
}

TEST_F(RegistryTest, ReadsEveryTypeFromVariables) {
  SetVariable("PANDO_GROVE_FENCED", "on");
  SetVariable("PANDO_GROVE_SEASON", "5s");
  SetVariable("PANDO_GROVE_SOIL", "2048");
  SetVariable("PANDO_GROVE_AGE", "");
  SetVariable("PANDO_GROVE_PATHS", "south, west");
  SetVariable("PANDO_GROVE_LABELS_MAIN_GATE", "open");
  SetVariable("HOME", "/");
  Load();

  EXPECT_TRUE(grove_.fenced);
  EXPECT_EQ(grove_.season, seconds(5));
  EXPECT_EQ(grove_.soil, KiB(2));
  EXPECT_EQ(grove_.age, std::nullopt);
  EXPECT_THAT(grove_.paths, ElementsAre("south", "west"));
  EXPECT_THAT(grove_.labels, ElementsAre(testing::Pair("main_gate", "open")));
}

TEST_F(RegistryTest, LetsFlagsWinOverVariablesAndVariablesOverTheFile) {
  WriteFile("[grove]\ntrunks_max = 1\nroot = \"file\"\ncolour = \"gold\"\n");
  SetVariable("PANDO_GROVE_TRUNKS_MAX", "2");
  SetVariable("PANDO_GROVE_ROOT", "variable");
  GiveFlags({"--grove.trunks_max", "3"});
  Load();

  EXPECT_EQ(grove_.trunks_max, 3u);
  EXPECT_EQ(grove_.root, "variable");
  EXPECT_EQ(grove_.colour, "gold");
  EXPECT_EQ(SourceOf("grove.trunks_max"), "--grove.trunks_max");
  EXPECT_EQ(SourceOf("grove.root"), "PANDO_GROVE_ROOT");
}

TEST_F(RegistryTest, MergesTheEntriesOfATableFromAllSources) {
  WriteFile("[grove.labels]\ngate = \"file\"\nbench = \"file\"\n");
  SetVariable("PANDO_GROVE_LABELS_GATE", "variable");
  Load();

  EXPECT_THAT(grove_.labels, ElementsAre(testing::Pair("bench", "file"), testing::Pair("gate", "variable")));
  EXPECT_EQ(SourceOf("grove.labels"), sources_.file + ":3, " + sources_.file + ":2, PANDO_GROVE_LABELS_GATE");
}

TEST_F(RegistryTest, RefusesAnUnknownKeyWithItsPlaceAndTheNearest) {
  WriteFile("# trees\n[grove]\ntrunk_max = 1\n");

  EXPECT_EQ(LoadError(), "PANDO1002: there is no option \"grove.trunk_max\" (" + sources_.file +
                             ":3); did you mean \"grove.trunks_max\"?");
}

TEST_F(RegistryTest, RefusesAnUnknownVariableWithTheNearest) {
  SetVariable("PANDO_GROVE_COLOR", "green");

  EXPECT_EQ(LoadError(),
            "PANDO1002: there is no option \"PANDO_GROVE_COLOR\" (in the environment); did you mean "
            "\"PANDO_GROVE_COLOUR\"?");
}

TEST_F(RegistryTest, SaysWhatIsAllowedWhenAValueIsOutOfRange) {
  WriteFile("[grove]\ntrunks_max = 101\n");

  EXPECT_EQ(LoadError(),
            "PANDO1001: grove.trunks_max cannot be 101 (" + sources_.file + ":2); it must be an integer from 1 to 100");
}

TEST_F(RegistryTest, SaysThatADurationNeedsItsUnit) {
  SetVariable("PANDO_GROVE_SEASON", "10");

  EXPECT_EQ(LoadError(),
            "PANDO1001: grove.season cannot be \"10\" (PANDO_GROVE_SEASON); it must be a number with its unit "
            "(500ms, 10s, 5m, 1h) from 1ms to 100s");
}

TEST_F(RegistryTest, RefusesEveryValueOfTheWrongType) {
  for (const char* line : {"fenced = 1", "trunks_max = \"7\"", "trunks_max = 1.5", "season = 500", "soil = true",
                           "root = 1", "colour = \"red\"", "owner = false", "age = \"x\"", "key = 1", "paths = \"a\"",
                           "paths = [1]", "labels = 1", "labels = { a = 1 }", "root = 2020-01-01", "root = {}"}) {
    WriteFile(std::string("[grove]\n") + line + "\n");
    EXPECT_THAT(LoadError(), HasSubstr("PANDO1001")) << line;
  }
}

TEST_F(RegistryTest, NeverQuotesASecretInAnError) {
  WriteFile("[grove]\nkey = [\"open sesame\"]\n");

  EXPECT_THAT(LoadError(), HasSubstr("grove.key"));
  EXPECT_THAT(LoadError(), Not(HasSubstr("sesame")));
}

TEST_F(RegistryTest, ChangesNothingWhenALoadFails) {
  WriteFile("[grove]\ntrunks_max = 7\nseason = \"never\"\n");

  EXPECT_THAT(LoadError(), HasSubstr("grove.season"));
  EXPECT_EQ(grove_.trunks_max, 16u);
}

TEST_F(RegistryTest, GivesTheModulesValidationTheLastWord) {
  WriteFile("[grove]\nfenced = true\npaths = []\n");

  EXPECT_THAT(LoadError(), HasSubstr("nobody could get in"));
  EXPECT_FALSE(grove_.fenced);
  EXPECT_THAT(grove_.paths, ElementsAre("north"));
}

TEST_F(RegistryTest, RefusesAFileThatIsNotThere) {
  sources_.file = testing::TempDir() + "pando_no_such_file.toml";

  EXPECT_THAT(LoadError(), HasSubstr("cannot be read"));
}

TEST_F(RegistryTest, ChangesLiveOptionsOnUpdateAndReportsThem) {
  WriteFile("[grove]\ntrunks_max = 1\nroot = \"one\"\n");
  Load();
  WriteFile("[grove]\ntrunks_max = 2\nroot = \"two\"\n");

  const Result<ReloadReport> report = registry_.Update(sources_);

  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(grove_.trunks_max, 2u);
  EXPECT_EQ(grove_.root, "one");
  ASSERT_EQ(report->changed.size(), 1u);
  EXPECT_EQ(report->changed[0].option, "grove.trunks_max");
  EXPECT_EQ(report->changed[0].from, "1");
  EXPECT_EQ(report->changed[0].to, "2");
  ASSERT_EQ(report->needs_restart.size(), 1u);
  EXPECT_EQ(report->needs_restart[0].option, "grove.root");
  EXPECT_EQ(report->needs_restart[0].from, "\"one\"");
  EXPECT_EQ(report->needs_restart[0].to, "\"two\"");
}

TEST_F(RegistryTest, PutsBackTheDefaultWhenAValueLeavesTheFile) {
  WriteFile("[grove]\ntrunks_max = 1\n");
  Load();
  WriteFile("");

  ASSERT_TRUE(registry_.Update(sources_));

  EXPECT_EQ(grove_.trunks_max, 16u);
  EXPECT_EQ(SourceOf("grove.trunks_max"), "default");
}

TEST_F(RegistryTest, ChangesNothingWhenAnUpdateFails) {
  WriteFile("[grove]\ntrunks_max = 1\nfenced = false\n");
  Load();
  WriteFile("[grove]\ntrunks_max = 2\nfenced = true\npaths = []\n");

  EXPECT_FALSE(registry_.Update(sources_));

  EXPECT_EQ(grove_.trunks_max, 1u);
  EXPECT_FALSE(grove_.fenced);
  EXPECT_EQ(SourceOf("grove.paths"), "default");
}

TEST_F(RegistryTest, ReportsNothingWhenNothingChanged) {
  WriteFile("[grove]\ntrunks_max = 1\nlabels = { a = \"b\" }\n");
  Load();

  const Result<ReloadReport> report = registry_.Update(sources_);

  ASSERT_TRUE(report);
  EXPECT_THAT(report->changed, IsEmpty());
  EXPECT_THAT(report->needs_restart, IsEmpty());
}

TEST_F(RegistryTest, DumpsEveryValueWithItsSourceAndNoSecret) {
  WriteFile(
      "[grove]\nkey = \"open sesame\"\nroot = \"postgres://me:hunter2@host/db\"\nlabels = { gate = \"code 77\" }\n");
  SetVariable("PANDO_GROVE_SOIL", "64KiB");
  Load();

  const std::string dump = DumpToml(registry_);

  EXPECT_EQ(dump,
            "[grove]\n"
            "fenced = false  # default\n"
            "trunks_max = 16  # default\n"
            "season = \"10s\"  # default\n"
            "soil = \"64KiB\"  # PANDO_GROVE_SOIL\n"
            "root = \"postgres://me:***@host/db\"  # " +
                sources_.file +
                ":3\n"
                "colour = \"green\"  # default\n"
                "owner = \"anon\"  # default\n"
                "age = \"\"  # default\n"
                "key = \"***\"  # " +
                sources_.file +
                ":2\n"
                "paths = [\"north\"]  # default\n"
                "labels = { \"gate\" = \"***\" }  # " +
                sources_.file + ":4\n");
}

TEST_F(RegistryTest, ReadsItsOwnDump) {
  WriteFile("[grove]\ntrunks_max = 3\nseason = \"90s\"\nsoil = 1500\npaths = [\"a,b\"]\nage = 4\n");
  Load();
  const std::string dump = DumpToml(registry_);
  WriteFile(dump);
  Load();

  EXPECT_EQ(grove_.trunks_max, 3u);
  EXPECT_EQ(grove_.season, seconds(90));
  EXPECT_EQ(grove_.soil, Bytes{1500});
  EXPECT_THAT(grove_.paths, ElementsAre("a,b"));
  EXPECT_EQ(grove_.age, 4u);
}

TEST_F(RegistryTest, PrintsPlainValuesForScripts) {
  SetVariable("PANDO_GROVE_PATHS", "south, west");
  SetVariable("PANDO_GROVE_KEY", "open sesame");
  Load();

  EXPECT_EQ(registry_.Find("grove.paths")->Plain(), "south,west");
  EXPECT_EQ(registry_.Find("grove.root")->Plain(), "one");
  EXPECT_EQ(registry_.Find("grove.age")->Plain(), "");
  EXPECT_EQ(registry_.Find("grove.key")->Plain(), "***");
  EXPECT_EQ(registry_.Find("grove.nothing"), nullptr);
}

TEST_F(RegistryTest, DumpsJsonForTheAdminPort) {
  SetVariable("PANDO_GROVE_KEY", "open sesame");
  SetVariable("PANDO_GROVE_LABELS_GATE", "code 77");
  Load();

  const std::string dump = DumpJson(registry_);

  EXPECT_THAT(dump, testing::StartsWith(R"({"grove.fenced":{"value":false,"source":"default"},)"));
  EXPECT_THAT(dump, HasSubstr(R"("grove.key":{"value":"***","source":"PANDO_GROVE_KEY"})"));
  EXPECT_THAT(dump,
              testing::EndsWith(R"("grove.labels":{"value":{"gate":"***"},"source":"PANDO_GROVE_LABELS_GATE"}})"));
}

}  // namespace
}  // namespace pando::config
