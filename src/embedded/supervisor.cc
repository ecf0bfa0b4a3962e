#include "embedded/supervisor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "embedded/program.h"

namespace pando::embedded {
namespace {

constexpr milliseconds kImmediateStop{5000};

// Starts a thread on which no signal is handled: they are for the threads that expect them.
template <class Function>
std::thread StartQuietThread(Function function) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(function));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::Start(const std::vector<std::string>& arguments, const Account& account,
                                                      const FileDescriptor& log, Listener listener) {
  PANDO_TRY(Pipe orders, Pipe::Open());
  PANDO_TRY(Pipe reports, Pipe::Open());
  const std::vector<std::string> environment = ProgramEnvironment(account);
  const std::vector<char*> argument_pointers = PointersTo(arguments);
  const std::vector<char*> environment_pointers = PointersTo(environment);
  SupervisorContext context{};
  context.account = &account;
  context.arguments = argument_pointers.data();
  context.environment = environment_pointers.data();
  context.orders = orders.read_end.get();
  context.reports = reports.write_end.get();
  context.log = log.get();
  const pid_t process = fork();
  if (process < 0) {
    return Error(ErrorId::kEmbeddedStart, std::string("cannot start a process: ") + std::strerror(errno));
  }
  if (process == 0) RunSupervisor(context);
  return std::unique_ptr<Supervisor>(
      new Supervisor(process, std::move(orders.write_end), std::move(reports.read_end), std::move(listener)));
}

Supervisor::Supervisor(pid_t process, FileDescriptor orders, FileDescriptor reports, Listener listener)
    : process_(process), orders_(std::move(orders)), reports_(std::move(reports)), listener_(std::move(listener)) {
  thread_ = StartQuietThread([this] { Listen(); });
}

Supervisor::~Supervisor() {
  Stop(milliseconds(0));
  thread_.join();
}

void Supervisor::Listen() {
  Report report{};
  for (;;) {
    const ssize_t count = read(reports_.get(), &report, sizeof report);
    if (count < 0 && errno == EINTR) continue;
    if (count != sizeof report) break;
    {
      const std::lock_guard lock(mutex_);
      if (report.kind == Report::Kind::kStarted) postmaster_pid_ = report.value;
      if (report.kind == Report::Kind::kExited) postmaster_pid_ = 0;
    }
    listener_(report);
  }
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  {
    const std::lock_guard lock(mutex_);
    postmaster_pid_ = 0;
    ended_ = true;
    changed_.notify_all();
  }
  listener_(Report{Report::Kind::kEnded, 0});
}

void Supervisor::Send(Order order) {
  // SIGPIPE is for this thread alone, and only if the supervisor is gone: then there is nothing to order.
  sigset_t pipe;
  sigset_t before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const char byte = static_cast<char>(order);
  if (write(orders_.get(), &byte, 1) < 0 && errno == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec now{};
    sigtimedwait(&pipe, nullptr, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Supervisor::KeepRunning() { Send(Order::kKeepRunning); }

bool Supervisor::AwaitEnd(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return ended_; });
}

void Supervisor::Stop(milliseconds grace) {
  if (ended()) return;
  Send(Order::kStopFast);
  if (AwaitEnd(grace)) return;
  Send(Order::kStopImmediate);
  if (AwaitEnd(kImmediateStop)) return;
  Send(Order::kStopKill);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
}

pid_t Supervisor::postmaster_pid() const {
  const std::lock_guard lock(mutex_);
  return postmaster_pid_;
}

bool Supervisor::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

}  // namespace pando::embedded
