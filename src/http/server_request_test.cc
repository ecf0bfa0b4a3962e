// Requests over a real socket: what is answered, in which order, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace pando::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServerRequestTest : public ServerTest {
 protected:
  // What comes back for these bytes until the server closes.
  std::string Everything(std::string_view bytes) {
    RawClient client(port());
    client.Send(bytes);
    return client.ReadToEnd();
  }
};

TEST_F(ServerRequestTest, AnswersOneRequestAfterAnotherOnAConnection) {
  StartServer();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Exchange("GET /a?b=" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "GET /a?b=" + std::to_string(i) + " ");
    EXPECT_THAT(response.head, Not(HasSubstr("Connection:")));
  }
}

TEST_F(ServerRequestTest, AnswersPipelinedRequestsInOrderHoweverTheBytesAreCut) {
  StartServer();
  const std::string requests =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
      "\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t cut = 0; cut < requests.size(); cut += 7) {
    RawClient client(port());
    client.Send(requests.substr(0, cut));
    client.Send(requests.substr(cut));
    EXPECT_EQ(client.Receive().body, "GET /1 ") << cut;
    EXPECT_EQ(client.Receive().body, "POST /2 abc") << cut;
    EXPECT_EQ(client.Receive().body, "POST /3 def") << cut;
    EXPECT_EQ(client.Receive().body, "GET /4 ") << cut;
  }
}

TEST_F(ServerRequestTest, FieldsThatAreThoseOfTheRequestBeforeMeanTheSame) {
  StartServer();
  const std::string fields = "Host: a\r\nX-Echo: one\r\nContent-Length: 2\r\n\r\n";
  const std::string others = "Host: a\r\nX-Echo: two\r\nContent-Length: 2\r\n\r\n";
  const std::string requests = "POST /1 HTTP/1.1\r\n" + fields + "abPUT /2 HTTP/1.1\r\n" + fields +
                               "cdPOST /3 HTTP/1.1\r\n" + others + "efGET /4 HTTP/1.1\r\n" + others + "gh";
  for (size_t cut = 0; cut < requests.size(); cut += 5) {
    RawClient client(port());
    client.Send(requests.substr(0, cut));
    client.Send(requests.substr(cut));
    for (const std::string_view expected : {"POST /1 ab one", "PUT /2 cd one", "POST /3 ef two", "GET /4 gh two"}) {
      EXPECT_EQ(client.Receive().body, expected) << cut;
    }
  }
}

TEST_F(ServerRequestTest, HoldsAPipelinedRequestBackUntilTheOneBeforeIsAnswered) {
  StartServer();
  RawClient client(port());
  client.Send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitHeld();
  Release();
  EXPECT_EQ(client.Receive().body, "released");
  EXPECT_EQ(client.Receive().body, "GET /after ");
}

TEST_F(ServerRequestTest, ReadsBodiesUpToTheLimit) {
  ServerOptions options = Options();
  options.body_bytes_max = MiB(1);
  StartServer(options);
  const std::string body(MiB(1).count, 'b');
  RawClient client(port());
  const auto whole = client.Exchange("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + body);
  EXPECT_EQ(whole.body, "POST /x " + body);
  const auto chunked = client.Exchange("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" +
                                       body + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.body, "POST /x " + body);
}

TEST_F(ServerRequestTest, RefusesALargerBodyWithoutReadingIt) {
  StartServer();
  const std::string answer = Everything("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\nstart");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("PANDO2003 the request body is larger than 10485760 bytes"));
  EXPECT_EQ(AwaitObserved(413), "POST /x");
}

