#include "http/response_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/request_id.h"

namespace pando::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Write(const Response& response, const Exchanged& exchanged = {}) {
  ResponseWriter writer("pando");
  TextBuffer out;
  writer.AppendHeader(out, response, exchanged);
  return std::string(out.view());
}

TEST(ResponseWriterTest, WritesStatusFieldsAndLength) {
  Response response;
  response.status = 201;
  response.body = "12345";
  response.headers.Add("Location", "/x");
  Exchanged exchanged;
  exchanged.request_id = "r1";
  const std::string out = Write(response, exchanged);
  EXPECT_THAT(out, StartsWith("HTTP/1.1 201 Created\r\nDate: "));
  EXPECT_THAT(out, HasSubstr(" GMT\r\nServer: pando\r\nX-Request-Id: r1\r\nLocation: /x\r\nContent-Length: 5\r\n\r\n"));
}

TEST(ResponseWriterTest, LeavesTheLengthOutWhereThereIsNoBody) {
  Response response;
  Exchanged head;
  head.is_head = true;
  EXPECT_THAT(Write(response, head), Not(HasSubstr("Content-Length")));
  for (const int status : {204, 304}) {
    response.status = status;
    EXPECT_THAT(Write(response), Not(HasSubstr("Content-Length")));
  }
  response.status = 404;
  EXPECT_THAT(Write(response), HasSubstr("Content-Length: 0\r\n"));
}

TEST(ResponseWriterTest, SaysHowTheConnectionGoesOn) {
  Exchanged exchanged;
  EXPECT_THAT(Write({}, exchanged), Not(HasSubstr("Connection")));
  exchanged.keep_alive_10 = true;
  EXPECT_THAT(Write({}, exchanged), HasSubstr("Connection: keep-alive\r\n"));
  exchanged.close = true;
  EXPECT_THAT(Write({}, exchanged), HasSubstr("Connection: close\r\n"));
}

TEST(ResponseWriterTest, KeepsAResponseFromBreakingOutOfItsLines) {
  Response response;
  response.reason = "one\r\nEvil: 1";
  response.headers.Add("A", "x\r\nEvil: 2");
  response.headers.Add("B\r\nEvil: 3", "x");
  response.headers.Add("", "Evil");
  response.headers.Add("content-length", "1000");
  response.headers.Add("Transfer-Encoding", "chunked");
  response.headers.Add("Good", "y");
  const std::string out = Write(response);
  EXPECT_THAT(out, StartsWith("HTTP/1.1 200 one  Evil: 1\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("\nEvil")));
  EXPECT_THAT(out, Not(HasSubstr("1000")));
  EXPECT_THAT(out, Not(HasSubstr("chunked")));
  EXPECT_THAT(out, HasSubstr("Good: y\r\n"));
}

std::string ReasonSent(std::string reason) {
  Response response;
  response.reason = std::move(reason);
  const std::string out = Write(response);
  const std::string start = "HTTP/1.1 200 ";
  EXPECT_THAT(out, StartsWith(start));
  return out.substr(start.size(), out.find("\r\n") - start.size());
}

TEST(ResponseWriterTest, SendsOfAReasonWhatTheStandardAllows) {
  using std::string_literals::operator""s;
  EXPECT_EQ(ReasonSent("out of \"tea\"\tfor gr\xC3\xBC\xC3\x9F"), "out of \"tea\"\tfor gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(ReasonSent("a\0b\x01"
                       "c\x1B[2Jd\x7F"
                       "e\nf"s),
            "a b c [2Jd e f");
  EXPECT_EQ(ReasonSent("a\xC2\x9B\xC2\x80z \xC2\xA0 \xC3\x9F \xC2"), "a  z \xC2\xA0 \xC3\x9F \xC2");
}

TEST(ResponseWriterTest, CutsAReasonBetweenCharacters) {
  const std::string whole(256, 'a');
  EXPECT_EQ(ReasonSent(whole), whole);
  EXPECT_EQ(ReasonSent(whole + "b"), whole);
  EXPECT_EQ(ReasonSent(std::string(100'000, 'a')), whole);
  const std::string without_last(255, 'a');
  EXPECT_EQ(ReasonSent(without_last + "\xC3\xA9"), without_last);
  EXPECT_EQ(ReasonSent(std::string(254, 'a') + "\xC3\xA9\xC3\xA9"), std::string(254, 'a') + "\xC3\xA9");
  EXPECT_EQ(ReasonSent(std::string(1000, '\x80')).size(), 253U) << "no text at all";
}

TEST(HttpDateTest, IsWrittenAsTheStandardHasIt) { EXPECT_EQ(HttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(RequestIdsTest, TakesAUsableIdAndMakesOneOtherwise) {
  RequestIds ids;
  const auto choose = [&ids](std::optional<std::string_view> sent) {
    std::string id = "that of the request before";
    ids.Choose(sent, id);
    return id;
  };
  EXPECT_EQ(choose("abc-1"), "abc-1");
  EXPECT_EQ(choose(std::string(128, 'x')), std::string(128, 'x'));
  const std::string made = choose({});
  EXPECT_EQ(made.size(), 32u);
  EXPECT_NE(choose({}), made);
  EXPECT_EQ(choose("").size(), 32u);
  EXPECT_EQ(choose(std::string(129, 'x')).size(), 32u);
  EXPECT_EQ(choose("a\x01"
                   "b")
                .size(),
            32u);
  EXPECT_EQ(choose("\xc3\xa9").size(), 32u);
}

TEST(WriteFieldsTest, SetsThoseNamedApartAndLeavesOutTheConnectionsOwn) {
  Headers headers;
  headers.Add("etag", "\"a\"");
  headers.Add("Vary", "Accept");
  headers.Add("Content-Length", "5");
  headers.Add("Content-Range", "0-0/*");
  headers.Add("vary", "Origin");
  const FieldLines lines = WriteFields(headers, {"ETag", "Content-Range"});
  EXPECT_EQ(lines.apart, "etag: \"a\"\r\nContent-Range: 0-0/*\r\n");
  EXPECT_EQ(lines.others, "Vary: Accept\r\nvary: Origin\r\n");
}

}  // namespace
}  // namespace pando::http
