#include "bench/generator.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
#include <string>
#include <thread>

#include "base/assert.h"

namespace pando::bench {
namespace {

using std::chrono::milliseconds;

// A server on a thread of its own that answers each read at once, or never.
class Double {
 public:
  explicit Double(std::string answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    PANDO_ASSERT(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    PANDO_ASSERT(listen(listener_, 100) == 0);
    PANDO_ASSERT(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    PANDO_ASSERT(pipe(stop_) == 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] { Serve(); });
  }
  ~Double() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
    close(listener_);
  }

  const std::string& url() const { return url_; }

 private:
  void Serve() {
    std::vector<pollfd> watched = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    while (poll(watched.data(), watched.size(), -1) >= 0 && watched[0].revents == 0) {
      if (watched[1].revents != 0) watched.push_back({accept(listener_, nullptr, nullptr), POLLIN, 0});
      for (size_t i = 2; i < watched.size(); ++i) {
        if (watched[i].revents != 0) Answer(watched[i]);
      }
    }
    for (size_t i = 2; i < watched.size(); ++i) close(watched[i].fd);
  }

  void Answer(pollfd& connection) const {
    char space[4096];
    if (recv(connection.fd, space, sizeof space, 0) > 0) {
      send(connection.fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    } else {
      close(connection.fd);
      connection.fd = -1;  // which poll() leaves out
    }
  }

  const std::string answer_;
  const int listener_;
  int stop_[2] = {-1, -1};
  std::string url_;
  std::thread thread_;
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Phase MakePhase(double rate, milliseconds duration) {
  Phase phase;
  phase.rate = phase.rate_to = rate;
  phase.duration = duration;
  return phase;
}

std::vector<Tally> TalliesOf(const Double& server, const GeneratorOptions& options, const std::vector<Phase>& phases) {
  const Target target = MakeTarget(ParseUrl(server.url()).value(), true).value();
  RequestSpec get;
  get.path = "/";
  const Workload workload = Workload::Make({}, {get}, {}, "double").value();
  return Generator(target, workload, options).Run(phases, 1, {}).value();
}

GeneratorOptions Options(uint32_t connections, uint32_t threads) {
  GeneratorOptions options;
  options.connections = connections;
  options.threads = threads;
  options.arrivals = Arrivals::kConstant;
  return options;
}

TEST(GeneratorTest, EveryRequestIsAccountedForOnce) {
  const Double server(kOk);
  const std::vector<Tally> tallies =
      TalliesOf(server, Options(8, 2), {MakePhase(500, milliseconds(400)), MakePhase(1000, milliseconds(300))});
  ASSERT_EQ(tallies.size(), 2u);
  EXPECT_EQ(tallies[0].due, 200u);
  EXPECT_EQ(tallies[1].due, 300u);
  for (const Tally& tally : tallies) {
    EXPECT_EQ(tally.response.count() + tally.failed(), tally.due);
    EXPECT_EQ(tally.lag.count(), tally.due);
    uint64_t due = 0;
    for (const Slice& slice : tally.slices) due += slice.due;
    EXPECT_EQ(due, tally.due);
  }
}

TEST(GeneratorTest, TheTimesOfTheRequestsAddUpInEveryAccount) {
  const Double server(kOk);
  // A pause at the end, so that all that was due in the first phase is over in the second.
  const std::vector<Tally> tallies =
      TalliesOf(server, Options(4, 1), {MakePhase(2000, milliseconds(400)), MakePhase(0, milliseconds(500))});
  double in_system_ns = 0, in_flight_ns = 0, service_ns = 0;
  for (const Tally& tally : tallies) {
    for (const Slice& slice : tally.slices) in_system_ns += slice.in_system_ns;
    in_flight_ns += tally.in_flight_ns;
    service_ns += tally.service_ns;
  }
  const Tally& first = tallies[0];
  const double response_ns = first.response.mean_ns() * static_cast<double>(first.response.count());
  EXPECT_NEAR(in_system_ns, response_ns, response_ns * 0.01);
  EXPECT_NEAR(in_flight_ns, service_ns, service_ns * 0.01);
}

TEST(GeneratorTest, WhatAServerNeverAnswersHasFailed) {
  const Double server("");
  // One for each request, and time to send it.
  GeneratorOptions options = Options(20, 1);
  options.timeout = milliseconds(500);
  const std::vector<Tally> tallies = TalliesOf(server, options, {MakePhase(100, milliseconds(200))});
  EXPECT_EQ(tallies[0].due, 20u);
  EXPECT_EQ(tallies[0].failures[static_cast<size_t>(Failure::kTimeout)], 20u);
}

TEST(GeneratorTest, AnAbandonedBacklogDoesNotReachTheNextPhase) {
  const Double server("");
  GeneratorOptions options = Options(1, 1);
  options.timeout = milliseconds(400);
  Phase overload = MakePhase(100, milliseconds(300));
  overload.abandons_backlog = true;
  const std::vector<Tally> tallies = TalliesOf(server, options, {overload, MakePhase(5, milliseconds(200))});
  EXPECT_EQ(tallies[0].failures[static_cast<size_t>(Failure::kUnsent)], 29u);
  EXPECT_EQ(tallies[1].failures[static_cast<size_t>(Failure::kTimeout)], 1u);
}

TEST(GeneratorTest, AnAnswerThatGoesOnBeyondItsEndCostsTheConnectionOnly) {
  const Double server(std::string(kOk) + "HTTP/1.1 200 OK\r\n");
  const std::vector<Tally> tallies = TalliesOf(server, Options(2, 1), {MakePhase(100, milliseconds(300))});
  EXPECT_EQ(tallies[0].response.count(), 30u);
}

}  // namespace
}  // namespace pando::bench
