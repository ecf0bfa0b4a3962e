#include "http/header_scanner.h"

#include <gtest/gtest.h>

#include <string>

namespace pando::http {
namespace {

using State = HeaderScanner::State;

TEST(HeaderScannerTest, FindsTheEndWhereverTheBytesAreCut) {
  const std::string header = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  const std::string received = header + "GET /next HTTP/1.1\r\n";
  for (size_t cut = 0; cut <= header.size(); ++cut) {
    HeaderScanner scanner;
    const State first = scanner.Scan(std::string_view(received).substr(0, cut));
    if (cut < header.size()) {
      ASSERT_EQ(first, State::kIncomplete) << cut;
      ASSERT_EQ(scanner.Scan(received), State::kComplete) << cut;
    }
    EXPECT_EQ(scanner.start(), 2u);
    EXPECT_EQ(scanner.size(), header.size());
  }
}

TEST(HeaderScannerTest, TellsWhetherTheRequestLineIsThere) {
  HeaderScanner scanner;
  EXPECT_EQ(scanner.Scan("GET / HT"), State::kIncomplete);
  EXPECT_FALSE(scanner.has_request_line());
  EXPECT_EQ(scanner.Scan("GET / HTTP/1.1\r\nHo"), State::kIncomplete);
  EXPECT_TRUE(scanner.has_request_line());
}

TEST(HeaderScannerTest, RefusesOnSightWhatParsersReadDifferently) {
  for (const std::string_view received :
       {"GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\n", "\n", "GET / HTTP/1.1\r\nA: b\r\n c\r\n",
        "GET / HTTP/1.1\r\n A: b\r\n", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n", " GET / HTTP/1.1\r\n", "\x16\x03\x01\x02",
        "{\"a\":"}) {
    HeaderScanner scanner;
    EXPECT_EQ(scanner.Scan(received), State::kMalformed) << received;
    EXPECT_FALSE(scanner.problem().empty());
  }
}

}  // namespace
}  // namespace pando::http
