#include "embedded/cluster.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "embedded/account.h"
#include "embedded/bootstrap.h"
#include "embedded/data_folder.h"
#include "embedded/file.h"
#include "embedded/folder_lock.h"
#include "embedded/installation.h"
#include "embedded/previous_server.h"
#include "embedded/server_log.h"
#include "embedded/settings.h"
#include "embedded/socket_folder.h"
#include "embedded/supervisor.h"
#include "telemetry/log.h"

namespace pando::embedded {
namespace {

using telemetry::Level;

constexpr milliseconds kPollInterval{10};
constexpr milliseconds kPreviousServerTime{25'000};  // more than a supervisor needs for all its steps
constexpr milliseconds kLostServerTime{10'000};      // of a server whose supervisor was killed
constexpr int kPort = 5432;                          // part of the socket's name; there is no TCP

std::string PercentEncoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

std::filesystem::path ChooseDataFolder(const std::filesystem::path& wanted, const Account& account) {
  std::filesystem::path folder = wanted;
  if (folder.empty()) folder = account.switches ? kRootDataFolder : kDataFolder;
  folder = std::filesystem::absolute(folder).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

// What may never differ, whatever the configuration files say: a command line wins over all of them.
std::vector<std::string> PostmasterArguments(const Installation& installation, const std::filesystem::path& data_folder,
                                             const std::filesystem::path& socket_folder) {
  return {(installation.bin / "postgres").string(),
          "-D",
          data_folder.string(),
          "-k",
          socket_folder.string(),
          "-p",
          std::to_string(kPort),
          "-c",
          "listen_addresses=",
          "-c",
          "unix_socket_permissions=0700"};
}

Result<FileDescriptor> OpenStartLog(const std::filesystem::path& data_folder, const Account& account) {
  const std::filesystem::path path = data_folder / kStartLog;
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return FileError("write", path, errno);
  if (account.switches && fchown(file.get(), account.uid, account.gid) != 0) return FileError("write", path, errno);
  return file;
}

std::string DescribeStatus(int status) {
  if (WIFEXITED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status));
  return "was killed by signal " + std::to_string(WTERMSIG(status));
}

// Ends a server whose supervisor was killed. The kernel has told it to go; one that does not is killed.
Result<void> EndLostServer(const std::filesystem::path& data_folder) {
  const Result<void> gone = AwaitPreviousServer(data_folder, Deadline::After(kLostServerTime));
  if (gone) return gone;
  const pid_t postmaster = ReadPostmasterFile(data_folder).pid;
  if (postmaster > 0) kill(postmaster, SIGKILL);
  return AwaitPreviousServer(data_folder, Deadline::After(kLostServerTime));
}

Error NotStarted(const std::filesystem::path& data_folder, std::string what, const LogEnds& before) {
  Error error = Error(ErrorId::kEmbeddedStart, "the embedded PostgreSQL on " + data_folder.string() + " " + what);
  const std::string reason = FindReason(data_folder, before);
  if (!reason.empty()) error = error.WithDetail(reason);
  return SaysDiskFull(reason) ? error.WithHint("make room on that disk") : error;
}

}  // namespace

struct Cluster::State {
  std::filesystem::path data_folder;
  std::filesystem::path socket_folder;
  Account account;
  Installation installation;
  std::optional<FolderLock> lock;
  milliseconds stop_grace{0};
  std::function<void(const ClusterEvent&)> on_event;
  StopCheck stop;
  std::atomic<bool> ready{false};  // events before are Start()'s own matter
  std::atomic<bool> stopping{false};
  std::atomic<bool> lost{false};
  std::unique_ptr<Supervisor> supervisor;  // last: its thread uses the others

  Result<void> Prepare(const ClusterOptions& options, Deadline deadline);
  Result<void> Run(Deadline deadline);
  Result<void> Launch(Deadline deadline);
  void Hear(const Report& report);
  void Emit(ClusterEvent::Kind kind, std::string description);
};

Result<void> Cluster::State::Prepare(const ClusterOptions& options, Deadline deadline) {
  PANDO_TRY(account, ResolveAccount(options.options.account));
  data_folder = ChooseDataFolder(options.data_folder, account);
  on_event = options.on_event;
  stop = options.stop;
  stop_grace = options.options.stop_grace;
  PANDO_CHECK(PrepareDataFolder(data_folder, account));
  PANDO_TRY(FolderLock acquired, FolderLock::Acquire(data_folder));
  lock.emplace(std::move(acquired));
  PANDO_TRY(installation, ChooseInstallation(data_folder, options.options.bin_folder, account));
  PANDO_TRY(const std::optional<int> version, ReadDataVersion(data_folder));
  if (!version) {
    telemetry::Log(Level::kInfo, "embedded.initialise",
                   "creating the data folder of the embedded PostgreSQL, as none is there",
                   {{"folder", data_folder.native()}, {"major", int64_t{installation.major}}});
    PANDO_CHECK(InitialiseDataFolder(data_folder, installation, account, deadline, stop));
  }
  PANDO_CHECK(AwaitPreviousServer(data_folder, Deadline::After(kPreviousServerTime), stop));
  socket_folder = options.options.socket_folder.empty()
                      ? DefaultSocketFolder(data_folder, account)
                      : std::filesystem::absolute(options.options.socket_folder).lexically_normal();
  PANDO_CHECK(PrepareSocketFolder(socket_folder, account));
  RemoveStaleSocket(socket_folder, data_folder);
  return WriteFile(data_folder / "pando.conf", ServerSettings(MeasureMachine()), 0600, account);
}

// Starts the postmaster and waits until it accepts connections.
Result<void> Cluster::State::Launch(Deadline deadline) {
  const LogEnds before = MarkLogEnds(data_folder);
  PANDO_TRY(const FileDescriptor log, OpenStartLog(data_folder, account));
  PANDO_TRY(supervisor, Supervisor::Start(PostmasterArguments(installation, data_folder, socket_folder), account, log,
                                          [this](const Report& report) { Hear(report); }));
  for (;;) {
    const PostmasterFile file = ReadPostmasterFile(data_folder);
    if (file.status == "ready" && file.pid == supervisor->postmaster_pid()) return {};
    if (supervisor->ended()) return NotStarted(data_folder, "did not start", before);
    if (deadline.passed()) return NotStarted(data_folder, "was not ready in time", before);
    if (IsAsked(stop)) return NotStarted(data_folder, "was stopped before it was ready", before);
    std::this_thread::sleep_for(kPollInterval);
  }
}

Result<void> Cluster::State::Run(Deadline deadline) {
  for (;;) {
    const Result<void> launched = Launch(deadline);
    if (launched) return {};
    supervisor.reset();
    // Backends that outlived a killed postmaster still hold its shared memory; they notice and go by themselves.
    const std::string detail = launched.error().detail().value_or("");
    const bool may_pass = detail.find("shared memory block") != std::string::npos;
    if (!may_pass || deadline.passed() || IsAsked(stop)) return launched.error();
    std::this_thread::sleep_for(kPollInterval * 10);
  }
}

void Cluster::State::Hear(const Report& report) {
  if (!ready || stopping) return;
  switch (report.kind) {
    case Report::Kind::kExited:
      Emit(ClusterEvent::Kind::kExited, DescribeStatus(report.value));
      break;
    case Report::Kind::kStarted:
      Emit(ClusterEvent::Kind::kRestarted, "was started again as process " + std::to_string(report.value));
      break;
    case Report::Kind::kEnded:
      lost = true;
      Emit(ClusterEvent::Kind::kLost, "is gone: its supervisor has ended");
      break;
  }
}

void Cluster::State::Emit(ClusterEvent::Kind kind, std::string description) {
  if (on_event) on_event(ClusterEvent{kind, std::move(description)});
}

Result<std::unique_ptr<Cluster>> Cluster::Start(ClusterOptions options) {
  const Deadline deadline = Deadline::After(options.options.start_timeout);
  std::unique_ptr<Cluster> cluster(new Cluster(std::make_unique<State>()));
  PANDO_CHECK(cluster->state_->Prepare(options, deadline));
  PANDO_CHECK(cluster->state_->Run(deadline));
  BootstrapTarget target;
  target.database_uri = cluster->uri(kSuperuser);
  target.maintenance_uri = cluster->uri(kSuperuser, "postgres");
  Result<void> bootstrapped = BootstrapBlocking(target, deadline);
  if (!bootstrapped) {
    return Error(ErrorId::kEmbeddedStart, "the embedded PostgreSQL could not be set up")
        .WithDetail(bootstrapped.error().ToString());
  }
  cluster->state_->ready = true;
  cluster->state_->supervisor->KeepRunning();
  return cluster;
}

Cluster::Cluster(std::unique_ptr<State> state) : state_(std::move(state)) {}

Cluster::~Cluster() { Stop(state_->stop_grace); }

void Cluster::Stop(milliseconds grace) {
  state_->stopping = true;
  if (!state_->supervisor) return;
  state_->supervisor->Stop(grace);
  if (!state_->lost) return;
  const Result<void> gone = EndLostServer(state_->data_folder);
  if (!gone)
    telemetry::Log(Level::kError, "embedded.left_behind",
                   "Pando could not stop what is left of the embedded PostgreSQL: " + gone.error().ToString());
}

bool Cluster::running() const {
  return state_->supervisor && !state_->stopping && !state_->lost && !state_->supervisor->ended();
}

pid_t Cluster::pid() const { return state_->supervisor ? state_->supervisor->postmaster_pid() : 0; }

std::string Cluster::uri(std::string_view role, std::string_view database) const {
  return "postgresql:///" + PercentEncoded(database) + "?host=" + PercentEncoded(state_->socket_folder.string()) +
         "&port=" + std::to_string(kPort) + "&user=" + PercentEncoded(role);
}

const std::filesystem::path& Cluster::data_folder() const { return state_->data_folder; }
const std::filesystem::path& Cluster::socket_folder() const { return state_->socket_folder; }
int Cluster::server_major() const { return state_->installation.major; }

}  // namespace pando::embedded
