#include "embedded/supervisor_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "embedded/file_descriptor.h"

namespace pando::embedded {
namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kFastStopMs = 10'000;  // for the checkpoint, when nobody is there to say otherwise
constexpr int64_t kImmediateStopMs = 5'000;
constexpr int64_t kSettledMs = 10'000;  // a postmaster that lived so long did not fail to start
constexpr int64_t kBackoffFirstMs = 100;
constexpr int64_t kBackoffMaxMs = 5'000;
constexpr int kFailuresMax = 8;

// Where the descriptors are put, so that all others can be closed.
constexpr int kOrders = 3;
constexpr int kReports = 4;
constexpr int kLog = 5;

int64_t NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

class Supervisor {
 public:
  explicit Supervisor(const SupervisorContext& context) : context_(context) {}

  [[noreturn]] void Run() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    child_ended_ = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (child_ended_ < 0) _exit(1);
    StartPostmaster();
    for (;;) {
      Wait();
      ReapChildren();
      ActOnTime();
    }
  }

 private:
  void StartPostmaster() {
    const pid_t supervisor = getpid();
    restart_at_ms_ = kNever;
    started_at_ms_ = NowMs();
    postmaster_ = fork();
    if (postmaster_ < 0) _exit(1);
    if (postmaster_ == 0) {
      ResetSignals();
      prctl(PR_SET_PDEATHSIG, SIGQUIT);
      if (getppid() != supervisor) _exit(1);  // it died before the line above
      dup2(kLog, STDOUT_FILENO);
      dup2(kLog, STDERR_FILENO);
      CloseFrom(STDERR_FILENO + 1);
      execve(context_.arguments[0], context_.arguments, context_.environment);
      _exit(127);
    }
    Send(Report::Kind::kStarted, postmaster_);
  }

  void Wait() {
    pollfd entries[] = {{child_ended_, POLLIN, 0}, {orders_gone_ ? -1 : kOrders, POLLIN, 0}};
    const int64_t next_ms = std::min(escalate_at_ms_, restart_at_ms_);
    const int64_t left_ms = next_ms == kNever ? -1 : std::clamp<int64_t>(next_ms - NowMs(), 0, INT_MAX);
    if (poll(entries, 2, static_cast<int>(left_ms)) <= 0) return;
    signalfd_siginfo info;
    while (read(child_ended_, &info, sizeof info) > 0) {
    }
    if (entries[1].revents != 0) ReadOrders();
  }

  void ReadOrders() {
    char orders[16];
    const ssize_t count = read(kOrders, orders, sizeof orders);
    if (count < 0) return;
    if (count == 0) {  // Pando is gone
      orders_gone_ = true;
      if (!stopping_) Stop(SIGINT);
      escalate_at_ms_ = NowMs() + kFastStopMs;
    }
    for (ssize_t i = 0; i < count; ++i) Obey(static_cast<Order>(orders[i]));
  }

  void Obey(Order order) {
    switch (order) {
      case Order::kKeepRunning:
        keep_running_ = true;
        break;
      case Order::kStopFast:
        Stop(SIGINT);
        break;
      case Order::kStopImmediate:
        Stop(SIGQUIT);
        break;
      case Order::kStopKill:
        Stop(SIGKILL);
        break;
    }
  }

  void Stop(int signal) {
    stopping_ = true;
    last_signal_ = signal;
    if (postmaster_ == 0) _exit(0);  // it was waiting to be started again
    kill(postmaster_, signal);
  }

  void ReapChildren() {
    int status = 0;
    for (;;) {
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (pid == postmaster_) PostmasterEnded(status);
    }
  }

  void PostmasterEnded(int status) {
    Send(Report::Kind::kExited, status);
    postmaster_ = 0;
    if (stopping_ || !keep_running_) _exit(0);
    failures_ = NowMs() - started_at_ms_ < kSettledMs ? failures_ + 1 : 1;
    if (failures_ > kFailuresMax) _exit(1);
    restart_at_ms_ = NowMs() + std::min(kBackoffFirstMs << (failures_ - 1), kBackoffMaxMs);
  }

  void ActOnTime() {
    const int64_t now_ms = NowMs();
    if (now_ms >= restart_at_ms_) StartPostmaster();
    if (now_ms < escalate_at_ms_) return;
    const bool was_fast = last_signal_ == SIGINT;
    Stop(was_fast ? SIGQUIT : SIGKILL);
    escalate_at_ms_ = was_fast ? now_ms + kImmediateStopMs : kNever;
  }

  static void Send(Report::Kind kind, int32_t value) {
    const Report report{kind, value};
    // Shorter than PIPE_BUF: whole or not at all. Without a reader nobody needs it.
    (void)!write(kReports, &report, sizeof report);
  }

  const SupervisorContext& context_;
  int child_ended_ = -1;
  pid_t postmaster_ = 0;
  bool orders_gone_ = false;
  bool keep_running_ = false;
  bool stopping_ = false;
  int last_signal_ = 0;
  int failures_ = 0;
  int64_t started_at_ms_ = 0;
  int64_t escalate_at_ms_ = kNever;
  int64_t restart_at_ms_ = kNever;
};

// Moves `from` to `to`; both may be taken, so all go out of the way first.
bool Arrange(const SupervisorContext& context) {
  constexpr int kAside = 64;
  const int orders = fcntl(context.orders, F_DUPFD, kAside);
  const int reports = fcntl(context.reports, F_DUPFD, kAside);
  const int log = fcntl(context.log, F_DUPFD, kAside);
  const int null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, kAside);
  return orders >= 0 && reports >= 0 && log >= 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
         dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 && dup2(orders, kOrders) >= 0 &&
         dup2(reports, kReports) >= 0 && dup2(log, kLog) >= 0;
}

}  // namespace

void RunSupervisor(const SupervisorContext& context) {
  // Everything else that Pando had open goes first, above all the lock of the data folder.
  if (!Arrange(context)) _exit(1);
  CloseFrom(kLog + 1);
  // A terminal's ^C is for Pando, which then stops in order.
  setsid();
  if (!BecomeAccount(*context.account) || chdir("/") != 0) _exit(1);
  prctl(PR_SET_NAME, "pando-postgres");
  Supervisor(context).Run();
}

}  // namespace pando::embedded
