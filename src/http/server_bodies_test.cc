// Long bodies and answers: who may send one, how much of them there may be, and how slow a client may be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace pando::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uint64_t kSmall = MemoryBudget::kSmallBytes;
constexpr size_t kLong = 1 << 20;

std::string Post(size_t announced, std::string_view field = "") {
  return "POST /size/10 HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "Content-Length: " + std::to_string(announced) +
         "\r\n\r\n";
}

std::string Chunk(size_t size) {
  char head[32];
  std::snprintf(head, sizeof(head), "%zx\r\n", size);
  return head + std::string(size, 'x') + "\r\n";
}

class ServerBodiesTest : public ServerTest {
 protected:
  // Refuses with 403 or lets pass, and counts.
  void SetGate(bool admits) {
    gate_ = [this, admits](Request& request, Response& response) { return Ask(admits, request, response); };
  }
  void SetMemory(uint64_t bytes) { memory_ = std::make_shared<MemoryBudget>(bytes); }
  void StartWithLeastRate(Bytes rate, milliseconds grace) {
    ServerOptions options = Options();
    options.rate_min = rate;
    options.rate_grace = grace;
    StartServer(options);
  }
  void AwaitUnused() {
    const Deadline limit = Deadline::After(kPatience);
    while (memory_->used() > 0 && !limit.passed()) PauseBetweenLooks();
    EXPECT_EQ(memory_->used(), 0u);
  }

  std::atomic<int> asked_ = 0;
  std::atomic<size_t> body_seen_ = 0;

 private:
  Task<bool> Ask(bool admits, Request& request, Response& response) {
    ++asked_;
    body_seen_ = request.body.size();
    response.status = admits ? 200 : 403;
    response.body = "not you";
    co_return admits;
  }
};

TEST_F(ServerBodiesTest, AnswersBeforeABodyThatTheGateRefuses) {
  SetGate(false);
  StartServer();
  RawClient client(port());
  client.Send(Post(kLong, "Expect: 100-continue\r\n"));
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("not you"));
  EXPECT_EQ(body_seen_, 0u);
  AwaitObserved(403);
}

TEST_F(ServerBodiesTest, LetsAClientThatReadsLateReadTheRefusal) {
  SetGate(false);
  StartServer();
  RawClient client(port());
  client.Send(Post(8 * kLong));
  EXPECT_TRUE(client.Send(std::string(8 * kLong, 'x'))) << "the connection was closed while the client sent";
  EXPECT_EQ(client.Receive().status, 403);
}

TEST_F(ServerBodiesTest, AsksOnceAndOnlyForLongBodies) {
  SetGate(true);
  StartServer();
  RawClient client(port());
  EXPECT_EQ(client.Exchange(Post(kSmall) + std::string(kSmall, 'x')).status, 200);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(client.Exchange(Post(kLong) + std::string(kLong, 'x')).status, 200);
  EXPECT_EQ(asked_, 1);
}

TEST_F(ServerBodiesTest, AsksWhenABodyInChunksHasBecomeLong) {
  SetGate(false);
  StartServer();
  RawClient client(port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100 && client.Send(Chunk(kSmall / 8)); ++i) {
  }
  EXPECT_EQ(client.Receive().status, 403);
  EXPECT_EQ(asked_, 1);
  EXPECT_GT(body_seen_, kSmall);
  EXPECT_LT(body_seen_, 2 * kSmall);
}

TEST_F(ServerBodiesTest, RefusesWhatFindsNoRoomAndServesWhatIsSmall) {
  SetMemory(4 * kLong);
  StartServer();
  MemoryCharge others(memory_);
  others.Hold(memory_->large_max() - kLong);
  RawClient client(port());
  client.Send(Post(kLong));
  const ReceivedResponse refusal = client.Receive();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_THAT(refusal.head, HasSubstr("Retry-After: "));
  EXPECT_EQ(memory_->refusals(), 1u);
  RawClient small(port());
  EXPECT_EQ(small.Exchange(Post(kSmall) + std::string(kSmall, 'x')).status, 200);
  others.Hold(0);
  AwaitUnused();
}

TEST_F(ServerBodiesTest, WaitsForRoom) {
  SetMemory(4 * kLong);
  StartServer();
  MemoryCharge others(memory_);
  others.Hold(2 * kLong);
  RawClient client(port());
  client.Send(Post(kLong, "Expect: 100-continue\r\n"));
  others.Hold(0);
  EXPECT_EQ(client.Receive().status, 100);
  client.Send(std::string(kLong, 'x'));
  EXPECT_EQ(client.Receive().status, 200);
  client.Close();
  AwaitUnused();
}

TEST_F(ServerBodiesTest, RefusesABodyThatCanNeverFit) {
  SetMemory(kLong);
  StartServer();
  RawClient client(port());
  client.Send(Post(kLong));
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(ServerBodiesTest, RefusesAnAnswerThatFindsNoRoom) {
  SetMemory(4 * kLong);
  StartServer();
  RawClient client(port());
  const std::string get = "GET /size/" + std::to_string(2 * kLong) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(client.Exchange(get).status, 200);
  AwaitUnused();
  MemoryCharge others(memory_);
  others.Hold(2 * kLong);
  EXPECT_EQ(client.Exchange(get).status, 503);
}

TEST_F(ServerBodiesTest, CutsOffAClientThatTakesItsAnswerTooSlowly) {
  SetMemory(64 * kLong);
  StartWithLeastRate(MiB(100), milliseconds(100));
  RawClient client(port(), 4096);
  client.Send("GET /size/30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(AwaitObserved(0), "GET /size/30000000");
  EXPECT_EQ(server_->stats().slow_answers, 1u);
  AwaitUnused();
}

TEST_F(ServerBodiesTest, CutsOffAClientThatSendsItsBodyTooSlowly) {
  StartWithLeastRate(MiB(1), milliseconds(100));
  RawClient client(port());
  client.Send(Post(kLong));
  for (const Deadline limit = Deadline::After(kPatience); !limit.passed() && !client.HasInput() && client.Send("x");)
    PauseBetweenLooks();
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_EQ(server_->stats().slow_bodies, 1u);
}

TEST_F(ServerBodiesTest, HoldsNoSmallBodyToTheLeastRate) {
  StartWithLeastRate(MiB(100), milliseconds(20));
  RawClient client(port());
  client.Send(Post(100));
  for (int i = 0; i < 100; ++i) {
    client.Send("x");
    PauseBetweenLooks();
  }
  EXPECT_EQ(client.Receive().status, 200);
}

}  // namespace
}  // namespace pando::http
