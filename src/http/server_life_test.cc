// The life of connections: clients that are slow, idle, gone or too many, and a server that goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace pando::http {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kHold = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr milliseconds kShort{40};

class ServerLifeTest : public ServerTest {
 protected:
  // Waits until the server holds this many connections.
  void AwaitOpen(uint64_t count) {
    const Deadline limit = Deadline::After(kPatience);
    while (server_->stats().connections_open != count && !limit.passed()) PauseBetweenLooks();
    EXPECT_EQ(server_->stats().connections_open, count);
  }
};

TEST_F(ServerLifeTest, ClosesAnIdleConnectionWithoutAWord) {
  ServerOptions options = Options();
  options.idle_timeout = kShort;
  StartServer(options);
  RawClient fresh(port());
  EXPECT_THAT(fresh.ReadToEnd(), IsEmpty());
  // On a busy machine a connection may be idle for too long before it is used.
  int status = 0;
  for (const Deadline limit = Deadline::After(kPatience); status != 200 && !limit.passed();) {
    RawClient used(port());
    status = used.Exchange(kGet).status;
    EXPECT_THAT(used.ReadToEnd(), IsEmpty());
  }
  EXPECT_EQ(status, 200);
}

TEST_F(ServerLifeTest, DripsDoNotStretchTheTimeForAHeader) {
  ServerOptions options = Options();
  options.header_timeout = milliseconds(100);
  StartServer(options);
  RawClient client(port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  // Were the time counted anew with each byte, this would take as long as it may.
  for (const Deadline limit = Deadline::After(kPatience); !limit.passed() && !client.HasInput() && client.Send("x");)
    PauseBetweenLooks();
  EXPECT_EQ(client.Receive().status, 408);
}

TEST_F(ServerLifeTest, AnswersABodyThatStopsWithATimeout) {
  ServerOptions options = Options();
  options.body_timeout = kShort;
  StartServer(options);
  RawClient client(port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer, HasSubstr("the request body did not arrive in time"));
}

TEST_F(ServerLifeTest, TheRequestTimeoutBoundsTheWholeBody) {
  ServerOptions options = Options();
  options.request_timeout = kShort;
  StartServer(options);
  RawClient client(port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerLifeTest, CancelsAHandlerThatOverlooksTheDeadlineAndGoesOn) {
  ServerOptions options = Options();
  options.request_timeout = kShort;
  StartServer(options);
  RawClient client(port());
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Exchange("GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.status, 504);
    EXPECT_THAT(response.body, StartsWith("PANDO4002"));
    AwaitCancelled();
  }
  EXPECT_EQ(client.Exchange(kGet).status, 200);
}

TEST_F(ServerLifeTest, DropsAClientThatDoesNotTakeItsAnswer) {
  ServerOptions options = Options();
  options.write_timeout = kShort;
  StartServer(options);
  RawClient client(port(), 4096);
  client.Send("GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(AwaitObserved(0), "GET /size/50000000");
  AwaitOpen(0);
}

TEST_F(ServerLifeTest, CancelsTheHandlerOfAClientThatWasReset) {
  StartServer();
  RawClient client(port());
  client.Send(kHold);
  AwaitHeld();
  client.Reset();
  AwaitCancelled();
  EXPECT_EQ(AwaitObserved(0), "GET /hold");
  AwaitOpen(0);
}

TEST_F(ServerLifeTest, CancelsTheHandlerOfAClientThatClosed) {
  StartServer();
  RawClient client(port());
  client.Send(std::string(kHold) + std::string(kGet));  // input that waits does not hide the end
  AwaitHeld();
  client.Close();
  AwaitCancelled();
  AwaitOpen(0);
}

TEST_F(ServerLifeTest, AnswersAClientThatOnlyFinishedSending) {
  StartServer();
  RawClient client(port());
  client.Send(kHold);
  client.FinishSending();
  AwaitHeld();
  // The question whether it is there shows that the server noticed, and did not take it for gone.
  EXPECT_EQ(client.Receive().status, 100);
  Release();
  EXPECT_EQ(client.Receive().body, "released");
  EXPECT_THAT(client.ReadToEnd(), IsEmpty());
}

TEST_F(ServerLifeTest, EndsWhenAClientVanishesAmidHeaderBodyOrAnswer) {
  StartServer();
  for (const std::string_view bytes : {"GET / HT", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
                                       "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                                       "GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    for (const bool reset : {false, true}) {
      RawClient client(port(), 4096);
      client.Send(bytes);
      AwaitOpen(1);
      if (reset) client.Reset();
      client.Close();
      AwaitOpen(0);
    }
  }
}

TEST_F(ServerLifeTest, RefusesOneConnectionTooMany) {
  ServerOptions options = Options();
  options.connections_max = 1;
  StartServer(options);
  RawClient first(port());
  EXPECT_EQ(first.Exchange(kGet).status, 200);
  RawClient second(port());
  const std::string refusal = second.ReadToEnd();
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refusal, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(refusal, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(server_->stats().connections_refused, 1u);
  EXPECT_EQ(first.Exchange(kGet).status, 200);
  first.Close();
  AwaitOpen(0);
  RawClient third(port());
  EXPECT_EQ(third.Exchange(kGet).status, 200);
}

TEST_F(ServerLifeTest, CountsConnectionsWithTheOtherServersOfTheProcess) {
  ServerOptions options = Options();
  options.connections_max = 5;
  auto open = std::make_shared<std::atomic<uint64_t>>(5);
  StartServer(options, open);
  RawClient client(port());
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(ServerLifeTest, CountsRequestsInFlight) {
  StartServer();
  RawClient client(port());
  client.Send(kHold);
  AwaitHeld();
  EXPECT_EQ(server_->stats().requests_in_flight, 1u);
  Release();
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(server_->stats().requests_in_flight, 0u);
}

TEST_F(ServerLifeTest, DrainClosesIdleConnectionsAndFinishesTheOthers) {
  StartServer();
  RawClient idle(port());
  EXPECT_EQ(idle.Exchange(kGet).status, 200);
  RawClient busy(port());
  busy.Send(kHold);
  AwaitHeld();
  std::future<void> drained = BeginDrain(milliseconds(60'000));
  EXPECT_THAT(idle.ReadToEnd(), IsEmpty());
  EXPECT_EQ(drained.wait_for(milliseconds(0)), std::future_status::timeout);
  Release();
  const auto last = busy.Receive();
  EXPECT_EQ(last.body, "released");
  EXPECT_THAT(last.head, HasSubstr("Connection: close\r\n"));
  busy.Close();
  EXPECT_EQ(drained.wait_for(kPatience), std::future_status::ready);
}

TEST_F(ServerLifeTest, DrainBreaksWhatIsLeftAfterTheGrace) {
  StartServer();
  RawClient busy(port());
  busy.Send(kHold);
  AwaitHeld();
  RawClient slow(port(), 4096);
  slow.Send("GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  Drain(kShort);
  AwaitCancelled();
  EXPECT_THAT(busy.ReadToEnd(), IsEmpty());
  EXPECT_EQ(server_->stats().connections_open, 0u);
}

TEST_F(ServerLifeTest, DrainMayBeCalledTwiceAndTheEarlierGraceCounts) {
  StartServer();
  RawClient busy(port());
  busy.Send(kHold);
  AwaitHeld();
  std::future<void> patient = BeginDrain(milliseconds(60'000));
  std::future<void> hurried = BeginDrain(kShort);
  EXPECT_EQ(patient.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(hurried.wait_for(kPatience), std::future_status::ready);
}

TEST_F(ServerLifeTest, NewOptionsHoldForNewConnections) {
  StartServer();
  const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  RawClient old(port());
  EXPECT_EQ(old.Exchange(post).status, 200);
  OnLoop([this] {
    ServerOptions options = Options();
    options.body_bytes_max = Bytes{2};
    EXPECT_TRUE(server_->Reload(options));
    options.tls_certificate = "/nonexistent";
    EXPECT_EQ(server_->Reload(options).error().id(), ErrorId::kTls);
  });
  RawClient fresh(port());
  EXPECT_EQ(fresh.Exchange(post).status, 413);
  EXPECT_EQ(old.Exchange(post).status, 200);
}

TEST_F(ServerLifeTest, ListenSaysWhatIsWrongBeforeAnythingStarts) {
  Server::Deps deps;
  deps.handler = [](Request&, Response&) -> Task<void> { co_return; };
  deps.render_error = [](int, const Error&, const Request*) { return Response(); };
  ServerOptions options;
  options.listen = {"127.0.0.1:0", "nowhere"};
  const auto malformed = Server::Listen(loops_.executor(0), options, deps);
  EXPECT_EQ(malformed.error().id(), ErrorId::kNetwork);
  options.listen = {"127.0.0.1:0"};
  options.tls_key = "/nonexistent";
  const auto half = Server::Listen(loops_.executor(0), options, deps);
  EXPECT_EQ(half.error().id(), ErrorId::kTls);
}

}  // namespace
}  // namespace pando::http
