#include "http/request_parser.h"

#include <gtest/gtest.h>

namespace pando::http {
namespace {

constexpr RequestParser::Limits kLimits{.body_bytes_max = 100, .header_bytes_max = 1000};

int StatusOf(std::string_view header) {
  Request request;
  RequestParser parser(request, kLimits);
  const std::optional<Refusal> refusal = parser.ParseHeader(header);
  return refusal ? refusal->status : 0;
}

// A POST with these header lines besides Host.
int StatusOfPost(std::string_view fields) {
  return StatusOf("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
}

TEST(RequestParserTest, ReadsRequestLineAndFieldsAsSent) {
  Request request;
  RequestParser parser(request, kLimits);
  const auto refusal =
      parser.ParseHeader("pUT /a%20b?c=\xc3\xa9 HTTP/1.1\r\nHost: [::1]:80\r\nX-a:  b c \r\nEmpty:\r\n\r\n");
  ASSERT_FALSE(refusal) << refusal->error.ToString();
  EXPECT_TRUE(parser.done());
  EXPECT_TRUE(parser.wants_keep_alive());
  EXPECT_EQ(request.method, "pUT");
  EXPECT_EQ(request.target, "/a%20b?c=\xc3\xa9");
  EXPECT_EQ(request.headers.Find("x-A"), "b c");
  EXPECT_EQ(request.headers.Find("empty"), "");
}

// What a parser that has read `first` makes of `next` without parsing its fields: its size, or 0.
size_t Repeated(std::string_view first, std::string_view next, Request& request) {
  RequestParser parser(request, kLimits);
  if (parser.ParseHeader(first)) return 0;
  return parser.ParseRepeated(next);
}

TEST(RequestParserTest, FieldsThatAreTheSameAgainAreNotParsed) {
  const std::string fields = "Host: a\r\nX-a: b c\r\n\r\n";
  const std::string next = "PUT /next HTTP/1.1\r\n" + fields;
  Request request;
  RequestParser parser(request, kLimits);
  ASSERT_FALSE(parser.ParseHeader("GET / HTTP/1.1\r\n" + fields));
  for (const std::string_view behind : {"", "GET / HTTP/1.1\r\n", "\r\n"}) {
    EXPECT_EQ(parser.ParseRepeated(next + std::string(behind)), next.size());
    EXPECT_TRUE(parser.done());
    EXPECT_TRUE(parser.wants_keep_alive());
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.target, "/next");
    EXPECT_EQ(request.headers.Find("x-a"), "b c");
    EXPECT_EQ(request.headers.size(), 2U);
  }
}

TEST(RequestParserTest, OnlyAWholeHeaderWithEveryByteOfTheFieldsIsARepeatedOne) {
  const std::string line = "GET / HTTP/1.1\r\n", fields = "Host: a\r\nX-a: b\r\n\r\n";
  const std::string whole = line + fields;
  Request request;
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(Repeated(whole, whole.substr(0, size), request), 0U);
  for (const std::string_view other :
       {"host: a\r\nX-a: b\r\n\r\n", "Host: a\r\nX-a: c\r\n\r\n", "Host: a\r\nX-a: b\r\nY: z\r\n\r\n",
        "Host: a\r\nX-a: b\r\n \r\n", "Host: a\r\n\r\nX-a: b\r\n", "Host: a\nX-a: b\r\n\r\n", "Host: a\r\n\r\n"}) {
    EXPECT_EQ(Repeated(whole, line + std::string(other), request), 0U) << other;
  }
  for (const std::string_view start :
       {"\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\n", "GET / HTTP/2.0\r\n", "GET  / HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n", "GET / HTTP/1.1\r\n\r\n", "GET /\r HTTP/1.1\r\n", "\r\n", ""}) {
    EXPECT_EQ(Repeated(whole, std::string(start) + fields, request), 0U) << start;
  }
  EXPECT_EQ(Repeated(whole, "GET /" + std::string(1000, 'a') + " HTTP/1.1\r\n" + fields, request), 0U) << "too long";
  // As it is sent, though it was held otherwise.
  EXPECT_EQ(Repeated(line + "Host:a\r\n\r\n", line + "Host:a\r\n\r\n", request), 0U);
  EXPECT_EQ(Repeated(line + "Host:a\r\n\r\n", line + "Host: a\r\n\r\n", request), line.size() + 11);
}

TEST(RequestParserTest, WhatRepeatedFieldsSayHoldsAgain) {
  const std::string fields = "Host: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
  Request request;
  RequestParser parser(request, kLimits);
  ASSERT_FALSE(parser.ParseHeader("POST / HTTP/1.1\r\n" + fields));
  size_t consumed = 0;
  ASSERT_FALSE(parser.ParseBody("abc", consumed));
  request.body.clear();
  ASSERT_GT(parser.ParseRepeated("POST / HTTP/1.1\r\n" + fields), 0U);
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(parser.wants_keep_alive());
  ASSERT_FALSE(parser.ParseBody("def", consumed));
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(request.body, "def");

  const std::string old = "X: a\r\n\r\n", chunked = "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_GT(Repeated("GET / HTTP/1.0\r\n" + old, "GET / HTTP/1.0\r\n" + old, request), 0U);
  EXPECT_EQ(Repeated("GET / HTTP/1.0\r\n" + old, "GET / HTTP/1.1\r\n" + old, request), 0U) << "without Host";
  EXPECT_EQ(Repeated("GET / HTTP/1.0\r\n" + old, "POST / HTTP/1.0\r\n" + old, request), 0U) << "without a length";
  EXPECT_EQ(Repeated("POST / HTTP/1.1\r\n" + chunked, "POST / HTTP/1.1\r\n" + chunked, request), 0U);
}

TEST(RequestParserTest, RefusesMalformedHeaders) {
  for (const std::string_view header : {
           "GET /\r\n\r\n",
           "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
           "GET / HTTX/1.1\r\nHost: a\r\n\r\n",
           "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
           "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
           "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n",
       }) {
    EXPECT_EQ(StatusOf(header), 400) << header;
  }
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(StatusOf("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv), 400);
}

TEST(RequestParserTest, RefusesEveryDoubtAboutTheLength) {
  for (const std::string_view fields : {
           "Content-Length: 1\r\nContent-Length: 2\r\n",
           "Content-Length: 1\r\nContent-Length: 1\r\n",
           "Content-Length: 1, 1\r\n",
           "Content-Length: +1\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: 0x1\r\n",
           "Content-Length: 1 1\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
           "Transfer-Encoding: gzip\r\nContent-Length: 1\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: chunked, gzip\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding:\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
       }) {
    EXPECT_EQ(StatusOfPost(fields), 400) << fields;
  }
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParserTest, RefusesTransferCodingsItDoesNotHave) {
  for (const std::string_view coding :
       {"gzip", "gzip, chunked", "identity", "xchunked", "chunked;q=1", "\"chunked\""}) {
    EXPECT_EQ(StatusOfPost("Transfer-Encoding: " + std::string(coding) + "\r\n"), 501) << coding;
  }
}

TEST(RequestParserTest, WantsExactlyOneHost) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(RequestParserTest, WantsAHostAndPerhapsAPortInHost) {
  const auto status_with = [](std::string_view host) {
    return StatusOf("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
  };
  for (const std::string_view host :
       {"a", "a.example:8080", "127.0.0.1:80", "[::1]", "[::1]:80", "a:", "a_b", "xn--bcher-kva.example", "%41"}) {
    EXPECT_EQ(status_with(host), 0) << host;
  }
  for (const std::string_view host : {"a:b", "a:80:80", "::1", "[::1", "[::1]a", "[]", "[::1]:a", "a]", "[a[]", "a,b",
                                      "http://a", "a?b", "a#b", "a\\b"}) {
    EXPECT_EQ(status_with(host), 400) << host;
  }
}

TEST(RequestParserTest, TakesTheTargetsOfAnOriginServer) {
  for (const std::string_view line :
       {"GET /", "GET //a", "GET /a:b://c", "GET /?a", "OPTIONS *", "OPTIONS /", "GET http://a", "GET http://a/b?c",
        "GET HTTP://a:80/b", "GET https://[::1]:443?c", "get http://a/foo://b"}) {
    EXPECT_EQ(StatusOf(std::string(line) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 0) << line;
  }
  for (const std::string_view line : {"GET foo://a/b",
                                      "GET ftp://a/b",
                                      "GET file:///etc/passwd",
                                      "GET javascript:x",
                                      "GET a",
                                      "GET ?a",
                                      "GET a:80",
                                      "CONNECT a:80",
                                      "GET *",
                                      "POST *",
                                      "OPTIONS **",
                                      "options *",
                                      "GET http:/a",
                                      "GET http:a",
                                      "GET http://",
                                      "GET http:///a",
                                      "GET http://:80/a",
                                      "GET http://u@a/b",
                                      "GET http://a:b/c",
                                      "GET http://a#b",
                                      "GET https",
                                      "GET \xc3\xa9://a",
                                      "GET \\a"}) {
    EXPECT_EQ(StatusOf(std::string(line) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400) << line;
  }
}

TEST(RequestParserTest, RefusesAnEmptyHost) {
  for (const std::string_view host : {"", " ", ":80", ":", "[]:80"}) {
    for (const std::string_view line : {"GET /", "GET http://a/", "OPTIONS *"}) {
      const std::string fields = " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
      EXPECT_EQ(StatusOf(std::string(line) + fields), 400) << line << host;
    }
    EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\nHost: " + std::string(host) + "\r\n\r\n"), 400) << host;
  }
  EXPECT_EQ(StatusOf("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"), 0) << "Host is then not looked at";
}

TEST(RequestParserTest, SpeaksTwoVersions) {
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / HTTP/11\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / http/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestParserTest, AsksForALengthWhereNoneCanBeKnown) {
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\n\r\n"), 411);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(StatusOfPost("Expect: 100-continue\r\n"), 411);
  EXPECT_EQ(StatusOfPost(""), 0);
}

TEST(RequestParserTest, RefusesAnnouncedBodiesAndExpectationsThatItWillNotMeet) {
  EXPECT_EQ(StatusOfPost("Content-Length: 100\r\n"), 0);
  EXPECT_EQ(StatusOfPost("Content-Length: 101\r\n"), 413);
  EXPECT_EQ(StatusOfPost("Content-Length: 18446744073709551615\r\n"), 413);
  EXPECT_EQ(StatusOfPost("Expect: the-best\r\nContent-Length: 1\r\n"), 417);
}

TEST(RequestParserTest, BoundsTheNumberOfFields) {
  std::string fields;
  for (int i = 0; i < 300; ++i) fields += "A: b\r\n";
  EXPECT_EQ(StatusOfPost(fields), 431);
}

TEST(RequestParserTest, KeepsTheConnectionAsVersionAndConnectionFieldSay) {
  const auto keeps = [](std::string_view header) {
    Request request;
    RequestParser parser(request, kLimits);
    EXPECT_FALSE(parser.ParseHeader(header));
    return parser.wants_keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

// Feeds a chunked body in pieces of `piece` bytes, as a connection does, and gives the refusal's status, or 0.
int ReadChunked(std::string_view body, size_t piece, Request& request) {
  RequestParser parser(request, kLimits);
  EXPECT_FALSE(parser.ParseHeader("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
  std::string pending;
  for (size_t at = 0; at < body.size() && !parser.done(); at += piece) {
    pending += body.substr(at, piece);
    size_t consumed = 0;
    if (const auto refusal = parser.ParseBody(pending, consumed)) return refusal->status;
    pending.erase(0, consumed);
  }
  return parser.done() ? 0 : -1;
}

TEST(RequestParserTest, ReadsChunkedBodiesHoweverTheyAreCut) {
  const std::string_view body = "3\r\nabc\r\n00A;ext=\"x\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    Request request;
    EXPECT_EQ(ReadChunked(body, piece, request), 0) << piece;
    EXPECT_EQ(request.body, "abc0123456789") << piece;
    EXPECT_EQ(request.headers.Find("Trailer"), std::nullopt);
  }
}

TEST(RequestParserTest, RefusesBadChunksHoweverTheyAreCut) {
  for (const std::string_view body : {
           "x\r\nabc\r\n0\r\n\r\n",
           "-1\r\nabc\r\n0\r\n\r\n",
           "+3\r\nabc\r\n0\r\n\r\n",
           " 3\r\nabc\r\n0\r\n\r\n",
           "3 \r\nabc\r\n0\r\n\r\n",
           "0x3\r\nabc\r\n0\r\n\r\n",
           "3\nabc\r\n0\r\n\r\n",
           "3\rabc\r\n0\r\n\r\n",
           "3;a\nb\r\nabc\r\n0\r\n\r\n",
           "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
           "3\r\nabcd\r\n0\r\n\r\n",
           "3\r\nabc0\r\n\r\n",
           "\r\nabc\r\n0\r\n\r\n",
           "10000000000000003\r\nabc\r\n0\r\n\r\n",
           "0\r\nContent-Length: 3\r\n\r\n",
           "0\r\nTransfer-Encoding: chunked\r\n\r\n",
       }) {
    for (size_t piece = 1; piece <= body.size(); ++piece) {
      Request request;
      EXPECT_EQ(ReadChunked(body, piece, request), 400) << body << " by " << piece;
    }
  }
}

TEST(RequestParserTest, BoundsChunkedBodiesAndWhatTheyCarryBesides) {
  Request request;
  EXPECT_EQ(ReadChunked("65\r\n", 10, request), -1);
  EXPECT_EQ(ReadChunked("65\r\n.", 10, request), 413);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "1\r\na\r\n";
  EXPECT_EQ(ReadChunked(many, 7, request), 413);
  EXPECT_EQ(ReadChunked("1;" + std::string(2000, 'x'), 100, request), 431);
  std::string extended;
  for (int i = 0; i < 50; ++i) extended += "1;abcdefghijklmnopqrstuvwxyz\r\na\r\n";
  EXPECT_EQ(ReadChunked(extended, 100, request), 431);
  EXPECT_EQ(ReadChunked("0\r\nA: " + std::string(2000, 'x'), 100, request), 431);
}

}  // namespace
}  // namespace pando::http
