#include "bench/response_reader.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace pando::bench {
namespace {

using Outcome = ResponseReader::Outcome;

struct Case {
  std::string bytes;
  Outcome outcome;
  int status = 0;
  bool keeps_alive = true;
  bool to_head = false;
  size_t left = 0;  // bytes that belong to nobody
};

const Case kCases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Outcome::kDone, 200},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP", Outcome::kDone, 200, true, false, 4},
    {"HTTP/1.1 200 OK\r\ncontent-length:5 \r\nX: y\r\n\r\nhell", Outcome::kMore},
    {"HTTP/1.1 201\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 201},
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", Outcome::kDone, 200},
    {"HTTP/1.1 204 No Content\r\n\r\n", Outcome::kDone, 204},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", Outcome::kDone, 304},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", Outcome::kDone, 200, true, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Outcome::kDone, 200},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n", Outcome::kDone,
     200},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", Outcome::kDone, 200},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 200, false},
    {"HTTP/1.1 200 OK\r\nConnection: upgrade, Close\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 200, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 200, false},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 200},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Outcome::kDone, 503},
    {"HTTP/1.1 103 Early\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Outcome::kDone,
     200},
    {"HTTP/1.1 101 Switching\r\n\r\n", Outcome::kMalformed},
    {"HTTP/2 200\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 20 OK\r\n\r\n", Outcome::kMalformed},
    {"HTTP/1.1 2000 OK\r\n\r\n", Outcome::kMalformed},
    {"SSH-2.0-OpenSSH_9.2\r\n", Outcome::kMalformed},
    {"", Outcome::kMore},
};

struct Heard {
  Outcome outcome = Outcome::kMore;
  size_t left = 0;
};

Heard FeedInPieces(ResponseReader& reader, const Case& one, size_t piece) {
  reader.Begin(one.to_head);
  Heard heard;
  for (size_t at = 0; at < one.bytes.size() && heard.outcome == Outcome::kMore; at += piece) {
    std::string_view bytes = std::string_view(one.bytes).substr(at, piece);
    heard.outcome = reader.Feed(bytes);
    heard.left = bytes.size() + one.bytes.size() - std::min(at + piece, one.bytes.size());
  }
  return heard;
}

TEST(ResponseReaderTest, ReadsTheSameHoweverTheBytesArrive) {
  ResponseReader reader;
  for (const Case& one : kCases) {
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{1000}}) {
      const Heard heard = FeedInPieces(reader, one, piece);
      EXPECT_EQ(heard.outcome, one.outcome) << one.bytes << " in pieces of " << piece;
      if (one.outcome != Outcome::kDone || heard.outcome != Outcome::kDone) continue;
      EXPECT_EQ(reader.status(), one.status) << one.bytes;
      EXPECT_EQ(reader.keeps_alive(), one.keeps_alive) << one.bytes;
      EXPECT_EQ(heard.left, one.left) << one.bytes;
    }
  }
}

TEST(ResponseReaderTest, ABodyWithoutLengthEndsWithTheConnection) {
  ResponseReader reader;
  reader.Begin(false);
  std::string_view bytes = "HTTP/1.1 200 OK\r\n\r\nsome text";
  EXPECT_EQ(reader.Feed(bytes), Outcome::kMore);
  EXPECT_EQ(reader.Close(), Outcome::kDone);
  EXPECT_FALSE(reader.keeps_alive());
}

TEST(ResponseReaderTest, AnAnswerThatIsCutShortIsNone) {
  ResponseReader reader;
  reader.Begin(false);
  EXPECT_FALSE(reader.begun());
  std::string_view bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort";
  EXPECT_EQ(reader.Feed(bytes), Outcome::kMore);
  EXPECT_TRUE(reader.begun());
  EXPECT_EQ(reader.Close(), Outcome::kMalformed);
}

TEST(ResponseReaderTest, HeadsAreBounded) {
  ResponseReader reader;
  reader.Begin(false);
  const std::string long_line = "HTTP/1.1 200 OK\r\nX: " + std::string(ResponseReader::kLineBytesMax, 'x');
  std::string_view bytes = long_line;
  EXPECT_EQ(reader.Feed(bytes), Outcome::kMalformed);

  reader.Begin(false);
  std::string many = "HTTP/1.1 200 OK\r\n";
  while (many.size() < ResponseReader::kHeadBytesMax) many += "X: y\r\n";
  bytes = many;
  EXPECT_EQ(reader.Feed(bytes), Outcome::kMalformed);
}

}  // namespace
}  // namespace pando::bench
