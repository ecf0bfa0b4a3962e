#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "telemetry/log_line.h"

namespace pando::telemetry {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// 31 January 2026, one millisecond before midnight.
const WallTime kTime = std::chrono::sys_days(std::chrono::year(2026) / 2 / 1) - std::chrono::milliseconds(1);

class LogTest : public testing::Test {
 protected:
  LogTest() {
    SetLogSink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~LogTest() override {
    SetLogSink({});
    ConfigureLog({});
  }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesALineOfTextForAPerson) {
  EXPECT_EQ(TextLine(kTime, Level::kWarn, "pool.exhausted", "no connection became free",
                     {{"waiting", 12}, {"pool", "orders"}, {"query", "a b"}, {"share", 0.5}, {"last", true}}),
            "2026-01-31T23:59:59.999Z warn  pool.exhausted: no connection became free waiting=12 pool=orders "
            "query=\"a b\" share=0.5 last=true\n");
}

TEST_F(LogTest, WritesAnObjectOfJsonForACollector) {
  EXPECT_EQ(JsonLine(kTime, Level::kError, "e", "say \"hi\"",
                     {{"n", -1}, {"x", std::numeric_limits<double>::infinity()}, {"ok", false}}),
            R"({"time":"2026-01-31T23:59:59.999Z","level":"error","event":"e","message":"say \"hi\"","n":-1,)"
            "\"x\":null,\"ok\":false}\n");
}

TEST_F(LogTest, EscapesWhateverCouldForgeALineOrMoveATerminal) {
  EXPECT_EQ(Sanitized("a\nb\r\x1b[2J\x7f\xC2\x9B"), "a\\x0Ab\\x0D\\x1B[2J\\x7F\\x9B");
  EXPECT_EQ(Sanitized("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\xB3"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\xB3");
}

TEST_F(LogTest, ReplacesBytesThatAreNotUtf8) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(Sanitized(bytes), StartsWith("\xEF\xBF\xBD")) << bytes;
  }
}

TEST_F(LogTest, CutsLongTextAtACharacter) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "\xC3\xBC";

  const std::string cut = Sanitized(text);

  EXPECT_THAT(cut, EndsWith("\xC3\xBC..."));
  EXPECT_LE(cut.size(), 1024u + 3u);
}

TEST_F(LogTest, WritesFromItsLevelUpwards) {
  ConfigureLog({.level = "warn"});

  Log(Level::kInfo, "a", "quiet");
  Log(Level::kWarn, "b", "loud");

  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], HasSubstr("warn  b: loud"));
  EXPECT_FALSE(LogEnabled(Level::kInfo));
  EXPECT_TRUE(LogEnabled(Level::kError));
}

TEST_F(LogTest, WritesNothingWhenOff) {
  ConfigureLog({.level = "off"});

  Log(Level::kError, "a", "b");
  Log(Level::kOff, "a", "b");

  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(LogTest, ChangesItsFormatWhileRunning) {
  Log(Level::kInfo, "a", "b");
  ConfigureLog({.format = "json"});
  Log(Level::kInfo, "a", "b");

  ASSERT_THAT(lines_, SizeIs(2));
  EXPECT_THAT(lines_[0], EndsWith("a: b\n"));
  EXPECT_THAT(lines_[1], EndsWith("\"event\":\"a\",\"message\":\"b\"}\n"));
}

TEST_F(LogTest, WritesAnAccessLineOnlyWhenAskedFor) {
  const AccessLine line{.request_id = "r1",
                        .remote_address = "10.0.0.1",
                        .method = "GET",
                        .path = "/films\n",
                        .role = "anon",
                        .status = 200,
                        .bytes_in = 10,
                        .bytes_out = 20,
                        .duration = std::chrono::microseconds(1234)};
  LogAccess(line);
  EXPECT_THAT(lines_, IsEmpty());

  ConfigureLog({.level = "off", .access = true});
  LogAccess(line);

  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0],
              EndsWith(R"("event":"http.access","request_id":"r1","remote_address":"10.0.0.1","method":"GET",)"
                       R"("path":"/films\\x0A","role":"anon","status":200,"bytes_in":10,"bytes_out":20,)"
                       "\"duration_ms\":1.234}\n"));
}

TEST_F(LogTest, GoesOnWhenTheSinkThrows) {
  SetLogSink([](std::string_view) { throw std::bad_alloc(); });

  EXPECT_NO_THROW(Log(Level::kError, "a", "b"));
}

}  // namespace
}  // namespace pando::telemetry
