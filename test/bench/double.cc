// A server whose answers come when they should: the double that the load generator is measured against. HTTP/1.1 with
// keep-alive, one thread, any request, always 200 and the same body.
//
//   double PORT                          answers at once
//   double PORT queue MEAN_MS            one after the other, each taking an exponentially distributed time of that
//   mean:
//                                        with Poisson arrivals the M/M/1 queue of the textbooks
//   double PORT MEAN_MS                  after 20 ms and an exponentially distributed time of that mean
//   double PORT MEAN_MS STALL_S EVERY_S  and stands still for STALL_S in every EVERY_S, first after half of that;
//                                        what would be due meanwhile goes out at its end
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <random>
#include <string_view>
#include <vector>

#include "loopback.h"

namespace {

constexpr double kDelayMinMs = 20;
constexpr int kEventsMax = 256;
constexpr char kAnswer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 88\r\n\r\n"
    "[{\"id\":12345,\"name\":\"item 12345\",\"price\":123.45,\"made_at\":\"2026-01-09T13:45:00+00:00\"}] ";

int64_t NowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

struct Due {
  int64_t at_ns;
  int64_t came_ns;  // of those due at once, after a stall, who came first is answered first
  int descriptor;
  uint64_t generation;  // of the descriptor, which may be another connection's by then
  bool operator>(const Due& other) const {
    return at_ns != other.at_ns ? at_ns > other.at_ns : came_ns > other.came_ns;
  }
};

class Double {
 public:
  Double(bool is_queue, double mean_ms, double stall_s, double every_s)
      : is_queue_(is_queue),
        mean_ms_(mean_ms),
        stall_ns_(std::llround(stall_s * 1e9)),
        every_ns_(std::llround(every_s * 1e9)) {}

  void Serve(uint16_t port) {
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    listener_ = ListenOnLoopback(port);
    epoll_ = epoll_create1(0);
    Watch(listener_);
    std::vector<epoll_event> events(kEventsMax);
    while (true) {
      const int64_t wait_ns = due_.empty() ? 1'000'000'000 : std::max<int64_t>(due_.top().at_ns - NowNs(), 0);
      const timespec timeout{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
      const int count = epoll_pwait2(epoll_, events.data(), kEventsMax, &timeout, nullptr);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<size_t>(i)].data.fd;
        descriptor == listener_ ? Accept() : Read(descriptor);
      }
      for (const int64_t now_ns = NowNs(); !due_.empty() && due_.top().at_ns <= now_ns; due_.pop()) {
        if (generations_[static_cast<size_t>(due_.top().descriptor)] == due_.top().generation)
          Answer(due_.top().descriptor);
      }
    }
  }

 private:
  void Watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN | (descriptor == listener_ ? 0u : static_cast<uint32_t>(EPOLLET));
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() {
    int descriptor = 0;
    while ((descriptor = AcceptNext(listener_)) >= 0) {
      if (generations_.size() <= static_cast<size_t>(descriptor))
        generations_.resize(static_cast<size_t>(descriptor) + 1);
      ++generations_[static_cast<size_t>(descriptor)];
      Watch(descriptor);
    }
  }

  // Requests without a body that arrive whole; what a generator on the same machine sends is.
  void Read(int descriptor) {
    char space[16384];
    const ssize_t bytes = recv(descriptor, space, sizeof space, 0);
    if (bytes < 0) return;
    if (bytes == 0) {
      ++generations_[static_cast<size_t>(descriptor)];
      close(descriptor);
      return;
    }
    const std::string_view text(space, static_cast<size_t>(bytes));
    if (!text.ends_with("\r\n\r\n")) return;
    if (mean_ms_ < 0) return Answer(descriptor);
    const int64_t came_ns = NowNs();
    const int64_t at_ns = is_queue_ ? Queue(came_ns) : AfterStall(came_ns + Spread(kDelayMinMs));
    due_.push({at_ns, came_ns, descriptor, generations_[static_cast<size_t>(descriptor)]});
  }

  // A time of at least `least_ms`, and beyond that exponentially distributed, in ns.
  int64_t Spread(double least_ms) {
    std::exponential_distribution<double> spread(1);
    return std::llround((least_ms + mean_ms_ * spread(random_)) * 1e6);
  }

  // When the one server of the queue is done with what came now.
  int64_t Queue(int64_t came_ns) { return free_ns_ = std::max(free_ns_, came_ns) + Spread(0); }

  int64_t AfterStall(int64_t at_ns) const {
    if (stall_ns_ == 0) return at_ns;
    const int64_t since_ns = at_ns - begin_ns_ - every_ns_ / 2;
    if (since_ns < 0 || since_ns % every_ns_ >= stall_ns_) return at_ns;
    return at_ns - since_ns % every_ns_ + stall_ns_;
  }

  static void Answer(int descriptor) { send(descriptor, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL); }

  const bool is_queue_;
  const double mean_ms_;
  const int64_t stall_ns_, every_ns_;
  const int64_t begin_ns_ = NowNs();
  int64_t free_ns_ = 0;  // when the queue is empty
  int listener_ = -1;
  int epoll_ = -1;
  std::vector<uint64_t> generations_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::mt19937_64 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool is_queue = argc > 3 && std::string_view(argv[2]) == "queue";
  const auto number = [&](int i, double otherwise) { return argc > i ? std::atof(argv[i]) : otherwise; };
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  is_queue ? Double(true, number(3, 1), 0, 1).Serve(port)
           : Double(false, number(2, -1), number(3, 0), number(4, 1)).Serve(port);
}