TEST_F(ServerRequestTest, TheAnswerToALargeBodyReachesAClientThatSendsOn) {
  ServerOptions options = Options();
  options.body_bytes_max = KiB(1);
  StartServer(options);
  RawClient client(port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
  EXPECT_TRUE(client.Send(std::string(4'000'000, 'x')));
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(ServerRequestTest, AsksForTheBodyOfAClientThatWaits) {
  StartServer();
  RawClient client(port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().head, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.Exchange("ab").body, "POST /x ab");
}

TEST_F(ServerRequestTest, DoesNotAskForABodyThatIsTooLargeOrThereAlready) {
  StartServer();
  EXPECT_THAT(Everything("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  RawClient client(port());
  const auto response =
      client.Exchange("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
  EXPECT_EQ(response.body, "POST /x ab");
}

TEST_F(ServerRequestTest, SendsNoBodyWithHeadAndWhereTheStatusAllowsNone) {
  StartServer();
  RawClient client(port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.Receive(false).head, Not(HasSubstr("Content-Length")));
  client.Send("HEAD /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Receive(false).status, 500);
  for (const char* status : {"204", "304"}) {
    const auto response = client.Exchange("GET /status/" + std::string(status) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(response.head, StartsWith("HTTP/1.1 " + std::string(status)));
    EXPECT_THAT(response.head, Not(HasSubstr("Content-Length")));
  }
  EXPECT_EQ(client.Exchange("GET /end HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /end ");
}

TEST_F(ServerRequestTest, SpeaksHttp10) {
  StartServer();
  EXPECT_THAT(Everything("GET /x HTTP/1.0\r\n\r\n"), EndsWith("Connection: close\r\n\r\nGET /x "));
  RawClient client(port());
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Exchange("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(response.head, HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST_F(ServerRequestTest, ClosesWhenTheClientAsksForIt) {
  StartServer();
  EXPECT_THAT(Everything("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              EndsWith("Connection: close\r\n\r\nGET /x "));
}

TEST_F(ServerRequestTest, NamesEachRequest) {
  StartServer();
  RawClient client(port());
  EXPECT_THAT(client.Exchange("GET / HTTP/1.1\r\nHost: a\r\nx-request-id: mine\r\n\r\n").head,
              HasSubstr("X-Request-Id: mine\r\n"));
  const std::string first = client.Exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head;
  const std::string second = client.Exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head;
  const auto id = [](const std::string& head) { return head.substr(head.find("X-Request-Id: ") + 14, 32); };
  EXPECT_NE(id(first), id(second));
  EXPECT_THAT(Everything("nonsense\r\n\r\n"), HasSubstr("X-Request-Id: "));
}

TEST_F(ServerRequestTest, AnswersAnExceptionWithAnInternalErrorAndGoesOn) {
  StartServer();
  RawClient client(port());
  const auto response = client.Exchange("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, StartsWith("PANDO9000"));
  EXPECT_EQ(client.Exchange("GET /status/99 HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  EXPECT_EQ(client.Exchange("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
}

TEST_F(ServerRequestTest, SendsLargeAnswersWhole) {
  StartServer();
  RawClient client(port(), 4096);
  for (const size_t size : {4096u, 4097u, 100'000u, 8'000'000u}) {
    const auto response = client.Exchange("GET /size/" + std::to_string(size) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.body.size(), size);
    EXPECT_EQ(response.body.find_first_not_of('x'), std::string::npos);
  }
}

TEST_F(ServerRequestTest, RefusesAHeaderThatIsTooLargeAndATargetThatIsTooLong) {
  ServerOptions options = Options();
  options.header_bytes_max = KiB(4);
  StartServer(options);
  const std::string much(10'000, 'a');
  EXPECT_THAT(Everything("GET /" + much), StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(Everything("GET / HTTP/1.1\r\nHost: a\r\nX: " + much), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Everything("GET / HTTP/1.1\r\nHost: a\r\nX: " + much + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (many.size() < 5000) many += "A: b\r\n";
  EXPECT_THAT(Everything(many), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ServerRequestTest, TakesAHeaderThatIsJustSmallEnough) {
  ServerOptions options = Options();
  options.header_bytes_max = KiB(4);
  StartServer(options);
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const auto with_size = [&](size_t size) { return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n"; };
  RawClient client(port());
  EXPECT_EQ(client.Exchange(with_size(4096)).status, 200);
  EXPECT_EQ(client.Exchange(with_size(4097)).status, 431);
}

// Each shape, on the wire, is answered once and the connection closed: what follows it is never taken for a request.
TEST_F(ServerRequestTest, RefusesSmugglingShapesAndCloses) {
  StartServer();
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::pair<std::string, int> shapes[] = {
      {post + "Content-Length: 0\r\nContent-Length: 37\r\n\r\n", 400},
      {post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {post + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Content-Length : 37\r\n\r\n", 400},
      {post + "X: a\r\n Content-Length: 37\r\n\r\n", 400},
      {post + "X: a\nContent-Length: 37\r\n\r\n", 400},
      {post + "X: a\rContent-Length: 37\r\n\r\n", 400},
      {post + std::string("X: a\0b\r\n\r\n", 11), 400},
      {post + "Transfer-Encoding: chunked\r\n\r\nfx\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\n\n", 400},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
      {"POST / HTTP/1.0\r\n\r\n", 411},
      {"\x16\x03\x01\x02\x01\x01", 400},
  };
  for (const auto& [bytes, status] : shapes) {
    const std::string answer = Everything(bytes + next);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " ")) << bytes;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bytes;
    EXPECT_EQ(answer.find("X-Request-Id:"), answer.rfind("X-Request-Id:")) << bytes << " was answered twice";
  }
}

}  // namespace
}  // namespace pando::http
