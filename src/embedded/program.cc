#include "embedded/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "embedded/file_descriptor.h"

namespace pando::embedded {
namespace {

constexpr size_t kOutputBytesMax = 64 << 10;
constexpr milliseconds kStopInterval{20};

[[noreturn]] void Execute(char* const* arguments, char* const* environment, const Account& account, int output) {
  const int null = open("/dev/null", O_RDONLY);
  ResetSignals();
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
      !BecomeAccount(account) || chdir("/") != 0) {
    _exit(127);
  }
  CloseFrom(STDERR_FILENO + 1);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

// Reads until every writer is gone. False when the deadline passed first, or `stop` asked.
bool ReadAll(int from, std::string& output, Deadline deadline, const StopCheck& stop) {
  char buffer[4096];
  for (;;) {
    if (!WaitReadable(from, deadline.Min(Deadline::After(kStopInterval)))) {
      if (deadline.passed() || IsAsked(stop)) return false;
      continue;
    }
    const ssize_t count = read(from, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    output.append(buffer, static_cast<size_t>(count));
    if (output.size() > kOutputBytesMax) output.erase(0, output.size() - kOutputBytesMax);
  }
}

}  // namespace

std::vector<std::string> ProgramEnvironment(const Account& account) {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
          "HOME=" + account.home.string()};
}

Result<ProgramResult> RunProgram(const std::vector<std::string>& arguments, const Account& account, Deadline deadline,
                                 const StopCheck& stop) {
  PANDO_TRY(Pipe pipe, Pipe::Open());
  const std::vector<std::string> environment = ProgramEnvironment(account);
  std::vector<char*> argument_pointers = PointersTo(arguments);
  std::vector<char*> environment_pointers = PointersTo(environment);
  const pid_t child = fork();
  if (child < 0) return Error(ErrorId::kEmbeddedStart, std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) Execute(argument_pointers.data(), environment_pointers.data(), account, pipe.write_end.get());
  pipe.write_end.Close();

  ProgramResult result;
  const bool in_time = ReadAll(pipe.read_end.get(), result.output, deadline, stop);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return Error(ErrorId::kEmbeddedStart, arguments[0] + " did not end in time");
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (result.exit_code == 127 && result.output.empty()) {
    return Error(ErrorId::kEmbeddedStart, "cannot run " + arguments[0] + " as \"" + account.name + "\"");
  }
  return result;
}

}  // namespace pando::embedded
