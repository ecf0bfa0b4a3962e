#include "telemetry/log_inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "base/test_source.h"
#include "telemetry/log_line.h"

namespace pando::telemetry {
namespace {

// The levels of each event, by its name.
using Events = std::map<std::string, std::set<std::string>>;

// "kWarn" is "warn".
std::string LevelOf(const std::string& constant) {
  std::string level = constant.substr(1);
  std::transform(level.begin(), level.end(), level.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return level;
}

// Adds the calls of Log() with a level and an event in this source.
void AddCalls(const std::string& text, Events& events) {
  static const std::regex kCall(R"rx(Log\(([^"();]*Level::[^"();]*),\s*"([^"]*)")rx");
  static const std::regex kLevel(R"rx(Level::(k\w+))rx");
  // A look at each call is quick, and one at every place of the source is not.
  for (size_t at = text.find("Log("); at != std::string::npos; at = text.find("Log(", at + 1)) {
    const std::string place = text.substr(at, 300);
    std::smatch call;
    if (!std::regex_search(place, call, kCall, std::regex_constants::match_continuous)) continue;
    const std::string levels = call[1];
    for (std::sregex_iterator level(levels.begin(), levels.end(), kLevel); level != std::sregex_iterator(); ++level) {
      events[call[2]].insert(LevelOf((*level)[1]));
    }
  }
}

Events LoggedEvents() {
  Events events;
  for (const auto& file : std::filesystem::recursive_directory_iterator(SourceFolder() / "src")) {
    const std::string name = file.path().filename();
    const bool is_source = name.ends_with(".cc") || name.ends_with(".h");
    if (!is_source || name.ends_with("_test.cc")) continue;
    AddCalls(SourceText(std::filesystem::relative(file.path(), SourceFolder())), events);
  }
  return events;
}

Events ListedEvents() {
  Events events;
  for (const LogRow& row : AllLogEvents()) {
    for (const Level level : row.levels) events[std::string(row.event)].insert(std::string(ToString(level)));
  }
  return events;
}

TEST(LogInventoryTest, HasTheEventsOfTheSourceAndNoOthers) { EXPECT_EQ(ListedEvents(), LoggedEvents()); }

TEST(LogInventoryTest, FindsACallHoweverItIsWritten) {
  Events events;
  AddCalls("telemetry::Log(\n    telemetry::Level::kInfo, \"a.one\",\n \"text\");", events);
  AddCalls("if (x) Log(y ? Level::kWarn : Level::kError, \"a.two\", what);", events);
  AddCalls("ConfigureLog(options); LogAccess(line); std::log(2);", events);

  EXPECT_EQ(events, (Events{{"a.one", {"info"}}, {"a.two", {"warn", "error"}}}));
}

TEST(LogInventoryTest, NamesEventsInWordsAndSaysWhatToDo) {
  static const std::regex kName("[a-z]+\\.[a-z][a-z_]*");
  std::string_view last;
  for (const LogRow& row : AllLogEvents()) {
    EXPECT_TRUE(std::regex_match(row.event.begin(), row.event.end(), kName)) << row.event;
    EXPECT_LT(last, row.event) << "sorted, each once";
    last = row.event;
    EXPECT_TRUE(std::is_sorted(row.levels.begin(), row.levels.end())) << row.event;
    EXPECT_TRUE(row.happened.ends_with(".")) << row.event;
    EXPECT_TRUE(row.to_do.ends_with(".")) << row.event;
  }
}

TEST(LogInventoryTest, PrintsTheCommittedPage) {
  EXPECT_EQ(SourceText("docs/reference/logs.md"), LogsPage()) << "run ./dev docs";
}

}  // namespace
}  // namespace pando::telemetry
